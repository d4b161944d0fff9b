// The table of behaviours that the clients of every language share: tests/http/CLIENTS.md.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { test } from "node:test";
import { EventIdMismatch, IngestClient, eventId } from "../dist/index.js";
import { shortPauses } from "./example.mjs";

const CLOCK = Date.UTC(1994, 10, 6, 8, 49, 37);

/** This client stops, and tells, when it is asked for more than a minute. */
const IMPATIENT = ["retry-after-of-the-largest-number", "retry-after-beyond-every-number"];

const table = readFileSync(new URL("../../tests/http/client-behaviours.jsonl", import.meta.url), "utf8");
const behaviours = table.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));

for (const behaviour of behaviours) {
  const expect = IMPATIENT.includes(behaviour.name)
    ? { requests: [[0]], verdicts: ["OPEN"], stopped: "retry_later", waits_ms: [] }
    : behaviour.expect;
  test(`${behaviour.name}: ${behaviour.comment}`, async (t) => {
    const events = Array.from({ length: behaviour.events }, (_, number) => eventOf(number, behaviour.spread?.includes(number)));
    const { url, requests } = await play(t, behaviour.answers);
    const pauses = shortPauses(t);
    t.mock.method(Date, "now", () => CLOCK);
    const { retries = 8, max_events: maxEvents = 1000, dry_run: dryRun = false } = behaviour.client ?? {};
    const client = new IngestClient({ url, token: "secret", retries });
    const { verdicts, stopped, message } = await verdictsOf(() => client.ingestBatch(events, { maxEvents, dryRun }), events.length);

    assert.deepEqual(requests.map(({ texts }) => texts.map((text) => events.indexOf(text))), expect.requests);
    assert.deepEqual(verdicts, expect.verdicts);
    assert.equal(stopped, expect.stopped);
    for (const { path, authorization } of requests) assert.deepEqual([path, authorization], [expect.path ?? "/ingest/batch", "Bearer secret"]);
    if (expect.names !== undefined) assert(message.includes(expect.names), message);
    if (expect.waits_ms !== undefined) {
      assert.equal(pauses.length, expect.waits_ms.length);
      for (const [index, [least, most]] of expect.waits_ms.entries()) assert(pauses[index] >= least && pauses[index] <= most, `${pauses[index]} ms`);
    }
  });
}

test("the behaviours that this client has another answer to are in the table", () => {
  for (const name of IMPATIENT) assert(behaviours.some((behaviour) => behaviour.name === name), name);
});

function eventOf(number, spread) {
  return `{"source":"demo",${spread ? "\n" : ""}"event_type":"t","entity_id":"user_${number}","event_time":"2025-12-28T00:00:00Z","payload":${number}}`;
}

async function verdictsOf(call, count) {
  try {
    const { results, stopped } = await call();
    // The server's own word on an event is one problem, `unavailable`, and what stopped the batch comes behind it.
    const open = ({ errors }) => stopped !== undefined && errors[0].code === stopped.errors[0].code;
    const verdicts = results.map((result) => (result.status !== "ERROR" ? result.status : open(result) ? "OPEN" : "FAILED"));
    return { verdicts, stopped: stopped === undefined ? null : wordOf(stopped), message: stopped?.message ?? "" };
  } catch (error) {
    if (!(error instanceof EventIdMismatch)) throw error;
    return { verdicts: Array(count).fill("OPEN"), stopped: "other_id", message: error.message };
  }
}

function wordOf({ errors, status }) {
  const { code } = errors.at(-1);
  const words = { network: "no_answer", unexpected_answer: status >= 500 || [408, 429].includes(status) ? "unavailable" : "not_a_host", unauthorized: "refused" };
  return words[code] ?? code;
}

/** A server that plays the answers, and the requests that came. */
async function play(t, answers) {
  const requests = [];
  const server = createServer((request, response) => {
    const pieces = [];
    request.on("data", (piece) => pieces.push(piece)).on("end", () => {
      const texts = split(Buffer.concat(pieces).toString());
      const answer = answers[requests.length];
      requests.push({ path: request.url, authorization: request.headers.authorization, texts });
      if (answer === undefined) return response.writeHead(418).end("no answer is left");
      if (answer.close) return request.socket.destroy();
      const body = answer.body ?? JSON.stringify({ results: answer.results.map((status, place) => resultOf(status, texts[place % texts.length], answer)) });
      response.writeHead(answer.status, { connection: "close", ...answer.headers }).end(body);
    });
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  t.after(() => server.close());
  return { url: `http://127.0.0.1:${server.address().port}`, requests };
}

/** The elements of the array that the client sends, byte for byte. */
function split(body) {
  assert(body.startsWith("[") && body.endsWith("]"), body);
  return body.slice(1, -1).split(/(?<=\}),(?=\{)/);
}

function resultOf(status, text, { dry_run, event_id }) {
  if (status === "REJECTED") return { status, errors: [{ code: "empty", path: "/source", message: "made up" }] };
  if (status === "ERROR") return { status, errors: [{ code: "unavailable", path: "", message: "made up" }] };
  const answer = { event_id: event_id ?? eventId(text), status, ingest_lag_ms: 86_400_000, s3_key: "raw/…" };
  return dry_run ? { ...answer, dry_run } : answer;
}
