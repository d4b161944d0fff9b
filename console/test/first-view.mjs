// node first-view.mjs URL CHROMIUM [RUNS]: how long a browser that was never there takes from the address to what it shows, as a
// table in Markdown. A part is there in the frame after its last element was drawn.
import { launch, open } from "./page.mjs";

const [url, chromium, runs = "20"] = process.argv.slice(2);
const browser = await launch(chromium);
const { streams } = await (await fetch(`${url}/streams?limit=1000`)).json();
const most = streams.reduce((one, other) => (other.accepted > one.accepted ? other : one));
const { source, event_type } = most;
const stream = new URLSearchParams({ source, event_type });
const day = most.last_event_time.slice(0, 10);
const VIEWS = [
  ["Streams, their names and counts", "#/streams", "tbody tr"],
  ["Streams, the last 24 hours of each too", "#/streams", "tbody tr", ".spark.waits"],
  ["a stream's two weeks", `#/stream?${stream}`, "table.heat a.cell"],
  ["a day's worst lag beside its charts", `#/stream?${stream}&day=${day}`, ".rows tbody tr"],
  ["Arrivals of an hour", "#/arrivals", ".rows tbody tr, .list .notice"],
  ["Worst lag", "#/lag", ".rows tbody tr"],
];

console.log(`${streams.length} streams, ${streams.reduce((sum, { accepted }) => sum + accepted, 0)} events; ${runs} runs each\n`);
console.log("| view | p50, ms | slowest, ms |\n|---|---|---|");
for (const [name, hash, there, waits = "no-such-element"] of VIEWS) {
  const times = [];
  for (let run = 0; run < Number(runs); run++) {
    const { page, faults, close } = await open(browser, url, {});
    await page.goto(`${url}/console/${hash}`, { waitUntil: "commit" });
    const time = await page.waitForFunction(([there, waits]) => document.querySelector(there) !== null && document.querySelector(waits) === null && performance.now(), [there, waits], { polling: "raf", timeout: 60_000 });
    times.push(await time.jsonValue());
    await page.goto("about:blank");
    if (faults.length > 0) throw new Error(faults.join("; "));
    await close();
  }
  times.sort((a, b) => a - b);
  console.log(`| ${name} | ${Math.round(times[times.length >> 1])} | ${Math.round(times.at(-1))} |`);
}
await browser.close();
