// node bench.mjs CHROMIUM: what the npm package costs, beside an id in plain JavaScript (npm `canonicalize` and node:crypto), in
// one run. Prints Markdown.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { plainId } from "./bench-plain.mjs";
import { inChromium } from "./chromium.mjs";
import { serve } from "./static-server.mjs";
import { eventId, preview, validate } from "../../pkg/dist/index.js";

const ROUNDS = 31;
const ROUND_MS = 20;
const STARTS = 15;

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const [chromium] = process.argv.slice(2);
console.log(`Node.js ${process.versions.node}, ${cpus().length} × ${cpus()[0].model}. Medians.\n`);
calls();
console.log();
await starts();
console.log();
sizes();

function calls() {
  const head = { source: "web-shop", event_type: "cart_changed", entity_id: "user_8412349", event_time: "2025-12-28T23:59:59.123Z" };
  const item = (number) => ({ sku: `A-${number}`, name: `item ${number}`, price: number * 1.25, quantity: 2, tags: ["sale", "new"], gift: false });
  const withItems = (count) => ({ ...head, payload: { session: "c0ffee12-3456-789a", currency: "EUR", items: Array.from({ length: count }, (_, index) => item(index)) } });
  const grown = (bytes) => {
    let count = 0;
    while (JSON.stringify(withItems(count + 1)).length <= bytes) count++;
    const event = withItems(count);
    event.payload.note = "x".repeat(Math.max(0, bytes - JSON.stringify(event).length - ',"note":""'.length));
    return event;
  };
  console.log("| µs a call | 300 bytes | 100 KB |\n|---|---|---|");
  const columns = [300, 100_000].map((bytes) => {
    const event = grown(bytes);
    const text = JSON.stringify(event);
    if (eventId(event) !== plainId(event) || text.length !== bytes) throw new Error("the two ids, or the sizes, differ");
    return measured({
      "`eventId(text)`": () => eventId(text),
      "`eventId(object)`": () => eventId(event),
      "`preview(text)`": () => preview(text),
      "`validate(text)`": () => validate(text),
      "plain JavaScript, text": () => plainId(text),
      "plain JavaScript, object": () => plainId(event),
    });
  });
  for (const name of Object.keys(columns[0])) console.log(`| ${name} | ${columns.map((column) => short(column[name])).join(" | ")} |`);
}

/** The median time of each in microseconds; all take turns, so that a disturbed moment falls on all of them. */
function measured(candidates) {
  const times = Object.fromEntries(Object.keys(candidates).map((name) => [name, []]));
  for (let round = -3; round < ROUNDS; round++) {
    for (const [name, call] of Object.entries(candidates)) {
      let calls = 0;
      const start = performance.now();
      let elapsed = 0;
      for (; elapsed < ROUND_MS; elapsed = performance.now() - start) {
        call();
        calls++;
      }
      if (round >= 0) times[name].push((elapsed * 1000) / calls);
    }
  }
  return Object.fromEntries(Object.entries(times).map(([name, values]) => [name, median(values)]));
}

async function starts() {
  const pages = await serve({ "/page.html": here("bench-page.html"), "/pkg/dist/": here("../../pkg/dist"), "/pkg/wasm/": here("../../pkg/wasm") });
  const inPage = await inChromium(chromium, `${pages.origin}/page.html`, (page) =>
    page.evaluate((count) => window.ready(count), STARTS),
  ).finally(pages.close);
  console.log("| ms from import to the first id | |\n|---|---|");
  console.log(`| Node.js, \`import\` | ${short(started("../../pkg/dist/index.js", "eventId(text)"))} |`);
  console.log(`| Node.js, \`require\` | ${short(started("../../pkg/dist/index.cjs", "eventId(text)"))} |`);
  console.log(`| Node.js, plain JavaScript | ${short(started("./bench-plain.mjs", "plainId(text)"))} |`);
  console.log(`| Chromium ${inPage.version}, from a server on the same machine | ${short(median(inPage.value))} |`);
}

/** A fresh process each time. */
function started(module, call) {
  const script = `
    const text = '{"source":"demo","event_type":"heartbeat","entity_id":"user_123","event_time":"2025-12-28T23:59:59Z","payload":{"steps":10}}';
    const start = performance.now();
    const loaded = await import(${JSON.stringify(here(module))});
    const { eventId, plainId } = loaded.default ?? loaded;
    ${call};
    console.log(performance.now() - start);`;
  const once = () => Number(execFileSync(process.execPath, ["--input-type=module", "--eval", script], { encoding: "utf8" }));
  return median(Array.from({ length: STARTS }, once));
}

function sizes() {
  console.log("| bytes | raw | gzip | brotli |\n|---|---|---|---|");
  for (const path of ["wasm/pik_wasm_bg.wasm", "dist/streaming.js", "dist/index.js"]) {
    const bytes = readFileSync(here(`../../pkg/${path}`));
    const row = [bytes, gzipSync(bytes, { level: 9 }), brotliCompressSync(bytes)].map(({ length }) => length.toLocaleString("en"));
    console.log(`| \`${path}\` | ${row.join(" | ")} |`);
  }
}

function median(values) {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[sorted.length >> 1];
}

function short(value) {
  return value < 10 ? value.toFixed(1) : Math.round(value).toLocaleString("en");
}
