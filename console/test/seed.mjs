// Data as pipelines have it: two weeks up to now that arrive within seconds, a day that is missing, a batch that came hours late, a
// device that was offline, a stream that fell silent, duplicates, clocks that are ahead, and strings that would hurt a page that took
// them for markup. The same in every run, but for the days' names.
import { spawn } from "node:child_process";
import { once } from "node:events";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const NOW = Date.now();
/** The number of days, and the first; the last is today. */
export const DAYS = 14;
export const FIRST = Math.floor(NOW / DAY) * DAY - (DAYS - 1) * DAY;
/** The name of a day. */
export const dayOf = (index) => new Date(FIRST + index * DAY).toISOString().slice(0, 10);
/** The day on which nothing happened, as far as the server knows. */
export const MISSING = dayOf(8);
/** The device that was offline for hours on the fourth day, and sent all at once. */
export const OFFLINE = "device-017";

/** Strings that a page must show and never run. */
export const HOSTILE = [
  '<img src=x onerror="window.hurt=1">',
  "</script><script>window.hurt=1</script>",
  "\u202Egnp.exe\u202C and \u2066isolated\u2069",
  "javascript:window.hurt=1",
];

/** A generator of numbers from a seed: the same on every machine. */
function random(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** How busy an hour of the day is. */
const SHAPE = [2, 1, 1, 1, 2, 4, 8, 14, 19, 22, 21, 20, 19, 20, 21, 19, 17, 16, 15, 12, 9, 7, 5, 3];

/** The events as text, with their times of arrival. */
function seeded() {
  const next = random(20251228);
  // Another one for lags, so that they change no event.
  const late = random(7);
  const seen = [];
  /** Within some seconds as a rule: half of them within a third of the scale, few within twice of it. */
  const soon = (scale) => Math.round(scale * (0.1 - Math.log(1 - 0.98 * late()) / 2));
  const add = (source, event_type, entity_id, time, payload, lag = soon(4 * SECOND)) => {
    const text = JSON.stringify({ source, event_type, entity_id, event_time: new Date(time).toISOString(), payload: "PAYLOAD" }).replace('"PAYLOAD"', () => payload);
    if (time + lag < NOW) seen.push({ arrived: time + lag, text });
  };
  const heartbeat = (device, time, lag) => add("app", "heartbeat", device, time, `{"steps":${Math.floor(next() * 400)},"battery":${(next() * 100).toFixed(2)},"order":115292150460684697${Math.floor(next() * 10)}}`, lag);
  const device = () => `device-${String(Math.floor(next() * 40)).padStart(3, "0")}`;
  for (let day = 0; day < DAYS; day++) {
    const start = FIRST + day * DAY;
    if (dayOf(day) === MISSING) continue;
    for (const [hour, busy] of SHAPE.entries()) {
      const weekend = day % 7 < 2 ? 0.5 : 1;
      // Three hours of one morning came in one batch behind it, and waited for each other.
      const batch = day === 5 && hour >= 9 && hour < 12 ? start + 14 * HOUR : undefined;
      for (let index = 0; index < Math.round(busy * weekend * (0.85 + 0.3 * next())); index++) {
        const time = start + hour * HOUR + Math.floor(next() * HOUR);
        heartbeat(device(), time, batch === undefined ? undefined : batch - time + index * 40);
        if (next() < 0.12) add("shop", "order placed", `customer-${Math.floor(next() * 500)}`, time + 1_000, `{"total":${(next() * 90).toFixed(2)},"currency":"EUR","lines":[{"sku":"A-${index}","count":1}]}`, soon(MINUTE));
      }
      if (day < 10) add("warehouse", "stock counted", `shelf-${hour}`, start + hour * HOUR, `{"pieces":${Math.floor(next() * 900)}}`, soon(20 * SECOND));
    }
  }
  // Until now, so that something is new.
  for (let ago = 9 * MINUTE; ago > 15 * SECOND; ago -= 11 * SECOND) heartbeat(device(), NOW - ago);
  for (let ago = 50 * MINUTE; ago > 2 * MINUTE; ago -= 7 * MINUTE) add("shop", "order placed", `customer-${ago % 500}`, NOW - ago, `{"total":12.50,"currency":"EUR","lines":[{"sku":"A-1","count":1}]}`, soon(MINUTE));
  const offline = FIRST + 3 * DAY;
  for (let minute = 0; minute < 200; minute++) add("app", "heartbeat", OFFLINE, offline + minute * 150_000, `{"steps":${minute}}`, 9 * HOUR - minute * 149_900);
  for (const [index, text] of HOSTILE.entries()) add(`hostile ${text}`.slice(0, 60), text.slice(0, 60), text, FIRST + 9 * DAY + index * 1_000, JSON.stringify({ text, [text]: 1, number: "9007199254740993" }));
  add("hostile", "large", "a megabyte", FIRST + 9 * DAY, JSON.stringify("long ".repeat(200_000)));
  add("hostile", "deep", "128 levels", FIRST + 9 * DAY, `${"[".repeat(128)}12345678901234567890.10${"]".repeat(128)}`);
  // A clock that is two minutes ahead, and one that is lost.
  for (let hour = 0; hour < 40; hour++) heartbeat("device-011", FIRST + 10 * DAY + hour * HOUR, -2 * MINUTE);
  for (let index = 0; index < 3; index++) {
    const time = Date.parse("2199-01-01T00:00:00Z") + index * HOUR;
    add("app", "login", "device-003", time, `{"ok":true}`, FIRST + 4 * DAY + index * MINUTE - time);
  }
  // A client that got no answer sends again, some seconds later.
  const again = seen.filter(({ text }, index) => index % 10 === 0 && text.length < 1_000).map(({ arrived, text }, index) => ({ arrived: arrived + (2 + index % 28) * SECOND, text }));
  return { events: seen.map(({ text }) => text), arrivals: [...seen, ...again.filter(({ arrived }) => arrived < NOW)].sort((a, b) => a.arrived - b.arrived) };
}

/** Stores the events with their times of arrival, and returns them as text. `arrived` is the program of stores/sqlite. */
export async function store(arrived, file) {
  const { events, arrivals } = seeded();
  const program = spawn(arrived, [file], { stdio: ["pipe", "inherit", "inherit"] });
  const ended = once(program, "close");
  program.stdin.end(arrivals.map(({ arrived, text }) => `${new Date(arrived).toISOString()} ${text}\n`).join(""));
  const [code] = await ended;
  if (code !== 0) throw new Error(`the seed was not taken: ${code}`);
  return events;
}

/** Sends what is refused. */
export async function refuse(url) {
  const refused = [
    '{"source":"app","event_type":"heartbeat","entity_id":"device-001","event_time":"2025-12-28T23:59:59","payload":{"steps":10}}',
    '{"source":"app","event_type":"","entity_id":"device-001","event_time":"28.12.2025","payload":1}',
    '{"source":"shop","event_type":"order placed","entity_id":7,"event_time":"2025-12-28T23:59:59Z","payload":{"a":1,"a":2}}',
    '{"source":"app",',
  ];
  for (const body of refused) {
    for (let times = 0; times < 3; times++) await fetch(`${url}/ingest`, { method: "POST", headers: { "content-type": "application/json" }, body });
  }
}
