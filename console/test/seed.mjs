// Data as pipelines have it: two steady weeks, a day that is missing and came late in one batch, duplicates, a clock that
// is ahead, and strings that would hurt a page that took them for markup. All times are fixed, so every run is the same.

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** The first day and the number of days. */
export const FIRST = Date.parse("2025-12-20T00:00:00Z");
export const DAYS = 14;
/** The day on which nothing happened, as far as the server knows. */
export const MISSING = "2025-12-28";
/** The device that was offline for hours, and sent all at once. */
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

/** The events, as text. */
export function seeded() {
  const next = random(20251228);
  const events = [];
  const add = (source, event_type, entity_id, time, payload) =>
    events.push(JSON.stringify({ source, event_type, entity_id, event_time: new Date(time).toISOString(), payload: "PAYLOAD" }).replace('"PAYLOAD"', payload));
  for (let day = 0; day < DAYS; day++) {
    const start = FIRST + day * DAY;
    if (new Date(start).toISOString().startsWith(MISSING)) continue;
    for (const [hour, busy] of SHAPE.entries()) {
      const weekend = [0, 6].includes(new Date(start).getUTCDay()) ? 0.5 : 1;
      for (let index = 0; index < Math.round(busy * weekend * (0.85 + 0.3 * next())); index++) {
        const time = start + hour * HOUR + Math.floor(next() * HOUR);
        const device = `device-${String(Math.floor(next() * 40)).padStart(3, "0")}`;
        add("app", "heartbeat", device, time, `{"steps":${Math.floor(next() * 400)},"battery":${(next() * 100).toFixed(2)},"order":115292150460684697${Math.floor(next() * 10)}}`);
        if (next() < 0.12) add("shop", "order placed", `customer-${Math.floor(next() * 500)}`, time + 1_000, `{"total":${(next() * 90).toFixed(2)},"currency":"EUR","lines":[{"sku":"A-${index}","count":1}]}`);
      }
    }
  }
  for (let minute = 0; minute < 200; minute++) add("app", "heartbeat", OFFLINE, FIRST + 3 * DAY + minute * 150_000, `{"steps":${minute}}`);
  for (const [index, text] of HOSTILE.entries()) add(`hostile ${text}`.slice(0, 60), text.slice(0, 60), text, FIRST + 9 * DAY + index * 1_000, JSON.stringify({ text, [text]: 1, number: "9007199254740993" }));
  add("hostile", "large", "a megabyte", FIRST + 9 * DAY, JSON.stringify("long ".repeat(200_000)));
  add("hostile", "deep", "128 levels", FIRST + 9 * DAY, `${"[".repeat(128)}12345678901234567890.10${"]".repeat(128)}`);
  // A clock that is years ahead.
  for (let index = 0; index < 3; index++) add("app", "login", "device-003", Date.parse("2199-01-01T00:00:00Z") + index * HOUR, `{"ok":true}`);
  return events;
}

/** Sends events in batches, a tenth of the heartbeats twice. */
export async function seed(url, events = seeded()) {
  const again = events.filter((text, index) => index % 10 === 0 && text.length < 1_000);
  for (const part of [events, again]) {
    for (let start = 0; start < part.length; start += 2_000) {
      const body = part.slice(start, start + 2_000).join("\n");
      const response = await fetch(`${url}/ingest/batch`, { method: "POST", headers: { "content-type": "application/x-ndjson" }, body });
      const { rejected, failed } = await response.json();
      if (!response.ok || rejected > 0 || failed > 0) throw new Error(`the seed was not taken: ${response.status}, ${rejected} rejected, ${failed} failed`);
    }
  }
  // What is refused.
  const refused = [
    '{"source":"app","event_type":"heartbeat","entity_id":"device-001","event_time":"2025-12-28T23:59:59","payload":{"steps":10}}',
    '{"source":"app","event_type":"","entity_id":"device-001","event_time":"28.12.2025","payload":1}',
    '{"source":"shop","event_type":"order placed","entity_id":7,"event_time":"2025-12-28T23:59:59Z","payload":{"a":1,"a":2}}',
    '{"source":"app",',
  ];
  for (const body of refused) {
    for (let times = 0; times < 3; times++) await fetch(`${url}/ingest`, { method: "POST", headers: { "content-type": "application/json" }, body });
  }
  return events;
}
