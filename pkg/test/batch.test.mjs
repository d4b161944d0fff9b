import assert from "node:assert/strict";
import { test } from "node:test";
import { EventIdMismatch, IngestClient, eventId } from "../dist/index.js";
import { event, eventText, fakeFetch, shortPauses } from "./example.mjs";

const url = "http://localhost:8080";
const numbered = (number) => event({ payload: number });
const done = (body, status = "ACCEPTED") => ({ event_id: eventId(JSON.stringify(body)), status, ingest_lag_ms: 1, s3_key: "raw/…" });
const tooLarge = { status: "REJECTED", errors: [{ code: "too_large", path: "", message: "the batch is over the limit of 10 bytes" }] };
const error = (code) => ({ status: "ERROR", errors: [{ code, path: "", message: "send this again" }] });

/** Answers each event of a batch by `entry(event, turn)`, with the HTTP status that goes with the entries. */
const service = (entry) => fakeFetch(({ text }, turn) => {
  const results = JSON.parse(text).map((body, index) => ({ index, ...entry(body, turn) }));
  return { status: results.some(({ status }) => status === "ERROR") ? 503 : 200, json: { results } };
});

test("each event is answered at its place; the invalid ones are not sent", async () => {
  const { fetch, requests } = service((body) => done(body, body.payload === 3 ? "DUPLICATE" : "ACCEPTED"));
  const events = [numbered(1), event({ source: "" }), ` ${eventText("2")}\n`, "{", numbered(3), event({ payload: NaN })];
  const answer = await new IngestClient({ url, token: "secret", fetch }).ingestBatch(events);
  assert.deepEqual(answer.results.map(({ index, status }) => [index, status]), [
    [0, "ACCEPTED"], [1, "REJECTED"], [2, "ACCEPTED"], [3, "REJECTED"], [4, "DUPLICATE"], [5, "REJECTED"],
  ]);
  assert.deepEqual([1, 3, 5].map((index) => answer.results[index].errors[0].code), ["empty", "invalid_json", "not_json"]);
  assert.deepEqual([answer.accepted, answer.duplicate, answer.rejected, answer.failed], [2, 1, 3, 0]);
  assert.equal(requests.length, 1);
  assert.equal(requests[0].url, "http://localhost:8080/ingest/batch");
  assert.equal(requests[0].headers.get("authorization"), "Bearer secret");
  assert.equal(requests[0].text, `[${JSON.stringify(numbered(1))}, ${eventText("2")}\n,${JSON.stringify(numbered(3))}]`);
});

test("no event, no request", async () => {
  const { fetch, requests } = service((body) => done(body));
  const nothing = { results: [], accepted: 0, duplicate: 0, rejected: 0, failed: 0 };
  assert.deepEqual(await new IngestClient({ url, fetch }).ingestBatch([]), nothing);
  assert.equal(requests.length, 0);
});

test("only what failed is sent again", async (t) => {
  const pauses = shortPauses(t);
  const { fetch, requests } = service((body, turn) => (body.payload >= turn * 2 ? error("unavailable") : done(body)));
  const answer = await new IngestClient({ url, fetch }).ingestBatch([0, 1, 2, 3, 4, 5].map(numbered));
  assert.deepEqual(requests.map(({ text }) => JSON.parse(text).length), [6, 4, 2]);
  assert.deepEqual(answer.results.map(({ index, event_id }) => [index, event_id]),
    [0, 1, 2, 3, 4, 5].map((number) => [number, eventId(numbered(number))]));
  assert.equal(answer.accepted, 6);
  // Each headway starts the pauses anew.
  assert.deepEqual(pauses, [100, 100]);
});

test("what keeps failing is ERROR, with the server's reason, and the others are not", async (t) => {
  shortPauses(t);
  const { fetch, requests } = service((body) => (body.payload === 1 ? error("internal") : done(body)));
  const answer = await new IngestClient({ url, fetch, retries: 2 }).ingestBatch([0, 1].map(numbered));
  assert.equal(requests.length, 3);
  assert.deepEqual(answer.results[1], { index: 1, ...error("internal") });
  assert.deepEqual([answer.accepted, answer.failed], [1, 1]);
});

test("a network or a token that fails is ERROR for each event, and throws nothing", async (t) => {
  shortPauses(t);
  const away = fakeFetch(() => { throw new TypeError("fetch failed"); });
  const lost = await new IngestClient({ url, fetch: away.fetch, retries: 1 }).ingestBatch([0, 1].map(numbered));
  assert.deepEqual(lost.results.map(({ status, errors }) => [status, errors[0].code]), [["ERROR", "network"], ["ERROR", "network"]]);
  assert.equal(away.requests.length, 2);

  const closed = fakeFetch(() => ({ status: 401, json: error("unauthorized") }));
  const refused = await new IngestClient({ url, fetch: closed.fetch }).ingestBatch([numbered(0)]);
  assert.deepEqual(refused.results, [{ index: 0, ...error("unauthorized") }]);
  assert.equal(closed.requests.length, 1);
});

test("many events take several requests, of a thousand events and four megabytes at most", async () => {
  const { fetch, requests } = service((body) => done(body));
  const many = Array.from({ length: 2500 }, (_, number) => numbered(number));
  const answer = await new IngestClient({ url, fetch }).ingestBatch(many);
  assert.equal(answer.accepted, 2500);
  assert.deepEqual(requests.map(({ text }) => JSON.parse(text).length), [1000, 1000, 500]);

  requests.length = 0;
  const large = Array.from({ length: 10 }, (_, number) => numbered(`${number}${"x".repeat(900_000)}`));
  assert.equal((await new IngestClient({ url, fetch }).ingestBatch(large)).accepted, 10);
  assert.deepEqual(requests.map(({ text }) => JSON.parse(text).length), [4, 4, 2]);
});

test("events may come from a generator", async () => {
  const { fetch } = service((body) => done(body));
  const events = (function* () { for (let number = 0; number < 3; number++) yield numbered(number); })();
  assert.equal((await new IngestClient({ url, fetch }).ingestBatch(events)).accepted, 3);
});

test("a server that takes no request as large gets halves", async () => {
  const { fetch, requests } = fakeFetch(({ text }) => {
    const bodies = JSON.parse(text);
    if (bodies.length > 3) return { status: 413, json: tooLarge };
    return { json: { results: bodies.map((body) => done(body)) } };
  });
  const answer = await new IngestClient({ url, fetch }).ingestBatch(Array.from({ length: 10 }, (_, number) => numbered(number)));
  assert.deepEqual(answer.results.map(({ event_id }) => event_id), Array.from({ length: 10 }, (_, number) => eventId(numbered(number))));
  assert.deepEqual(requests.map(({ text }) => JSON.parse(text).length), [10, 5, 3, 2, 5, 3, 2]);
});

test("one event that is too large for the server is rejected by it, and the others are not", async () => {
  const { fetch, requests } = fakeFetch(({ text }) =>
    JSON.parse(text).some(({ payload }) => payload === 1) ? { status: 413, json: tooLarge } : { json: { results: JSON.parse(text).map((body) => done(body)) } });
  const answer = await new IngestClient({ url, fetch }).ingestBatch([0, 1, 2].map(numbered));
  assert.deepEqual(answer.results.map(({ status }) => status), ["ACCEPTED", "REJECTED", "ACCEPTED"]);
  assert.deepEqual(answer.results[1].errors, tooLarge.errors);
  assert.equal(requests.length, 5);
});

test("an answer for fewer events, or of another shape, is none", async () => {
  for (const json of [{ results: [done(numbered(0))] }, { results: [{}, {}] }, { results: 2 }, [], null]) {
    const { fetch } = fakeFetch(() => ({ json }));
    const answer = await new IngestClient({ url, fetch }).ingestBatch([0, 1].map(numbered));
    assert.deepEqual(answer.results.map(({ status, errors }) => [status, errors[0].code]),
      [["ERROR", "unexpected_answer"], ["ERROR", "unexpected_answer"]]);
  }
});

test("another id is raised, unless told not to; so is an abort", async () => {
  const { fetch } = service((body) => done({ ...body, payload: "other" }));
  await assert.rejects(new IngestClient({ url, fetch }).ingestBatch([numbered(0)]), EventIdMismatch);
  assert.equal((await new IngestClient({ url, fetch, verify: false }).ingestBatch([numbered(0)])).accepted, 1);
  const reason = new Error("the user left");
  await assert.rejects(new IngestClient({ url, fetch }).ingestBatch([numbered(0)], { signal: AbortSignal.abort(reason) }), reason);
});

test("a server that asks a batch to wait for long is told of, with the wait", async () => {
  const { fetch, requests } = fakeFetch(({ text }) => ({
    status: 503,
    headers: { "retry-after": "120" },
    json: { results: JSON.parse(text).map((body) => (body.payload === 0 ? done(body) : error("overloaded"))) },
  }));
  const answer = await new IngestClient({ url, fetch }).ingestBatch([0, 1].map(numbered));
  assert.equal(requests.length, 1);
  assert.equal(answer.retryAfterMs, 120_000);
  assert.deepEqual(answer.results[1].errors.map(({ code }) => code), ["overloaded", "retry_later"]);
});

test("a batch's own number of retries, and keepalive", async (t) => {
  shortPauses(t);
  const { fetch, requests } = service(() => error("unavailable"));
  const client = new IngestClient({ url, fetch });
  await client.ingestBatch([numbered(0)], { retries: 0, keepalive: true });
  assert.deepEqual(requests.map(({ keepalive }) => keepalive), [true]);
  await assert.rejects(client.ingestBatch([numbered(0)], { retries: -1 }), TypeError);
});
