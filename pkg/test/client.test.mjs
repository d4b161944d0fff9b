import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";
import { EventIdMismatch, EventRejected, IngestClient, IngestFailed, eventId } from "../dist/index.js";
import { event, eventText, fakeFetch, shortPauses } from "./example.mjs";

const url = "http://localhost:8080";
const accepted = (changes) => ({
  json: { event_id: eventId(event()), status: "ACCEPTED", ingest_lag_ms: 5, s3_key: "raw/…", ...changes },
});
const failed = (status, code, headers) => ({
  status,
  headers,
  json: { status: "ERROR", errors: [{ code, path: "", message: "send this again" }] },
});

test("the very text that was hashed is sent, with the token", async () => {
  const { fetch, requests } = fakeFetch(() => accepted());
  const client = new IngestClient({ url, token: "secret", fetch });
  const text = ` ${eventText().replace("10}", "1e1}")}\n`;
  assert.deepEqual(await client.ingest(text), accepted().json);
  await client.ingest(event());
  assert.equal(requests[0].text, text);
  assert.equal(requests[1].text, JSON.stringify(event()));
  for (const request of requests) {
    assert.equal(request.method, "POST");
    assert.equal(request.url, "http://localhost:8080/ingest");
    assert.equal(request.headers.get("content-type"), "application/json");
    assert.equal(request.headers.get("authorization"), "Bearer secret");
  }
});

test("without a token there is no authorization header", async () => {
  const { fetch, requests } = fakeFetch(() => accepted());
  await new IngestClient({ url, fetch }).ingest(event());
  assert.equal(requests[0].headers.get("authorization"), null);
});

test("a dry run says so in the address", async () => {
  const { fetch, requests } = fakeFetch(() => accepted({ dry_run: true }));
  const answer = await new IngestClient({ url: new URL("https://host/base/"), fetch }).dryRun(event());
  assert.equal(requests[0].url, "https://host/base/ingest?dry_run=true");
  assert.equal(answer.dry_run, true);
});

test("an address, token or number of retries that cannot be right is refused at once", () => {
  for (const wrong of ["", "localhost:8080", "ftp://host", "/ingest", "http://host/?a=1", "http://host/#a"]) {
    assert.throws(() => new IngestClient({ url: wrong }), TypeError, wrong);
  }
  assert.throws(() => new IngestClient({ url, token: "a\nb" }), TypeError);
  for (const retries of [-1, 1.5, NaN]) assert.throws(() => new IngestClient({ url, retries }), TypeError);
});

test("in a page the address may be a path", async () => {
  globalThis.location = { href: "https://shop.example/cart/1" };
  try {
    const { fetch, requests } = fakeFetch(() => accepted());
    await new IngestClient({ url: "/collect", fetch }).ingest(event());
    assert.equal(requests[0].url, "https://shop.example/collect/ingest");
  } finally {
    delete globalThis.location;
  }
});

test("an invalid event is not sent", async () => {
  const { fetch, requests } = fakeFetch(() => accepted());
  const client = new IngestClient({ url, fetch });
  await assert.rejects(client.ingest(event({ source: "" })), EventRejected);
  await assert.rejects(client.dryRun(event({ payload: NaN })), EventRejected);
  assert.equal(requests.length, 0);
});

test("a server that is stricter is heard", async () => {
  const errors = [{ code: "too_large", path: "", message: "the body is over the limit of 10 bytes" }];
  const { fetch, requests } = fakeFetch(() => ({ status: 413, json: { status: "REJECTED", errors } }));
  await assert.rejects(new IngestClient({ url, fetch }).ingest(event()), (error) => {
    assert(error instanceof EventRejected);
    assert.deepEqual(error.errors, errors);
    return true;
  });
  assert.equal(requests.length, 1);
});

test("another id than the one computed here is raised, unless told not to", async () => {
  const other = "0".repeat(64);
  const { fetch } = fakeFetch(() => accepted({ event_id: other, status: "DUPLICATE" }));
  await assert.rejects(new IngestClient({ url, fetch }).ingest(event()), (error) => {
    assert(error instanceof EventIdMismatch);
    assert.equal(error.expected, eventId(event()));
    assert.equal(error.received, other);
    return true;
  });
  assert.equal((await new IngestClient({ url, fetch, verify: false }).ingest(event())).event_id, other);
});

test("what may pass is repeated, with growing pauses", async (t) => {
  const pauses = shortPauses(t);
  const turns = [
    () => { throw new TypeError("fetch failed"); },
    () => failed(408, "timeout"),
    () => failed(429, "overloaded"),
    () => ({ status: 502, text: "<html>bad gateway</html>" }),
    () => failed(500, "internal"),
    () => accepted({ status: "DUPLICATE" }),
  ];
  const { fetch, requests } = fakeFetch((_, turn) => turns[turn - 1]());
  assert.equal((await new IngestClient({ url, fetch }).ingest(event())).status, "DUPLICATE");
  assert.deepEqual(pauses, [100, 200, 400, 800, 1600]);
  assert.equal(new Set(requests.map(({ text }) => text)).size, 1);
});

test("pauses stop growing at twenty seconds", async (t) => {
  const pauses = shortPauses(t);
  const { fetch } = fakeFetch(() => failed(503, "unavailable"));
  await assert.rejects(new IngestClient({ url, fetch, retries: 12 }).ingest(event()), IngestFailed);
  assert.deepEqual(pauses.slice(-4), [10_000, 10_000, 10_000, 10_000]);
  assert.equal(pauses.length, 12);
});

test("what will not pass is not repeated", async () => {
  for (const answer of [
    failed(401, "unauthorized"),
    failed(400, "invalid_parameter"),
    failed(404, "not_found"),
    failed(405, "method_not_allowed"),
    { status: 403, text: "no" },
    { status: 200, text: "<html>please log in</html>" },
    { status: 200, json: { status: "ACCEPTED" } },
    { status: 200, json: { status: "PENDING", event_id: "" } },
    { status: 200, json: null },
  ]) {
    const { fetch, requests } = fakeFetch(() => answer);
    await assert.rejects(new IngestClient({ url, fetch }).ingest(event()), (error) => {
      assert(error instanceof IngestFailed);
      assert.equal(error.status, answer.status);
      assert.equal(error.errors[0].code, answer.json?.errors?.[0].code ?? "unexpected_answer");
      return true;
    });
    assert.equal(requests.length, 1);
  }
});

test("the last failure is thrown when the retries are used up", async (t) => {
  shortPauses(t);
  const cause = new TypeError("fetch failed");
  const { fetch, requests } = fakeFetch(() => { throw cause; });
  await assert.rejects(new IngestClient({ url, fetch, retries: 2 }).ingest(event()), (error) => {
    assert(error instanceof IngestFailed);
    assert.equal(error.status, undefined);
    assert.equal(error.errors[0].code, "network");
    assert.equal(error.cause, cause);
    return true;
  });
  assert.equal(requests.length, 3);
});

test("Retry-After is waited for, in seconds or until a date, and jitter comes on top", async (t) => {
  t.mock.method(Date, "now", () => Date.UTC(2025, 11, 28, 12));
  const pauses = shortPauses(t);
  const headers = ["7", "Sun, 28 Dec 2025 12:00:30 GMT", "Sun, 28 Dec 2025 11:00:00 GMT", "soon"];
  const { fetch } = fakeFetch((_, turn) =>
    turn > headers.length ? accepted() : failed(503, "unavailable", { "retry-after": headers[turn - 1] }));
  await new IngestClient({ url, fetch }).ingest(event());
  assert.deepEqual(pauses, [7_100, 30_200, 400, 800]);
});

test("a server that asks for more than a minute is left to the caller, who is told", async () => {
  for (const answer of [failed(503, "unavailable", { "retry-after": "3600" }), { status: 429, text: "", headers: { "retry-after": "3600" } }]) {
    const { fetch, requests } = fakeFetch(() => answer);
    await assert.rejects(new IngestClient({ url, fetch }).ingest(event()), (error) => {
      assert.equal(error.retryAfterMs, 3_600_000);
      assert.equal(error.errors[0].code, answer.json?.errors[0].code ?? "unexpected_answer");
      assert.equal(error.errors[1].code, "retry_later");
      assert.match(error.message, /asks to wait 3600 s, and this client waits 60 s at most/);
      return true;
    });
    assert.equal(requests.length, 1);
  }
});

test("a redirect is told as one, and not followed", async (t) => {
  const bodies = [];
  const server = createServer((request, response) => {
    request.resume();
    bodies.push(request.url);
    const status = Number(request.url.split("/")[1]);
    response.writeHead(status, { location: "https://elsewhere.example/ingest" }).end();
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  t.after(() => server.close());
  for (const status of [301, 302, 303, 307, 308]) {
    const client = new IngestClient({ url: `http://127.0.0.1:${server.address().port}/${status}` });
    await assert.rejects(client.ingest(event()), (error) => {
      assert(error instanceof IngestFailed);
      assert.equal(error.status, status);
      assert.equal(error.errors[0].code, "redirected");
      assert.match(error.message, new RegExp(`redirects with ${status} to https://elsewhere.example/ingest`));
      return true;
    });
    const { results } = await client.ingestBatch([event()]);
    assert.equal(results[0].errors[0].code, "redirected");
  }
  assert.equal(bodies.length, 10);
  // A browser hides the status and the address.
  const hidden = new IngestClient({ url, fetch: async () => ({ type: "opaqueredirect", status: 0, headers: new Headers(), text: async () => "" }) });
  await assert.rejects(hidden.ingest(event()), { message: /^redirected: the server redirects, and/ });
});

test("what is prepared is what is sent", async () => {
  const { fetch, requests } = fakeFetch(() => accepted());
  const client = new IngestClient({ url, fetch });
  for (const given of [event(), ` ${eventText()}\n`, { ...event(), payload: undefined, payloadText: '{"steps":1e1}' }]) {
    if (given.payloadText !== undefined) delete given.payload;
    const { event_id, text } = client.prepare(given);
    assert.equal(event_id, eventId(event()));
    await client.ingest(given);
    assert.equal(requests.at(-1).text, text);
  }
  assert.throws(() => client.prepare(event({ source: "" })), EventRejected);
});

test("a request is kept alive when that is asked for, and sent before the call returns", async () => {
  const { fetch, requests } = fakeFetch(({ url }) => accepted(url.endsWith("dry_run=true") ? { dry_run: true } : {}));
  const client = new IngestClient({ url, fetch });
  const sent = client.ingest(event(), { keepalive: true });
  assert.equal(requests.length, 1);
  await sent;
  await client.ingest(event());
  await client.dryRun(event(), { keepalive: true });
  assert.deepEqual(requests.map(({ keepalive }) => keepalive), [true, undefined, true]);
});

test("an aborted call ends with the signal's reason: before, during and between attempts", async (t) => {
  const reason = new Error("the user left");
  const counted = (answer) => fakeFetch(answer);

  const before = counted(() => accepted());
  const client = ({ fetch }) => new IngestClient({ url, fetch });
  await assert.rejects(client(before).ingest(event(), { signal: AbortSignal.abort(reason) }), reason);
  assert.equal(before.requests.length, 0);

  const during = new AbortController();
  const hanging = counted(({ signal }) => new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason));
    during.abort(reason);
  }));
  await assert.rejects(client(hanging).ingest(event(), { signal: during.signal }), reason);
  assert.equal(hanging.requests.length, 1);

  const between = new AbortController();
  const away = counted(() => failed(503, "unavailable", { "retry-after": "30" }));
  const { setTimeout } = globalThis;
  t.mock.method(globalThis, "setTimeout", (then, milliseconds) => {
    queueMicrotask(() => between.abort(reason));
    return setTimeout(then, milliseconds);
  });
  await assert.rejects(client(away).ingest(event(), { signal: between.signal }), reason);
  assert.equal(away.requests.length, 1);
});

test("a signal that never fires keeps no listener", async (t) => {
  shortPauses(t);
  const { signal } = new AbortController();
  let listeners = 0;
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = function (...args) { listeners++; return addEventListener.apply(this, args); };
  signal.removeEventListener = function (...args) { listeners--; return removeEventListener.apply(this, args); };
  const { fetch } = fakeFetch((_, turn) => (turn < 4 ? failed(503, "unavailable") : accepted()));
  await new IngestClient({ url, fetch }).ingest(event(), { signal });
  assert.equal(listeners, 0);
});

test("the global fetch is used as it is at the call, against a server that drops its first answer", async (t) => {
  const bodies = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (piece) => (body += piece)).on("end", () => {
      bodies.push(body);
      if (bodies.length === 1) return request.socket.destroy();
      response.setHeader("content-type", "application/json").end(JSON.stringify(accepted().json));
    });
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  t.after(() => server.close());
  const client = new IngestClient({ url: `http://127.0.0.1:${server.address().port}/` });
  assert.equal((await client.ingest(event())).status, "ACCEPTED");
  assert.deepEqual(bodies, [JSON.stringify(event()), JSON.stringify(event())]);
});
