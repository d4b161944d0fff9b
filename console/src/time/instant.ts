/** Times as text. An event time has up to nine decimals, so its fraction is kept as text and never put through a `Date`. */

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** How times are shown. */
export type Zone = "utc" | "local";

/** `2025-12-28 23:59:59.000`, with milliseconds at least and all decimals that there are. */
export function instant(text: string, zone: Zone): string {
  const parts = /^(.{10})T(.{8})(?:\.(\d+))?Z$/.exec(text);
  if (parts === null) return text;
  const [, date = "", time = "", fraction = ""] = parts;
  const shown = zone === "utc" ? `${date} ${time}` : local(`${date}T${time}Z`);
  return `${shown}.${fraction.padEnd(3, "0")}`;
}

function local(text: string): string {
  const date = new Date(text);
  const two = (value: number) => String(value).padStart(2, "0");
  return `${String(date.getFullYear()).padStart(4, "0")}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** An ISO text in UTC, without decimals where there are none. */
export function iso(time: number): string {
  return new Date(time).toISOString().replace(".000Z", "Z");
}

/** `2025-12-28` of a time. */
export function dateOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}

/** How long, in the unit that fits, such as `0.4 s`, `3 min` or `20.3 h`. */
export function duration(milliseconds: number): string {
  const size = Math.abs(milliseconds);
  const sign = milliseconds < 0 ? "−" : "";
  const of = (unit: number, name: string) => {
    const value = size / unit;
    return `${sign}${value < 9.95 ? value.toFixed(1).replace(/\.0$/, "") : Math.round(value).toLocaleString("en")} ${name}`;
  };
  if (size < SECOND) return `${sign}${size} ms`;
  if (size < 1.5 * MINUTE) return of(SECOND, "s");
  if (size < 1.5 * HOUR) return of(MINUTE, "min");
  if (size < 2 * DAY) return of(HOUR, "h");
  return of(DAY, "d");
}

/** `3 min ago`, or `in 3 min`. */
export function relative(text: string, now: number): string {
  const passed = now - Date.parse(text);
  if (Math.abs(passed) < SECOND) return "now";
  return passed > 0 ? `${duration(passed)} ago` : `in ${duration(-passed)}`;
}
