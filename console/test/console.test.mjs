// node console.test.mjs PIK CHROMIUM PICTURES: each view by its link, on a real server with seeded data. Any error, foreign
// request or violation of the policy in a page fails the test. Pictures of the views go to a folder.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { checkEmbedded } from "./embedded.mjs";
import { heap, launch, open } from "./page.mjs";
import { DAYS, FIRST, HOSTILE, MISSING, OFFLINE, dayOf, refuse, store } from "./seed.mjs";
import { folder, serve, start } from "./server.mjs";

const [pik, chromium, pictures] = process.argv.slice(2);
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const STREAM = "source=app&event_type=heartbeat";
const RANGE = `from=${dayOf(0)}&to=${dayOf(DAYS)}`;
/** All that was seeded, by arrival. */
const ARRIVALS = `#/arrivals?from=${dayOf(0)}T00:00:00Z&to=${dayOf(DAYS)}T00:00:00Z`;

/** How many events a long list has. */
const LONG = 1_000_000;
/** How many of them are scrolled through while memory is measured: it must not grow by what was passed. */
const MEASURED = 60_000;

/** An event that no store has. */
const elsewhere = (text) => text.replace(/"source":"[^"]*"/, '"source":"elsewhere"');

const done = [];
const data = folder();
const events = await store(join(dirname(pik), "examples/arrived"), join(data.path, "pik.sqlite"));
let server = await serve(pik, data.path, ["--keep-rejected-bodies"]);
const browser = await launch(chromium);

/** Runs one test on a page of its own. */
async function test(name, use, options = {}) {
  const { page, faults, close } = await open(browser, options.url ?? server.url, options);
  const began = performance.now();
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
  console.error(`ok ${name} (${((performance.now() - began) / 1_000).toFixed(1)} s)`);
}

const shown = (page, text) => page.getByText(text).first().waitFor();

try {
  const sizes = ["console.js", "worker.js", "index.css", "index.html", "icon.svg"].map((name) => gzipSync(readFileSync(join(import.meta.dirname, "../dist", name)), { level: 9 }).length);
  const size = sizes.reduce((sum, size) => sum + size, 0);
  assert(size <= 90_000, `the page takes ${size} bytes compressed`);

  const vectors = checkEmbedded(join(import.meta.dirname, "../dist/pik_wasm_bg.wasm"));
  assert(vectors > 0);

  await test("an empty store shows how to begin, and its form works", async (page) => {
    const other = folder();
    const empty = await serve(pik, other.path);
    try {
      const led = await page.goto(`${empty.url}/`);
      assert.equal(led.url(), `${empty.url}/console/`);
      await shown(page, "Nothing has arrived yet");
      await page.getByRole("button", { name: "Send this event" }).click();
      await page.getByRole("heading", { name: "59a3f098414a504e256530ab459d1f7e63f9c3c089ddee6fd42ba77525e14bec" }).waitFor();
      await page.goto(`${empty.url}/console/#/streams`);
      await page.getByRole("link", { name: "demo" }).waitFor();
    } finally {
      // What a page still asks for must not meet a server that has ended.
      await page.goto("about:blank");
      await empty.stop();
      other.remove();
    }
  }, { url: "http://127.0.0.1" });

  await refuse(server.url);

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
    await at(`#/stream?${STREAM}&${RANGE}&day=${dayOf(4)}&hour=9`);
    await page.locator(".rows tbody tr").first().waitFor();
    const hours = new Set(await page.locator(".rows tbody tr td:first-child time").evaluateAll((times) => times.map((time) => time.dateTime.slice(0, 13))));
    assert.deepEqual([...hours], [`${dayOf(4)}T09`]);
    await page.locator('.histogram g[aria-label^="lag up to 1 w"]').click();
    await shown(page, "meets the conditions");
    await page.getByRole("button", { name: "all lags" }).click();
    await page.locator(".rows tbody tr").first().waitFor();
  });

  await test("an entity through time, duplicates folded", async (page, at) => {
    await at("");
    await page.getByRole("searchbox").fill(OFFLINE);
    await page.keyboard.press("Enter");
    await page.locator(".square circle").first().waitFor();
    const rows = async () => (await page.locator(".searched [role=status]").first().textContent()) ?? "";
    const folded = await rows();
    await page.getByLabel("list duplicates").check();
    await page.waitForFunction((before) => document.querySelector(".searched [role=status]").textContent !== before, folded);
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
    await at(ARRIVALS);
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

  await test("what was refused of a stream stands at its hour, and leads to why", async (page, at) => {
    await at(`#/stream?${STREAM}&from=${dayOf(1)}&to=${dayOf(DAYS + 1)}`);
    await page.locator(".heat .note").getByRole("link", { name: /^[1-3] rejected/ }).first().waitFor();
    await page.getByRole("link", { name: "rejected", exact: true }).click();
    await page.getByRole("link", { name: /: [1-3] refused within this hour/ }).first().click();
    await page.locator(".refusals a").waitFor();
    await page.getByRole("link", { name: "missing_offset" }).waitFor();
    assert.equal(await page.locator(".two tbody tr").count(), 1);
    assert(page.url().includes("event_type=heartbeat"), page.url());
  });

  await test("check judges a file in the page and asks whether each event is stored", async (page, at) => {
    await at("#/check");
    const bad = '{"source":"app","event_type":"","entity_id":"e","event_time":"28.12.2025","payload":1}';
    await page.fill("textarea", [events[0], bad, "not json", elsewhere(events[1])].join("\n"));
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
    const send = (entity_id) =>
      fetch(`${server.url}/ingest`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ source: "app", event_type: "login", entity_id, event_time: new Date().toISOString(), payload: null }) });
    await send("none");
    await at("#/live");
    await page.locator(".rows").getByText("none", { exact: true }).waitFor();
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

  /** How many times as much a page that shows Live holds after more events than when its list was full. */
  const growth = async (page, more, pause) => {
    const other = folder();
    const busy = await serve(pik, other.path);
    let sent = 0;
    /** Sends a hundred events at a time, or as fast as they are taken on a machine that is slower. */
    const send = async (count, pause) => {
      for (const end = sent + count; sent < end; sent += 100) {
        const next = performance.now() + pause;
        const body = Array.from({ length: 100 }, (_, index) => `{"source":"busy","event_type":"t","entity_id":"e${sent + index}","event_time":"2025-12-28T23:59:59Z","payload":${index}}`).join("\n");
        const response = await fetch(`${busy.url}/ingest/batch`, { method: "POST", headers: { "content-type": "application/x-ndjson" }, body });
        assert.equal((await response.json()).accepted, 100);
        await new Promise((done) => setTimeout(done, next - performance.now()));
      }
      await page.getByText(`${sent.toLocaleString("en")} since this was opened`).waitFor({ timeout: 30_000 });
    };
    try {
      await page.goto(`${busy.url}/console/#/live`);
      await shown(page, "Nothing arrived in the last ten minutes");
      // The list is as long as it may become before its memory is taken.
      await send(6_000, 0);
      const before = await heap(page);
      await send(more, pause);
      const after = await heap(page);
      await shown(page, `the newest 5,000 are kept; ${(sent - 5_000).toLocaleString("en")} older ones are under Arrivals`);
      assert((await page.locator(".rows tbody tr").count()) < 100);
      return after / before;
    } finally {
      // What a page still asks for must not meet a server that has ended.
      await page.goto("about:blank");
      await busy.stop();
      other.remove();
    }
  };

  // Beside each other: the first waits for events most of the time, and each has a page of its own.
  await Promise.all([
    test("live keeps up with 1,000 events a second for half a minute, and leaks nothing", async (page) => {
      const times = await growth(page, 30_000, 100);
      assert(times <= 1.5, `the page held ${times} times as much after 30,000 events more`);
    }, { url: "http://127.0.0.1" }),
    test("a page that keeps every event is seen to leak", async (page) => {
      await page.addInitScript(() => {
        window.leak = [];
        const { json } = Response.prototype;
        Response.prototype.json = async function () {
          const value = await json.call(this);
          window.leak.push(value);
          return value;
        };
      });
      const times = await growth(page, 12_000, 0);
      assert(times > 1.5, `the page held only ${times} times as much after 12,000 events that it kept`);
    }, { url: "http://127.0.0.1" }),
    test("a million events scroll, and only what is near the screen is kept", async (page, at) => {
      const nameOf = (number) => `number-${number}`;
      // As the server answers: a cursor is where the next page begins.
      await page.addInitScript(([total, short, first]) => {
        window.asked = 0;
        const real = window.fetch;
        window.fetch = async (url, init) => {
          const { pathname, searchParams } = new URL(url);
          if (pathname !== "/events") return real(url, init);
          window.asked++;
          await window.held;
          const from = Number(searchParams.get("cursor") ?? 0);
          // Behind what is measured the pages are longer than any that a server has, so that the end is not far.
          const to = Math.min(total, from + (from < short ? Number(searchParams.get("limit")) : 30_000));
          const time = (number) => new Date(first + number * 100).toISOString();
          const events = Array.from({ length: to - from }, (_, index) => ({
            event_id: (from + index).toString(16).padStart(64, "0"), source: "many", event_type: "t", entity_id: `number-${from + index}`, event_time: time(from + index),
            ingest_time: time(from + index + 7), ingest_lag_ms: 700, status: "ACCEPTED", raw_bucket: "b", raw_key: "k", raw_size: 100, payload_hash: "0".repeat(64), receipt: "r.0.0", contract: 1,
          }));
          return Response.json({ events, next_cursor: to === total ? null : String(to), settled_until: time(total) });
        };
      }, [LONG, MEASURED + 5_000, FIRST]);
      const asked = () => page.evaluate(() => window.asked);
      await at(ARRIVALS);
      await page.locator(".rows tbody tr").first().waitFor();
      const scrolled = (until) =>
        page.waitForFunction((until) => {
          const box = document.querySelector(".rows");
          box.scrollTop = box.scrollHeight;
          return Number(/^([\d,]+) read/.exec(document.querySelector(".searched [role=status]").textContent)[1].replaceAll(",", "")) >= until;
        }, until, { polling: "raf", timeout: 120_000 });
      /** The rows between the upper and the lower edge of the list: their entities, or "…" for one that is read again. */
      const onScreen = (part) =>
        page.evaluate(async (part) => {
          const box = document.querySelector(".rows");
          if (part !== undefined) box.scrollTop = part * (box.scrollHeight - box.clientHeight);
          // The browser tells of the scrolling before the next frame, and the page draws in it.
          for (let frame = 0; frame < 3; frame++) await new Promise(requestAnimationFrame);
          const { top, bottom } = box.getBoundingClientRect();
          const rows = [...box.querySelectorAll("tbody tr:not(.space)")].filter((row) => row.getBoundingClientRect().bottom > top + 26 && row.getBoundingClientRect().top < bottom);
          return { rows: rows.map((row) => (row.className === "waits" ? "…" : row.cells[6].querySelector("bdi").textContent)), fits: (bottom - top) / 26 - 2 };
        }, part);

      await scrolled(MEASURED / 4);
      const before = await heap(page);
      await scrolled(MEASURED);
      const after = await heap(page);
      assert(after <= 1.5 * before, `the page held ${before} bytes after ${MEASURED / 4} events, and ${after} after ${MEASURED}`);
      await scrolled(LONG);
      assert((await page.locator(".rows tbody tr").count()) < 100);

      const read = await asked();
      const top = await onScreen(0);
      assert.equal(top.rows[0], nameOf(0));
      assert.equal(await asked(), read, "the first page was asked for again");
      // What was let go is read again, and says so meanwhile.
      await page.evaluate(() => {
        window.held = new Promise((done) => (window.release = done));
      });
      const waits = await onScreen(0.5);
      assert(waits.rows.length >= waits.fits && waits.rows.every((text) => text === "…"), JSON.stringify(waits));
      await page.getByText("reading…").waitFor();
      await page.evaluate(() => {
        window.release();
        window.held = undefined;
      });
      await page.locator(".rows .waits").first().waitFor({ state: "detached" });
      const { rows } = await onScreen();
      const [first] = rows.map((text) => Number(text.slice("number-".length)));
      assert.deepEqual(rows, rows.map((_, index) => nameOf(first + index)));
      assert(Math.abs(first - LONG / 2) < LONG / 50, `the middle of ${LONG} shows ${first}`);
      const more = (await asked()) - read;
      assert(more <= 4, `${more} pages for one place`);
    }),
  ]);

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
    days: `#/stream?${STREAM}&${RANGE}&day=${dayOf(5)}`,
    arrivals: `#/arrivals?from=${dayOf(4)}T00:00:00Z&to=${dayOf(7)}T00:00:00Z`,
    lag: `#/lag?stream=${encodeURIComponent(JSON.stringify(["app", "heartbeat"]))}&day=${dayOf(5)}`,
    entity: `#/entity?id=${OFFLINE}`,
    event: `#/event/${one.event_id}`,
    rejected: "#/rejected",
    live: "#/live",
    check: "#/check",
  };
  if (pictures !== undefined) mkdirSync(pictures, { recursive: true });
  // Beside each other: each has a page of its own.
  await Promise.all(["light", "dark"].map((theme) => test(`every view in ${theme} passes axe`, async (page, at) => {
    for (const [name, hash] of Object.entries(views)) {
      await page.goto("about:blank");
      await at(hash);
      await page.locator("main h1, main .notice").first().waitFor();
      if (name === "check") {
        const bad = '{"source":"app","event_type":"","entity_id":"device-001","event_time":"28.12.2025","payload":{"a":1,"a":2}}';
        await page.fill("textarea", [...events.slice(0, 8), bad, elsewhere(events[8])].join("\n"));
        await page.getByRole("button", { name: "check", exact: true }).click();
        await page.getByRole("button", { name: /^details of line 9:/ }).click();
      }
      await page.waitForTimeout(500);
      if (pictures !== undefined) await page.screenshot({ path: join(pictures, `${name}-${theme}.png`) });
      // The page's own policy keeps a script tag out; the debugger's evaluation is no part of the page.
      await page.evaluate(axe);
      // A theme changes colours alone.
      const rules = theme === "light" ? ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] : ["color-contrast"];
      const { violations } = await page.evaluate((runOnly) => window.axe.run({ runOnly }), rules);
      assert.deepEqual(violations.map(({ id, nodes }) => `${name} ${id}: ${nodes.slice(0, 3).map(({ html, failureSummary }) => `${html.slice(0, 160)} ${failureSummary}`).join(" | ")}`), []);
    }
  }, { theme })));
  await Promise.all([360, 2_560].map((width) => test(`every view at ${width} px without scrolling sideways`, async (page, at) => {
    for (const [name, hash] of Object.entries(views)) {
      await at(hash);
      await page.locator("main h1, main .notice").first().waitFor();
      await page.waitForTimeout(300);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      assert(wide <= width, `${name} is ${wide} px wide`);
    }
  }, { width })));
  console.log(`${done.length} tests of the console in Chromium ${browser.version()}; ${size} bytes compressed, and ${statSync(join(import.meta.dirname, "../dist/pik_wasm_bg.wasm")).size} bytes of wasm, which answered ${vectors} vectors`);
} finally {
  await browser.close();
  await server.stop();
  data.remove();
}
