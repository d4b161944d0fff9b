// What is promised of events, in workerd: the Worker as it is deployed.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { account, bundle, event, folder, start } from "./workerd.mjs";

const modules = bundle("worker");
let worker;
before(async () => { worker = await start(modules, account()); });
after(() => worker.stop());

test("64 posts of one event at once: one ACCEPTED, 63 DUPLICATE, one object", async () => {
  const answers = await Promise.all(
    Array.from({ length: 64 }, async (_, nth) => {
      const response = await worker.post(event("race") + " ".repeat(nth));
      return { status: response.status, body: await response.json() };
    }),
  );
  assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200]);
  const count = (status) => answers.filter(({ body }) => body.status === status).length;
  assert.deepEqual([count("ACCEPTED"), count("DUPLICATE")], [1, 63]);
  const keys = new Set(answers.map(({ body }) => body.s3_key));
  assert.equal(keys.size, 1);

  const database = await worker.database();
  const { results } = await database.prepare("SELECT status, entity_id FROM event").all();
  assert.deepEqual(results, [{ status: "ACCEPTED", entity_id: "race" }]);
  assert.equal((await database.prepare("SELECT count(*) AS n FROM duplicate").first("n")), 63);
  assert.deepEqual((await worker.objects()).map(({ key }) => key), [...keys]);
});

test("an object has its type, its metadata and its checksum", async () => {
  const { s3_key, event_id } = await (await worker.post(` ${event("object")}\n`)).json();
  const object = await (await worker.miniflare.getR2Bucket("RAW")).get(s3_key);
  assert.equal(await object.text(), event("object"));
  assert.equal(object.httpMetadata.contentType, "application/json");
  assert.deepEqual(Object.keys(object.customMetadata).sort(), ["event_id", "ingest_time", "payload_hash"]);
  assert.equal(object.customMetadata.event_id, event_id);
  assert.ok(object.checksums.sha256);
});

test("a dry run writes nothing", async () => {
  const before = (await worker.objects()).length;
  const answer = await (await worker.post(event("dry"), {}, "/ingest?dry_run=true")).json();
  assert.deepEqual([answer.status, answer.dry_run], ["ACCEPTED", true]);
  assert.equal((await worker.objects()).length, before);
  assert.equal((await worker.send(`/events/${answer.event_id}`)).status, 404);
});

test("logs and metrics are one JSON object a line, with the names of the other hosts", async () => {
  const body = event("logged", { secret: "hunter2" });
  const response = await worker.post(body, { "x-request-id": "mine-7", "cf-ray": "8f00-VIE" });
  assert.equal(response.headers.get("x-request-id"), "mine-7");
  const { event_id, ingest_lag_ms } = await response.json();
  const [line] = await worker.logged(1, ({ request_id }) => request_id === "mine-7");
  const { timestamp, latency_ms, ...rest } = line;
  assert.match(timestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assert.ok(latency_ms >= 0);
  assert.deepEqual(rest, {
    level: "INFO", message: "event", request_id: "mine-7", ray_id: "8f00-VIE", endpoint: "/ingest", http_status: 200,
    dry_run: false, event_id, entity_id: "logged", source: "worker", event_type: "tick", status: "ACCEPTED", ingest_lag_ms,
  });
  const [metrics] = await worker.logged(1, (line) => line._aws !== undefined && line.IngestLagMs?.includes(ingest_lag_ms));
  assert.equal(metrics._aws.CloudWatchMetrics[0].Namespace, "PipelineInvestigationKit");
  assert.deepEqual(metrics._aws.CloudWatchMetrics[0].Dimensions, [["WorkerName"]]);
  assert.deepEqual([metrics.WorkerName, metrics.IngestRequestCount, metrics.DuplicateCount], ["pik", 1, 0]);
  assert.ok(!worker.lines.join().includes("hunter2"));
});

test("a batch over the limit is refused as a whole, and says so", async () => {
  const batch = (count) => `[${Array.from({ length: count }, (_, nth) => event(`batch-${nth}`)).join()}]`;
  const before = (await worker.objects()).length;
  const refused = await worker.post(batch(17), {}, "/ingest/batch");
  assert.equal(refused.status, 413);
  const { status, errors } = await refused.json();
  assert.deepEqual([status, errors.length, errors[0].code], ["REJECTED", 1, "too_large"]);
  assert.equal((await worker.objects()).length, before);
  const taken = await (await worker.post(batch(16), {}, "/ingest/batch")).json();
  assert.deepEqual([taken.accepted, taken.failed], [16, 0]);
});

test("what was kept is there after a restart", async () => {
  const state = account();
  let host = await start(modules, state);
  const first = await (await host.post(event("restart"))).json();
  await host.stop();
  host = await start(modules, state);
  try {
    const again = await (await host.post(event("restart"))).json();
    assert.deepEqual([first.status, again.status, again.s3_key], ["ACCEPTED", "DUPLICATE", first.s3_key]);
    assert.equal(await (await host.send(`/events/${first.event_id}/raw`)).text(), event("restart"));
    const { event: record, duplicates } = await (await host.send(`/events/${first.event_id}`)).json();
    assert.deepEqual([record.status, record.ingest_lag_ms, duplicates.length], ["ACCEPTED", first.ingest_lag_ms, 1]);
  } finally {
    await host.stop();
  }
});

test("settings that cannot be right are answered 500, and told in the log", async () => {
  for (const [variables, told] of [
    [{ PIK_ALLOW_ANONYMOUS: "" }, "PIK_TOKENS"],
    [{ RAW_BUCKET: "" }, "RAW_BUCKET is not set"],
    [{ DRY_RUN: "yes" }, "DRY_RUN is `yes`"],
    [{ DRY_RUN: true }, "DRY_RUN is not a text"],
    [{ PIK_TOKENS: "two words" }, "a token is empty or has a character"],
  ]) {
    const host = await start(modules, folder(), variables);
    try {
      const response = await host.post(event("settings"));
      assert.deepEqual([response.status, (await response.json()).errors[0].code], [500, "internal"]);
      const [line] = await host.logged(1, ({ reason }) => reason?.includes(told));
      assert.equal(line.level, "ERROR");
      assert.equal((await host.objects()).length, 0);
    } finally {
      await host.stop();
    }
  }
});

test("tokens are asked for", async () => {
  const host = await start(modules, account(), { PIK_TOKENS: "one,two", PIK_ALLOW_ANONYMOUS: "" });
  try {
    assert.equal((await host.post(event("token"))).status, 401);
    assert.equal((await host.post(event("token"), { authorization: "Bearer three" })).status, 401);
    assert.equal((await host.post(event("token"), { authorization: "Bearer two" })).status, 200);
    assert.equal((await host.send("/healthz")).status, 200);
  } finally {
    await host.stop();
  }
});

test("without the migrations it is not ready, and says so in the log", async () => {
  const host = await start(modules, folder());
  try {
    assert.equal((await host.send("/readyz")).status, 503);
    const response = await host.post(event("unmigrated"));
    assert.equal(response.status, 503);
    assert.match((await response.json()).errors[0].message, /does not exist/);
    await host.logged(1, ({ reason }) => reason?.includes("no such table"));
    assert.equal((await host.objects()).length, 0);
  } finally {
    await host.stop();
  }
});
