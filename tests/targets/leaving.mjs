// node leaving.mjs PIK CHROMIUM: what a page sends while it is left, in the ways that the package's README has, arrives.
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { inChromium } from "./chromium.mjs";
import { startPik } from "./pik-server.mjs";
import { serve } from "./static-server.mjs";

const TOKEN = "leaving";
const PAGES = 5;

const [pik, chromium] = process.argv.slice(2);
const here = (path) => fileURLToPath(new URL(path, import.meta.url));

// One server for pages on its own origin (behind a proxy), and one that lets a foreign page in.
const own = await startPik(pik, []);
const pages = await serve({ "/leaving.html": here("leaving.html"), "/pkg/dist/": here("../../pkg/dist") }, own.url);
const foreign = await startPik(pik, ["--token", TOKEN, "--cors-origin", pages.origin]);
try {
  const ways = {
    "`keepalive`, same origin": { server: own, way: "keepalive", url: "/collect" },
    "`keepalive`, another origin": { server: foreign, way: "keepalive", url: foreign.url, token: TOKEN },
    "`keepalive`, another origin that was asked before": { server: foreign, way: "keepalive", url: foreign.url, token: TOKEN, before: true },
    "beacon, same origin": { server: own, way: "beacon", url: "/collect" },
    "beacon, another origin": { server: foreign, way: "beacon", url: foreign.url, lost: true, stays: true },
  };
  for (const [name, { server, lost, ...terms }] of Object.entries(ways)) {
    // What does not arrive from a page that stays does not arrive from one that is left.
    for (const left of terms.stays ? ["open"] : ["navigated away", "closed"]) {
      const { version, value: ids } = await inChromium(chromium, `${pages.origin}/leaving.html`, (page) => leave(page, name, left, terms));
      const arrived = await countArrived(server, ids, lost ? 0 : ids.length);
      assert.equal(arrived, lost ? 0 : ids.length, `${name}, ${left}: ${arrived} of ${ids.length} arrived`);
      console.log(`a page that is ${left}, ${name}, Chromium ${version}: ${arrived} of ${ids.length} events arrive`);
    }
  }
} finally {
  await own.stop();
  await foreign.stop();
  pages.close();
}

/** Several pages, each left with an event to send; returns the ids, in a browser that stays. */
async function leave(first, name, left, terms) {
  const ids = [];
  for (let number = 0; number < PAGES; number++) {
    const page = number === 0 ? first : await first.context().newPage();
    if (number > 0) await page.goto(first.url() === "about:blank" ? `${pages.origin}/leaving.html` : first.url());
    await page.waitForFunction(() => "ready" in window);
    ids.push(await page.evaluate((terms) => window.ready(terms), { ...terms, entity: `${name} ${left} ${number}` }));
    if (left === "open") await page.evaluate(() => dispatchEvent(new Event("pagehide")));
    else if (left === "closed" && number > 0) await page.close();
    else await page.goto("about:blank");
  }
  // The browser lives on, as a person's does.
  await new Promise((done) => setTimeout(done, 1000));
  return ids;
}

async function countArrived({ url }, ids, wanted) {
  const headers = { authorization: `Bearer ${TOKEN}` };
  for (let turn = 0; ; turn++) {
    const found = await Promise.all(ids.map(async (id) => (await fetch(`${url}/events/${id}`, { headers })).status === 200));
    const arrived = found.filter(Boolean).length;
    if ((arrived >= wanted && wanted > 0) || turn === 20) return arrived;
    await new Promise((done) => setTimeout(done, 100));
  }
}
