import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { appendFileSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { IngestClient, EventRejected, eventId } from "../dist/index.js";
import { openQueue } from "../dist/queue-node.js";
import { event, fakeFetch } from "./example.mjs";

const url = "http://localhost:8080";
const numbered = (number) => event({ payload: number });
const accepted = (body) => ({ event_id: eventId(body), status: "ACCEPTED", ingest_lag_ms: 1, s3_key: "raw/…" });
const takesAll = () => fakeFetch(({ text }) => ({ json: { results: JSON.parse(text).map((body) => accepted(body)) } }));
const offline = () => fakeFetch(() => { throw new TypeError("fetch failed"); });
const sent = (requests) => requests.flatMap(({ text }) => JSON.parse(text).map(({ payload }) => payload));

function folder(t) {
  const made = mkdtempSync(join(tmpdir(), "pik-queue-"));
  t.after(() => rmSync(made, { recursive: true, force: true }));
  return join(made, "events");
}

/** A queue that tells its drops and failures, closed when the test ends. */
async function queue(t, name, { fetch }, options = {}) {
  const drops = [];
  const failures = [];
  const opened = await openQueue({
    client: new IngestClient({ url, fetch }),
    name,
    onDrop: (dropped) => drops.push(dropped),
    onFailure: (errors) => failures.push(errors),
    ...options,
  });
  let closed = false;
  const close = async () => {
    if (!closed) await opened.close();
    closed = true;
  };
  t.after(close);
  return { queue: opened, drops, failures, close };
}

test("what is added is sent in order, in batches, and is gone", async (t) => {
  const name = folder(t);
  const away = offline();
  const first = await queue(t, name, away);
  const numbers = Array.from({ length: 2500 }, (_, number) => number);
  const added = await Promise.all(numbers.map((number) => first.queue.add(numbered(number))));
  assert(added.every(({ kept }) => kept));
  assert.equal(added[7].event_id, eventId(numbered(7)));
  assert.equal((await first.queue.flush()).events, 2500);
  assert(first.failures.length > 0 && first.failures[0][0].code === "network");
  await first.close();

  const server = takesAll();
  const second = await queue(t, name, server);
  assert.deepEqual(await second.queue.flush(), { events: 0, characters: 0 });
  assert.deepEqual(sent(server.requests), numbers);
  assert.deepEqual(server.requests.map(({ text }) => JSON.parse(text).length), [1000, 1000, 500]);
  assert.deepEqual([...first.drops, ...second.drops], []);
  await second.close();

  const third = takesAll();
  const empty = await queue(t, name, third);
  await empty.queue.flush();
  assert.equal(third.requests.length, 0);
});

test("an invalid event throws at once, and is not kept", async (t) => {
  const { queue: opened, drops } = await queue(t, folder(t), offline());
  await assert.rejects(opened.add(event({ source: "" })), EventRejected);
  assert.deepEqual(await opened.load(), { events: 0, characters: 0 });
  assert.deepEqual(drops, []);
});

test("what does not fit is told, and nothing that waits is dropped for it", async (t) => {
  const { queue: opened, drops } = await queue(t, folder(t), offline(), { maxEvents: 2 });
  assert.deepEqual((await Promise.all([0, 1, 2].map((number) => opened.add(numbered(number))))).map(({ kept }) => kept), [true, true, false]);
  assert.deepEqual(drops.map(({ reason, event: text }) => [reason, text]), [["full", JSON.stringify(numbered(2))]]);
  const room = JSON.stringify(numbered(0)).length;
  const small = await queue(t, folder(t), offline(), { maxCharacters: 2 * room });
  for (const number of [0, 1, 2]) await small.queue.add(numbered(number));
  assert.deepEqual(await small.queue.load(), { events: 2, characters: 2 * room });
  assert.equal(small.drops[0].reason, "full");
});

test("what the server rejects is told and goes; what fails alone waits and holds up nothing", async (t) => {
  const server = fakeFetch(({ text }) => ({
    json: {
      results: JSON.parse(text).map((body) => {
        if (body.payload === 1) return { status: "REJECTED", errors: [{ code: "too_large", path: "", message: "over 10 bytes" }] };
        if (body.payload === 2) return { status: "ERROR", errors: [{ code: "internal", path: "", message: "broken" }] };
        return accepted(body);
      }),
    },
  }));
  const away = offline();
  const name = folder(t);
  const first = await queue(t, name, away);
  for (let number = 0; number < 1500; number++) first.queue.add(numbered(number));
  await first.queue.add(numbered(1500));
  await first.close();
  const { queue: opened, drops, failures } = await queue(t, name, server);
  assert.equal((await opened.flush()).events, 1);
  assert.deepEqual(drops.map(({ reason, errors }) => [reason, errors[0].code]), [["rejected", "too_large"]]);
  assert.equal(JSON.parse(drops[0].event).payload, 1);
  assert.equal(failures[0][0].code, "internal");
  assert.equal(new Set(sent(server.requests)).size, 1501);
});

test("a token that is refused loses nothing", async (t) => {
  const name = folder(t);
  const closed = fakeFetch(() => ({ status: 401, json: { status: "ERROR", errors: [{ code: "unauthorized", path: "", message: "no" }] } }));
  const first = await queue(t, name, closed);
  await first.queue.add(numbered(0));
  assert.equal((await first.queue.flush()).events, 1);
  assert.equal(first.failures[0][0].code, "unauthorized");
  await first.close();
  const server = takesAll();
  const second = await queue(t, name, server);
  assert.equal((await second.queue.flush()).events, 0);
  assert.deepEqual(sent(server.requests), [0]);
});

test("a line that was cut short is taken for never written; any other fault is told", async (t) => {
  const name = folder(t);
  const first = await queue(t, name, offline());
  await first.queue.add(numbered(0));
  await first.close();
  appendFileSync(name, '+2 "{\\"sour');
  const second = await queue(t, name, offline());
  await second.queue.add(numbered(1));
  assert.equal((await second.queue.load()).events, 2);
  await second.close();
  assert.equal(readFileSync(name, "utf8").split("\n").length, 3);
  writeFileSync(name, `not a queue\n${readFileSync(name)}`);
  await assert.rejects(openQueue({ client: new IngestClient({ url }), name, onDrop: () => {} }), /line 1 of .* is not a queue's/);
});

const announcements = (name) => readdirSync(dirname(name)).filter((file) => file.startsWith(`${basename(name)}.lock-`));

test("a file is of one queue at a time; what a dead process left is taken over", async (t) => {
  const name = folder(t);
  const again = () => openQueue({ client: new IngestClient({ url }), name, onDrop: () => {} });
  const first = await queue(t, name, offline());
  await assert.rejects(again(), /is open already, in this process/);
  await first.close();
  assert.deepEqual(announcements(name), []);
  const living = `${name}.lock-${process.ppid}-${randomUUID()}`;
  writeFileSync(living, "held");
  await assert.rejects(again(), new RegExp(`is open in process ${process.ppid}`));
  assert.deepEqual(announcements(name), [basename(living)]);
  rmSync(living);
  const dead = spawn(process.execPath, ["-e", ""]);
  await new Promise((done) => dead.once("close", done));
  writeFileSync(`${name}.lock-${dead.pid}-${randomUUID()}`, "");
  // Our own number, of a process before this one.
  const earlier = `${name}.lock-${process.pid}-${randomUUID()}`;
  writeFileSync(earlier, "");
  utimesSync(earlier, 0, 0);
  await queue(t, name, offline());
  assert.equal(announcements(name).length, 1);
});

test("a file is of one thread at a time", async (t) => {
  const name = folder(t);
  const { close } = await queue(t, name, offline());
  const open = () =>
    new Promise((said, failed) => {
      const thread = new Worker(
        `(async () => {
          const { parentPort } = require("node:worker_threads");
          const { IngestClient } = await import(${JSON.stringify(import.meta.resolve("../dist/index.js"))});
          const { openQueue } = await import(${JSON.stringify(import.meta.resolve("../dist/queue-node.js"))});
          const client = new IngestClient({ url: ${JSON.stringify(url)} });
          const opened = await openQueue({ client, name: ${JSON.stringify(name)}, onDrop: () => {} }).catch(({ message }) => message);
          if (typeof opened !== "string") await opened.close();
          parentPort.postMessage(typeof opened === "string" ? opened : "open");
        })()`,
        { eval: true },
      );
      thread.once("message", said).once("error", failed);
    });
  assert.match(await open(), /is open in another thread of this process/);
  await close();
  assert.equal(await open(), "open");
});

test("of many processes that take over one lock at once, one has the file", async (t) => {
  const name = folder(t);
  const dead = spawn(process.execPath, ["-e", ""]);
  await new Promise((done) => dead.once("close", done));
  const processes = Array.from({ length: 4 }, () => {
    const opener = spawn(process.execPath, [fileURLToPath(new URL("queue-opener.mjs", import.meta.url))], { stdio: ["pipe", "pipe", "inherit"] });
    t.after(() => opener.kill());
    const lines = createInterface({ input: opener.stdout })[Symbol.asyncIterator]();
    const say = (line) => opener.stdin.write(`${line}\n`);
    return { say, next: async () => (await lines.next()).value };
  });
  const all = (line) => {
    for (const { say } of processes) say(line);
    return Promise.all(processes.map(({ next }) => next()));
  };
  assert.deepEqual(await Promise.all(processes.map(({ next }) => next())), Array(4).fill("ready"));
  for (let round = 0; round < 25; round++) {
    writeFileSync(`${name}.lock-${dead.pid}-${randomUUID()}`, "");
    const said = await all(name);
    assert.equal(said.filter((line) => line === "open").length, 1, said.join("\n"));
    for (const line of said) assert.match(line, /^open$|is open in process \d+/);
    assert.deepEqual(await all(""), Array(4).fill("closed"));
    assert.deepEqual(announcements(name), []);
  }
});

test("the file is written anew when most of it is gone", async (t) => {
  const name = folder(t);
  const big = (number) => event({ payload: `${number}${"x".repeat(100_000)}` });
  const server = takesAll();
  const { queue: opened } = await queue(t, name, server);
  for (let number = 0; number < 60; number++) await opened.add(big(number));
  await opened.flush();
  assert(statSync(name).size < 1_500_000, `${statSync(name).size} bytes`);
  assert.equal(sent(server.requests).length, 60);
});

test("a process that is killed loses nothing that it was told is kept", async (t) => {
  const name = folder(t);
  const arrived = new Set();
  const server = createServer((request, response) => {
    let text = "";
    request.on("data", (piece) => (text += piece)).on("end", () => {
      const bodies = JSON.parse(text);
      for (const { payload } of bodies) arrived.add(payload);
      response.setHeader("content-type", "application/json").end(JSON.stringify({ results: bodies.map(accepted) }));
    });
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  t.after(() => server.close());
  const address = `http://127.0.0.1:${server.address().port}`;
  const script = `
    import { IngestClient } from ${JSON.stringify(new URL("../dist/index.js", import.meta.url).href)};
    import { openQueue } from ${JSON.stringify(new URL("../dist/queue-node.js", import.meta.url).href)};
    const queue = await openQueue({ client: new IngestClient({ url: ${JSON.stringify(address)} }), name: ${JSON.stringify(name)}, onDrop: () => process.exit(3) });
    for (let number = Number(process.argv[1]); ; number++) {
      const { kept } = await queue.add({ source: "demo", event_type: "kill", entity_id: "u", event_time: "2025-12-28T23:59:59Z", payload: number });
      if (kept) process.stdout.write(number + "\\n");
    }`;
  const kept = new Set();
  for (let round = 0; round < 5; round++) {
    const child = spawn(process.execPath, ["--input-type=module", "--eval", script, String(round * 1_000_000)], { stdio: ["ignore", "pipe", "inherit"] });
    let told = "";
    child.stdout.on("data", (piece) => {
      told += piece;
      // At another place of the work each time.
      if (told.split("\n").length > 20 + 37 * round) child.kill("SIGKILL");
    });
    assert.equal(await new Promise((done) => child.once("close", (_, signal) => done(signal))), "SIGKILL");
    for (const line of told.split("\n").slice(0, -1)) kept.add(Number(line));
  }
  const opened = await openQueue({ client: new IngestClient({ url: address }), name, onDrop: () => assert.fail("dropped") });
  t.after(() => opened.close());
  assert.equal((await opened.flush()).events, 0);
  assert(kept.size > 100);
  assert.deepEqual([...kept].filter((number) => !arrived.has(number)), []);
});
