// node console.test.mjs PIK CHROMIUM PICTURES: each view by its link, on a real server with seeded data. Any error, foreign
// request or violation of the policy in a page fails the test. Pictures of the views go to a folder.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { checkEmbedded } from "./embedded.mjs";
import { heap, launch, open } from "./page.mjs";
import { HOSTILE, MISSING, OFFLINE, seed } from "./seed.mjs";
import { folder, serve, start } from "./server.mjs";

const [pik, chromium, pictures] = process.argv.slice(2);
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const STREAM = "source=app&event_type=heartbeat";
const RANGE = "from=2025-12-20&to=2026-01-03";

const done = [];
const data = folder();
let server = await serve(pik, data.path, ["--keep-rejected-bodies"]);
const browser = await launch(chromium);

/** Runs one test on a page of its own. */
async function test(name, use, options = {}) {
  const { page, faults, close } = await open(browser, options.url ?? server.url, options);
  const at = (hash) => page.goto(`${options.url ?? server.url}/console/${hash}`);
  try {
    await use(page, at);
    assert.equal(await page.evaluate(() => window.hurt), undefined, "a string of an event ran as a script");
    assert.deepEqual(faults, []);
  } catch (error) {
    error.message = `${name}: ${error.message}`;
    throw error;
  } finally {
    await close();
  }
  done.push(name);
  console.error(`ok ${name}`);
}

const shown = (page, text) => page.getByText(text).first().waitFor();

try {
  const sizes = ["console.js", "worker.js", "index.css", "index.html", "icon.svg"].map((name) => gzipSync(readFileSync(join(import.meta.dirname, "../dist", name)), { level: 9 }).length);
  const size = sizes.reduce((sum, size) => sum + size, 0);
  assert(size <= 90_000, `the page takes ${size} bytes compressed`);

  const vectors = checkEmbedded(join(import.meta.dirname, "../dist/pik_wasm_bg.wasm"));
  assert(vectors > 0);

  await test("an empty store shows how to begin, and its form works", async (page, at) => {
    const led = await page.goto(`${server.url}/`);
    assert.equal(led.url(), `${server.url}/console/`);
    await shown(page, "Nothing has arrived yet");
    await page.getByRole("button", { name: "Send this event" }).click();
    await page.getByRole("heading", { name: "59a3f098414a504e256530ab459d1f7e63f9c3c089ddee6fd42ba77525e14bec" }).waitFor();
    await at("#/streams");
    await page.getByRole("link", { name: "demo" }).waitFor();
  });

  const events = await seed(server.url);

  await test("streams, and by clicks to the missing day", async (page, at) => {
    await at("");
    await page.getByRole("link", { name: "heartbeat" }).first().waitFor();
    const { streams } = await (await fetch(`${server.url}/streams?limit=1000`)).json();
    assert.equal(await page.locator("tbody tr").count(), streams.length);
    await page.locator("tr", { hasText: "app" }).getByRole("link", { name: "heartbeat" }).click();
    const row = page.locator("tr", { has: page.getByRole("rowheader", { name: MISSING.slice(5) }) });
    await row.getByText("no events").waitFor();
    assert.equal(await row.locator(".cell.blank").count(), 24);
    await row.locator("th a").click();
    await shown(page, "No event happened then");
    assert(page.url().includes(`day=${MISSING}`), page.url());
    await page.goBack();
    await shown(page, "Choose a day or an hour");
  });

  await test("an hour's events, worst lag first, and a brush that narrows them", async (page, at) => {
    await at(`#/stream?${STREAM}&${RANGE}&day=2025-12-23&hour=9`);
    await page.locator(".rows tbody tr").first().waitFor();
    const hours = new Set(await page.locator(".rows tbody tr td:first-child time").evaluateAll((times) => times.map((time) => time.dateTime.slice(0, 13))));
    assert.deepEqual([...hours], ["2025-12-23T09"]);
    await page.locator('.histogram g[aria-label^="lag up to 3 s"]').click();
    await shown(page, "No event happened then");
    await page.getByRole("button", { name: "all lags" }).click();
    await page.locator(".rows tbody tr").first().waitFor();
  });

  await test("an entity through time, duplicates folded", async (page, at) => {
    await at("");
    await page.getByRole("searchbox").fill(OFFLINE);
    await page.keyboard.press("Enter");
    await page.locator(".square circle").first().waitFor();
    const rows = async () => (await page.locator(".searched span").first().textContent()) ?? "";
    const folded = await rows();
    await page.getByLabel("list duplicates").check();
    await page.waitForFunction((before) => document.querySelector(".searched span").textContent !== before, folded);
  });

  await test("an event: exact digits, canonical form, and the id computed in the page", async (page, at) => {
    const text = events.find((text) => /"order":1152921504606846979/.test(text));
    const { event_id } = (await (await fetch(`${server.url}/ingest?dry_run=true`, { method: "POST", headers: { "content-type": "application/json" }, body: text })).json());
    await at(`#/event/${event_id}`);
    await shown(page, "1152921504606846979");
    await page.getByRole("link", { name: "as received" }).click();
    assert.equal(await page.locator(".code pre").textContent(), text);
    await page.getByRole("link", { name: "canonical" }).click();
    await shown(page, "is this event's id, computed in this page");
    await page.reload();
    await shown(page, "is this event's id, computed in this page");
  });

  await test("two events, and where they differ", async (page, at) => {
    const { events: two } = await (await fetch(`${server.url}/events?entity_id=device-003&limit=2&status=ACCEPTED`)).json();
    await at(`#/compare?a=${two[0].event_id}&b=${two[1].event_id}`);
    await page.getByRole("rowheader", { name: "/event_time" }).waitFor();
  });

  await test("hostile strings are text", async (page, at) => {
    for (const text of HOSTILE) {
      await at(`#/entity?id=${encodeURIComponent(text)}`);
      await page.locator(".rows tbody a.id").first().click();
      await page.locator(".record").waitFor();
      assert.equal(await page.locator(".record bdi").nth(2).textContent(), text);
      await page.locator(".code pre").waitFor();
    }
    await at("#/entity?id=a%20megabyte");
    await page.locator(".rows tbody a.id").first().click();
    await page.getByRole("button", { name: "more characters" }).waitFor();
    await at("#/entity?id=128%20levels");
    await page.locator(".rows tbody a.id").first().click();
    await shown(page, "12345678901234567890.10");
  });

  await test("arrivals to where they are settled, narrowed by a click, exported whole", async (page, at) => {
    await at("#/arrivals");
    await shown(page, "settled until");
    await page.locator(".rows tbody tr").first().waitFor();
    await page.locator(".rows .pick").first().hover();
    await page.locator('.rows button[aria-label^="only source"]').first().click();
    await page.locator(".conditions button").waitFor();
    assert(page.url().includes("is.source="), page.url());
    await page.locator(".conditions button").click();
    const { streams } = await (await fetch(`${server.url}/streams?limit=1000`)).json();
    const all = streams.reduce((sum, stream) => sum + stream.accepted + stream.duplicate, 0);
    assert(all > 2_500, `${all} records are no three pages`);
    // A browser without the File System Access API.
    await page.evaluate(() => (window.showSaveFilePicker = undefined));
    const download = page.waitForEvent("download");
    await page.getByRole("button", { name: "export NDJSON" }).click();
    const lines = readFileSync(await (await download).path(), "utf8").trimEnd().split("\n");
    assert.equal(lines.length, all);
    // A file that is written as answers come, where no dialogue has to be clicked.
    await page.evaluate(() => (window.showSaveFilePicker = async ({ suggestedName }) => (await navigator.storage.getDirectory()).getFileHandle(suggestedName, { create: true })));
    await page.getByRole("button", { name: "export NDJSON" }).click();
    // It has its content once it is whole.
    const whole = async () => (await (await (await navigator.storage.getDirectory()).getFileHandle("events.ndjson", { create: true })).getFile()).text();
    let kept = "";
    for (let looks = 0; kept === "" && looks < 600; looks++) {
      await page.waitForTimeout(50);
      kept = await page.evaluate(whole);
    }
    assert.equal(kept.trimEnd(), lines.join("\n"));
    await page.evaluate(() => (window.showSaveFilePicker = async () => Promise.reject(new DOMException("closed", "AbortError"))));
    await page.getByRole("button", { name: "export CSV" }).click();
    await shown(page, "nothing was saved");
  });

  await test("what was refused, by code, with its bytes and the repair", async (page, at) => {
    await at("#/rejected");
    await page.getByRole("link", { name: "missing_offset" }).click();
    await shown(page, "Repair.");
    await page.locator(".sample").first().waitFor();
    await page.locator(".sample pre").getByText('"2025-12-28T23:59:59"').waitFor();
    await page.getByRole("link", { name: "invalid_json" }).click();
    await page.locator(".sample pre").getByText('{"source":"app",').waitFor();
  });

  await test("a list of more than a page scrolls to its end with few rows in the page", async (page, at) => {
    await at("#/arrivals");
    await page.locator(".rows tbody tr").first().waitFor();
    await page.waitForFunction(() => {
      const box = document.querySelector(".rows");
      box.scrollTop = box.scrollHeight;
      return document.querySelector(".searched span").textContent.includes("which is all there are");
    }, undefined, { polling: 100 });
    assert((await page.locator(".rows tbody tr").count()) < 100);
  });

  await test("check judges a file in the page and asks whether each event is stored", async (page, at) => {
    await at("#/check");
    const bad = '{"source":"app","event_type":"","entity_id":"e","event_time":"28.12.2025","payload":1}';
    await page.fill("textarea", [events[0], bad, "not json", events[1].replace('"app"', '"elsewhere"')].join("\n"));
    await page.getByRole("button", { name: "check", exact: true }).click();
    await shown(page, "1 of 2 asked for are stored");
    await shown(page, "2 with problems");
    await page.getByRole("button", { name: /^details of line 2:/ }).click();
    await shown(page, "Repair.");
    const many = Array.from({ length: 100_000 }, (_, index) => `{"source":"file","event_type":"t","entity_id":"e${index}","event_time":"2025-12-28T23:59:59Z","payload":${index}}`).join("\n");
    await page.locator('input[type="file"]').setInputFiles({ name: "many.ndjson", mimeType: "application/x-ndjson", buffer: Buffer.from(many) });
    await shown(page, "100,000 events");
    await page.waitForFunction(() => /^0 of 100,000 asked/m.test(document.querySelector("p.bar[role=status]").innerText), undefined, { timeout: 90_000 });
    assert((await page.locator(".rows tbody tr").count()) < 100);
  });

  await test("live shows what arrives, pauses, and survives a restart of the server", async (page, at) => {
    await at("#/live");
    await page.locator(".rows tbody tr").first().waitFor();
    const send = (entity_id) =>
      fetch(`${server.url}/ingest`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ source: "live", event_type: "t", entity_id, event_time: "2025-12-28T23:59:59Z", payload: null }) });
    await send("one");
    await page.locator(".rows").getByText("one", { exact: true }).waitFor();
    await page.getByRole("button", { name: "pause" }).click();
    await send("two");
    await shown(page, "1 wait");
    await page.getByRole("button", { name: "go on" }).click();
    await page.locator(".rows").getByText("two", { exact: true }).waitFor();
    const { host } = new URL(server.url);
    await server.stop();
    await page.getByRole("alert").waitFor();
    server = await serve(pik, data.path, [], host);
    await send("three");
    await page.locator(".rows").getByText("three", { exact: true }).waitFor();
    assert.equal(await page.getByRole("alert").count(), 0);
  }, { allow: [/Failed to load resource/, /ERR_/] });

  await test("live keeps up with 1,000 events a second for half a minute, and leaks nothing", async (page) => {
    const other = folder();
    const busy = await serve(pik, other.path);
    let sent = 0;
    /** Sends a hundred events each tenth of a second, or as fast as they are taken on a machine that is slower. */
    const send = async (count) => {
      for (const end = sent + count; sent < end; sent += 100) {
        const next = performance.now() + 100;
        const body = Array.from({ length: 100 }, (_, index) => `{"source":"busy","event_type":"t","entity_id":"e${sent + index}","event_time":"2025-12-28T23:59:59Z","payload":${index}}`).join("\n");
        const response = await fetch(`${busy.url}/ingest/batch`, { method: "POST", headers: { "content-type": "application/x-ndjson" }, body });
        assert.equal((await response.json()).accepted, 100);
        await new Promise((done) => setTimeout(done, next - performance.now()));
      }
    };
    const all = () => page.getByText(`${sent.toLocaleString("en")} since this was opened`).waitFor({ timeout: 30_000 });
    try {
      await page.goto(`${busy.url}/console/#/live`);
      await shown(page, "Nothing arrived in the last ten minutes");
      // The list is as long as it may become before its memory is taken.
      await send(6_000);
      await all();
      const before = await heap(page);
      await send(30_000);
      await all();
      const after = await heap(page);
      assert(after <= 1.5 * before, `the page held ${before} bytes, and ${after} after 30,000 events more`);
      await shown(page, "the newest 5,000 are kept; 31,000 older ones are under Arrivals");
      assert((await page.locator(".rows tbody tr").count()) < 100);
    } finally {
      // What a page still asks for must not meet a server that has ended.
      await page.goto("about:blank");
      await busy.stop();
      other.remove();
    }
  }, { url: "http://127.0.0.1" });

  await test("a token is asked for, kept in the tab, and refused when it is wrong", async (page) => {
    const other = folder();
    const behind = await serve(pik, other.path, [], "127.0.0.1:0", { PIK_TOKENS: "secret" });
    try {
      await page.goto(`${behind.url}/console/`);
      for (const token of ["wrong", "secret"]) {
        await page.getByLabel("token", { exact: true }).fill(token);
        await page.getByRole("button", { name: "Use this token" }).click();
        await shown(page, token === "wrong" ? "The server refused this token" : "Nothing has arrived yet");
      }
      await page.reload();
      await shown(page, "Nothing has arrived yet");
      assert.deepEqual(await page.evaluate(() => [sessionStorage.length, Object.values(localStorage).includes("secret")]), [1, false]);
    } finally {
      // What a page still asks for must not meet a server that has ended.
      await page.goto("about:blank");
      await behind.stop();
      other.remove();
    }
  }, { url: "http://127.0.0.1", allow: [/status of 401/] });

  await test("pik console keeps the token of a host, and writes nothing to a store", async (page) => {
    const other = folder();
    const behind = await serve(pik, other.path, [], "127.0.0.1:0", { PIK_TOKENS: "secret" });
    const near = await start(pik, ["console", "--listen", "127.0.0.1:0", "--url", behind.url], { PIK_TOKEN: "secret" });
    try {
      await page.goto(`${near.url}/console/`);
      await page.getByRole("button", { name: "Send this event" }).click();
      await page.locator(".record").waitFor();
      assert.equal(await page.evaluate(() => sessionStorage.length), 0);
      const foreign = await fetch(`${near.url}/streams`, { headers: { origin: "http://evil.example" } });
      assert.equal(foreign.status, 403);
    } finally {
      // What a page still asks for must not meet a server that has ended.
      await page.goto("about:blank");
      await near.stop();
      await behind.stop();
    }
    const store = await start(pik, ["console", "--listen", "127.0.0.1:0", "--data", other.path]);
    try {
      await page.goto(`${store.url}/console/`);
      await page.getByRole("link", { name: "heartbeat" }).waitFor();
      const answer = await fetch(`${store.url}/ingest`, { method: "POST", headers: { "content-type": "application/json" }, body: '{"source":"s","event_type":"t","entity_id":"e","event_time":"2025-12-28T23:59:59Z","payload":1}' });
      assert.equal((await answer.json()).dry_run, true);
    } finally {
      // What a page still asks for must not meet a server that has ended.
      await page.goto("about:blank");
      await store.stop();
      other.remove();
    }
  }, { url: "http://127.0.0.1" });

  await test("without the console there is none", async () => {
    const other = folder();
    const without = await serve(pik, other.path, ["--no-console"]);
    try {
      for (const path of ["/console/", "/"]) assert.equal((await fetch(`${without.url}${path}`, { headers: { accept: "text/html" }, redirect: "manual" })).status, 404);
    } finally {
      await without.stop();
      other.remove();
    }
  });

  const { events: [one] } = await (await fetch(`${server.url}/events?entity_id=${OFFLINE}&limit=1`)).json();
  const views = {
    streams: "#/streams",
    days: `#/stream?${STREAM}&${RANGE}&day=2025-12-23&hour=9`,
    arrivals: "#/arrivals",
    lag: "#/lag",
    entity: `#/entity?id=${OFFLINE}`,
    event: `#/event/${one.event_id}`,
    rejected: "#/rejected",
    live: "#/live",
    check: "#/check",
  };
  if (pictures !== undefined) mkdirSync(pictures, { recursive: true });
  for (const theme of ["light", "dark"]) {
    await test(`every view in ${theme} passes axe`, async (page, at) => {
      for (const [name, hash] of Object.entries(views)) {
        await page.goto("about:blank");
        await at(hash);
        await page.locator("main h1, main .notice").first().waitFor();
        if (name === "check") {
          const bad = '{"source":"app","event_type":"","entity_id":"device-001","event_time":"28.12.2025","payload":{"a":1,"a":2}}';
          await page.fill("textarea", [...events.slice(0, 8), bad, events[8].replace('"app"', '"elsewhere"')].join("\n"));
          await page.getByRole("button", { name: "check", exact: true }).click();
          await page.getByRole("button", { name: /^details of line 9:/ }).click();
        }
        await page.waitForTimeout(500);
        if (pictures !== undefined) await page.screenshot({ path: join(pictures, `${name}-${theme}.png`) });
        // The page's own policy keeps a script tag out; the debugger's evaluation is no part of the page.
        await page.evaluate(axe);
        const { violations } = await page.evaluate(() => window.axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] }));
        assert.deepEqual(violations.map(({ id, nodes }) => `${name} ${id}: ${nodes.slice(0, 3).map(({ html, failureSummary }) => `${html.slice(0, 160)} ${failureSummary}`).join(" | ")}`), []);
      }
    }, { theme });
  }
  for (const width of [360, 2_560]) {
    await test(`every view at ${width} px without scrolling sideways`, async (page, at) => {
      for (const [name, hash] of Object.entries(views)) {
        await at(hash);
        await page.locator("main h1, main .notice").first().waitFor();
        await page.waitForTimeout(300);
        const wide = await page.evaluate(() => document.documentElement.scrollWidth);
        assert(wide <= width, `${name} is ${wide} px wide`);
      }
    }, { width });
  }
  console.log(`${done.length} tests of the console in Chromium ${browser.version()}; ${size} bytes compressed, and ${statSync(join(import.meta.dirname, "../dist/pik_wasm_bg.wasm")).size} bytes of wasm, which answered ${vectors} vectors`);
} finally {
  await browser.close();
  await server.stop();
  data.remove();
}
