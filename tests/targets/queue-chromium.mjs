// node queue-chromium.mjs PIK CHROMIUM: a queue in IndexedDB loses nothing: offline, through reloads, in two pages at once, when a
// page crashes and when the whole browser is killed.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium as playwright } from "playwright-core";
import { FLAGS } from "./chromium.mjs";
import { startPik } from "./pik-server.mjs";
import { serve } from "./static-server.mjs";

const [pik, chromium] = process.argv.slice(2);
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const profile = mkdtempSync(join(tmpdir(), "pik-profile-"));
const server = await startPik(pik, []);
const pages = await serve({ "/queue.html": here("queue-page.html"), "/pkg/dist/": here("../../pkg/dist") }, server.url);

/** A browser of our own process, so that it can be killed as a whole. */
async function browser() {
  const child = spawn(chromium, [...FLAGS, "--headless", "--remote-debugging-port=0", `--user-data-dir=${profile}`, "about:blank"], {
    stdio: ["ignore", "ignore", "pipe"],
    detached: true,
  });
  const ended = new Promise((done) => child.once("close", done));
  const endpoint = await new Promise((done, failed) => {
    let told = "";
    child.stderr.on("data", (piece) => {
      told += piece;
      const match = /DevTools listening on (ws:\S+)/.exec(told);
      if (match) done(match[1]);
    });
    child.once("close", () => failed(new Error(`Chromium ended: ${told}`)));
  });
  const connection = await playwright.connectOverCDP(endpoint);
  const context = connection.contexts()[0];
  /** The whole group of processes that this started. */
  const kill = async () => {
    process.kill(-child.pid, "SIGKILL");
    await ended;
    await connection.close().catch(() => {});
  };
  return { version: connection.version(), context, kill };
}

async function open(context) {
  const page = await context.newPage();
  await page.goto(`${pages.origin}/queue.html`);
  await page.waitForFunction(() => "ready" in window);
  return page;
}

/** The payloads that the server has. */
async function stored() {
  const found = new Set();
  for (let cursor = ""; cursor !== undefined; ) {
    const question = new URLSearchParams({ entity_id: "u", limit: "1000", ...(cursor === "" ? {} : { cursor }) });
    const answer = await (await fetch(`${server.url}/events?${question}`)).json();
    assert(Array.isArray(answer.events), JSON.stringify(answer));
    for (const { event_id } of answer.events) {
      found.add(event_id);
    }
    cursor = answer.next_cursor ?? answer.cursor ?? undefined;
  }
  return found.size;
}

let running;
// A test that is ended from outside leaves no browser behind.
process.once("SIGTERM", () => void (running?.kill() ?? Promise.resolve()).finally(() => process.exit(1)));
try {
  running = await browser();
  const { version } = running;
  let expected = 0;

  // Offline: nothing is sent, everything is kept, through a reload and the browser's end.
  let page = await open(running.context);
  await running.context.setOffline(true);
  assert.equal(await page.evaluate(() => window.ready.add(0, 2500)), 2500);
  expected += 2500;
  assert.equal((await page.evaluate(() => window.ready.flush())).events, 2500);
  assert.equal(await stored(), 0);
  await running.context.setOffline(false);
  // Back on the network, without a reload.
  await page.evaluate(async () => {
    while ((await window.ready.load()).events > 0) await new Promise((done) => setTimeout(done, 50));
  });
  assert.equal(await stored(), expected);
  console.log(`queue, Chromium ${version}: 2500 events offline are sent when the network is back`);

  await running.context.setOffline(true);
  assert.equal(await page.evaluate(() => window.ready.add(10_000, 1500)), 1500);
  expected += 1500;
  await running.kill();
  running = await browser();
  page = await open(running.context);
  await page.evaluate(() => window.ready.flush());
  assert.equal(await stored(), expected);
  console.log(`queue, Chromium ${version}: 1500 events offline outlive the browser, which is killed`);

  // Killed while it adds and sends: what it was told is kept arrives.
  for (const [round, how] of ["the page crashes", "the browser is killed"].entries()) {
    const start = 100_000 * (round + 1);
    await page.evaluate((start) => void window.ready.addForEver(start), start);
    await page.waitForFunction((least) => Number(document.title) >= least, start + 150);
    const last = Number(await page.title());
    if (round === 0) {
      const session = await running.context.newCDPSession(page);
      session.send("Page.crash").catch(() => {});
      await page.waitForEvent("crash");
      await page.close();
    } else {
      await running.kill();
      running = await browser();
    }
    page = await open(running.context);
    assert.equal((await page.evaluate(() => window.ready.flush())).events, 0);
    expected += last - start + 1;
    const have = await stored();
    assert(have >= expected, `${how}: ${have} of ${expected} events`);
    expected = have;
    console.log(`queue, Chromium ${version}: ${last - start + 1} events that were kept arrive after ${how}`);
  }

  // Two pages share what waits, and neither sends what the other has sent.
  const second = await open(running.context);
  await Promise.all([page, second].map((each, index) => each.evaluate((from) => window.ready.add(from, 1000), 500_000 + 10_000 * index)));
  await Promise.all([page, second].map((each) => each.evaluate(() => window.ready.flush())));
  expected += 2000;
  assert.equal(await stored(), expected);
  assert.equal((await page.evaluate(() => window.ready.load())).events, 0);
  assert.equal(await page.evaluate(() => window.ready.drops()), 0);
  console.log(`queue, Chromium ${version}: two pages send 2000 events from one queue`);
} finally {
  await running?.kill().catch(() => {});
  await server.stop();
  pages.close();
  rmSync(profile, { recursive: true, force: true });
}
