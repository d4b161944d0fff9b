// Failures at every call, before it and after it: whatever is left, the next attempt completes.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { account, bundle, event, start } from "./workerd.mjs";

const probed = { type: "ESModule", path: "probed.mjs", contents: readFileSync(new URL("probed.mjs", import.meta.url), "utf8") };
let worker;
before(async () => { worker = await start([probed, ...bundle("worker")], account(), { PIK_MAX_BATCH_EVENTS: "300" }); });
after(() => worker.stop());

const post = async (body, fault = "", path = "/ingest") => {
  const response = await worker.post(body, { "x-test-fault": fault }, path);
  const cost = JSON.parse(response.headers.get("x-test-cost"));
  return { http: response.status, retryAfter: response.headers.get("retry-after"), cost, ...(await response.json()) };
};

/** What R2 and D1 have of an entity's one event. */
async function kept(entity) {
  const database = await worker.database();
  const rows = await database.prepare("SELECT lower(hex(event_id)) AS id, status FROM event WHERE entity_id = ?").bind(entity).all();
  const ids = rows.results.map(({ id }) => id);
  const duplicates = await database.prepare("SELECT count(*) AS n FROM duplicate WHERE lower(hex(event_id)) = ?").bind(ids[0] ?? "").first("n");
  const objects = (await worker.objects()).filter(({ key }) => ids.some((id) => key.includes(id)));
  return { statuses: rows.results.map(({ status }) => status), objects: objects.length, duplicates };
}

// What dying there leaves, and what the next attempt is answered. A commit whose answer was lost has happened: the client's
// next attempt is a later one.
const died = [
  ["claim:before", { statuses: [], objects: 0, duplicates: 0 }, "ACCEPTED"],
  ["claim:after", { statuses: ["PENDING"], objects: 0, duplicates: 0 }, "ACCEPTED"],
  ["put:before", { statuses: ["PENDING"], objects: 0, duplicates: 0 }, "ACCEPTED"],
  ["put:after", { statuses: ["PENDING"], objects: 1, duplicates: 0 }, "ACCEPTED"],
  ["commit:before", { statuses: ["PENDING"], objects: 1, duplicates: 0 }, "ACCEPTED"],
  ["commit:after", { statuses: ["ACCEPTED"], objects: 1, duplicates: 0 }, "DUPLICATE"],
];

for (const [fault, left, next] of died) {
  test(`a request that dies at ${fault}`, async () => {
    const failed = await post(event(fault), fault);
    assert.deepEqual([failed.http, failed.status, failed.errors[0].code, failed.retryAfter], [503, "ERROR", "unavailable", "1"]);
    assert.deepEqual(await kept(fault), left);

    const { event_id } = await post(event(fault), "", "/ingest?dry_run=true");
    const shown = await worker.send(`/events/${event_id}`);
    assert.equal(shown.status, next === "DUPLICATE" ? 200 : 404, "no client was told that a PENDING event is safe");

    const retried = await post(`${event(fault)} `);
    assert.deepEqual([retried.http, retried.status], [200, next]);
    const done = { statuses: ["ACCEPTED"], objects: 1, duplicates: next === "DUPLICATE" ? 1 : 0 };
    assert.deepEqual(await kept(fault), done);
    assert.equal((await post(event(fault))).status, "DUPLICATE");
    assert.deepEqual(await kept(fault), { ...done, duplicates: done.duplicates + 1 });
    assert.equal(await (await worker.send(`/events/${event_id}/raw`)).text(), event(fault));
  });
}

for (const when of ["before", "after"]) {
  test(`a duplicate that dies at its record, ${when}`, async () => {
    const entity = `duplicate-${when}`;
    assert.equal((await post(event(entity))).status, "ACCEPTED");
    assert.equal((await post(event(entity), `duplicate:${when}`)).http, 503);
    assert.equal((await kept(entity)).duplicates, when === "after" ? 1 : 0);
    // Another attempt is another occurrence.
    assert.equal((await post(event(entity))).status, "DUPLICATE");
    assert.equal((await kept(entity)).duplicates, when === "after" ? 2 : 1);
  });
}

test("what events cost is what the README says", async () => {
  const { cost: accepted } = await post(event("cost"));
  const { cost: duplicate } = await post(event("cost"));
  const { cost: dry } = await post(event("cost"), "", "/ingest?dry_run=true");
  const readme = readFileSync(new URL("../../../hosts/worker/README.md", import.meta.url), "utf8");
  for (const [name, { calls, statements, rows_written, rows_read, puts }] of Object.entries({ ACCEPTED: accepted, DUPLICATE: duplicate, "dry run": dry })) {
    const row = `| ${name} | ${calls} | ${statements} | ${rows_written} | ${rows_read} | ${puts} |`;
    assert.ok(readme.includes(row), `the README has no row ${row}`);
  }
});

test("a request is one data point, without a value of the client's", async () => {
  const points = async (...args) => JSON.parse((await worker.post(...args)).headers.get("x-test-points"));
  const [{ indexes, blobs, doubles }, ...more] = await points(event("point"));
  assert.deepEqual([indexes, blobs, more], [["pik"], ["/ingest", "200", ""], []]);
  assert.deepEqual(doubles.slice(0, 5), [1, 1, 0, 0, 0]);
  assert.ok(doubles[5] >= 0 && doubles[6] > 0);
  const [dry] = await points(`[${event("point")},{}]`, {}, "/ingest/batch?dry_run=true");
  assert.deepEqual([dry.blobs, dry.doubles.slice(0, 5)], [["/ingest/batch", "200", "dry_run"], [2, 0, 1, 1, 0]]);
});

test("a batch in which one event fails is 503, and only that one is sent again", async () => {
  const batch = `[${Array.from({ length: 100 }, (_, nth) => event(`many-${nth}`)).join()}]`;
  const failed = await post(batch, "commit:before", "/ingest/batch");
  assert.equal(failed.http, 503);
  assert.ok(failed.failed > 0 && failed.failed + failed.accepted === 100);
  const retried = await post(batch, "", "/ingest/batch");
  assert.deepEqual([retried.http, retried.failed, retried.accepted], [200, 0, failed.failed]);
  assert.equal(retried.duplicate, failed.accepted);
});
