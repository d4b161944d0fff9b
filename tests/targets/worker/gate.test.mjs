// The edge gate, in front of a real `pik serve`: node --test, with the program's path in PIK.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { gzipSync } from "node:zlib";
import { startPik } from "../pik-server.mjs";
import { bundle, event, folder, start } from "./workerd.mjs";

const { PIK } = process.env;
if (PIK === undefined) throw new Error("name the program `pik` in PIK");
const modules = bundle("worker");
const TOKEN = { authorization: "Bearer secret" };
let pik;
let gate;
before(async () => {
  pik = await startPik(PIK, ["--token", "secret"], "info");
  gate = await behind(pik.url);
});
after(async () => {
  await gate.stop();
  await pik.stop();
});

/** A gate without R2 and D1. */
const behind = (upstream, variables = {}) =>
  start(modules, folder(), { UPSTREAM: upstream, RAW_BUCKET: "", PIK_ALLOW_ANONYMOUS: "", ...variables }, { r2Buckets: {}, d1Databases: {} });

const answer = async (response) => ({ http: response.status, retryAfter: response.headers.get("retry-after"), ...(await response.json()) });

test("a valid event is the server's to ingest, under the same id", async () => {
  const headers = { ...TOKEN, "x-request-id": "through-the-gate" };
  const first = await answer(await gate.post(event("gate"), headers));
  assert.deepEqual([first.http, first.status], [200, "ACCEPTED"]);
  const direct = await fetch(`${pik.url}/events/${first.event_id}`, { headers: TOKEN });
  const { event: record } = await direct.json();
  assert.ok(record.receipt.startsWith("through-the-gate."));
  assert.equal((await answer(await gate.post(event("gate"), headers))).status, "DUPLICATE");
  // The bytes are those that came.
  const odd = ` ${event("odd").replace(",", " ,\n")}`;
  const { event_id } = await answer(await gate.post(odd, TOKEN));
  assert.equal(await (await gate.send(`/events/${event_id}/raw`, { headers: TOKEN })).text(), odd.trim());
  assert.ok(!pik.log().includes("edge_event_id"));
});

test("a compressed event goes on compressed", async () => {
  const headers = { ...TOKEN, "content-encoding": "gzip" };
  const { http, event_id } = await answer(await gate.post(gzipSync(event("gzip")), headers));
  assert.equal(http, 200);
  assert.equal(await (await gate.send(`/events/${event_id}/raw`, { headers: TOKEN })).text(), event("gzip"));
  assert.equal((await answer(await gate.post(gzipSync("{"), headers))).errors[0].code, "invalid_json");
});

test("what is wrong is answered at the edge, as the server would", async () => {
  const body = event("").replace("Z", "");
  const [edge, server] = await Promise.all([gate.post(body, TOKEN), fetch(`${pik.url}/ingest`, {
    method: "POST", headers: { "content-type": "application/json", ...TOKEN }, body,
  })]);
  assert.equal(edge.status, 400);
  assert.deepEqual(await edge.json(), await server.json());
  const seen = pik.log();
  const { status } = await answer(await gate.post("{}", { "x-request-id": "never-forwarded" }));
  assert.equal(status, "REJECTED");
  assert.ok(!pik.log().slice(seen.length).includes("never-forwarded"));
  assert.deepEqual((await gate.logged(1, ({ request_id }) => request_id === "never-forwarded")).map(({ status }) => status), ["REJECTED"]);
});

test("the server asks for the token", async () => {
  const refused = await gate.post(event("token"));
  assert.deepEqual([refused.status, refused.headers.get("www-authenticate")], [401, 'Bearer realm="pik"']);
});

test("a dry run stays one, whether gate or server asks for it", async () => {
  const asked = await answer(await gate.post(event("dry"), TOKEN, "/ingest?dry_run=true"));
  assert.deepEqual([asked.status, asked.dry_run], ["ACCEPTED", true]);
  const dry = await behind(pik.url, { DRY_RUN: "true" });
  try {
    const told = await answer(await dry.post(event("dry"), TOKEN));
    assert.deepEqual([told.status, told.dry_run], ["ACCEPTED", true]);
  } finally {
    await dry.stop();
  }
  assert.equal((await fetch(`${pik.url}/events/${asked.event_id}`, { headers: TOKEN })).status, 404);
});

test("batches and questions go on, and come back as the server answers them", async () => {
  const batch = await answer(await gate.post(`[${event("batched")},{},${event("gate")}]`, TOKEN, "/ingest/batch"));
  assert.deepEqual(batch.results.map(({ status }) => status), ["ACCEPTED", "REJECTED", "DUPLICATE"]);
  for (const path of ["/events?entity_id=batched", "/readyz", "/events/0", "/events?nothing=1"]) {
    const [edge, server] = await Promise.all([gate.send(path, { headers: TOKEN }), fetch(pik.url + path, { headers: TOKEN })]);
    assert.deepEqual([edge.status, await edge.json()], [server.status, await server.json()], path);
  }
  assert.equal((await gate.send("/healthz")).status, 200);
  assert.equal((await gate.send("/nothing")).status, 404);
  assert.equal((await gate.send("/ingest")).status, 405);
});

test("another id than the server's is logged by it, and the event is ingested under its own", async () => {
  const said = "0".repeat(64);
  const response = await fetch(`${pik.url}/ingest`, {
    method: "POST", headers: { "content-type": "application/json", "x-pik-event-id": said, ...TOKEN }, body: event("mismatch"),
  });
  const { status, event_id } = await response.json();
  assert.equal(status, "ACCEPTED");
  const warned = await pik.logged((line) => line.edge_event_id === said);
  assert.deepEqual([warned.level, warned.event_id, warned.status], ["WARN", event_id, "ACCEPTED"]);
});

test("a server that is away, silent, elsewhere or not one is 503, and nothing is kept", async () => {
  const gone = await startPik(PIK, []);
  await gone.stop();
  const silent = createServer(() => {});
  const moved = createServer((_, response) => response.writeHead(307, { location: pik.url }).end());
  const proxy = createServer((_, response) => response.writeHead(502, { "content-type": "text/html" }).end("<h1>Bad gateway"));
  const fine = createServer((_, response) => response.writeHead(200, { "content-type": "application/json" }).end('{"status":"ACCEPTED"}'));
  const servers = [silent, moved, proxy, fine];
  const urls = await Promise.all(servers.map((server) => new Promise((done) => {
    server.listen(0, "127.0.0.1", () => done(`http://127.0.0.1:${server.address().port}`));
  })));
  for (const url of [gone.url, ...urls]) {
    const host = await behind(url, { PIK_UPSTREAM_TIMEOUT: "1" });
    try {
      const { http, status, retryAfter, errors } = await answer(await host.post(event("away"), { ...TOKEN, "x-request-id": "away" }));
      assert.deepEqual([http, status, retryAfter, errors[0].code], [503, "ERROR", "1", "unavailable"], url);
      const [line] = await host.logged(1, ({ request_id }) => request_id === "away");
      assert.ok(line.level === "ERROR" && line.reason.includes("UPSTREAM"), JSON.stringify(line));
      // What is wrong needs no server to say so.
      assert.equal((await answer(await host.post("{}"))).status, "REJECTED");
    } finally {
      await host.stop();
    }
  }
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
});
