// Runs in a page: what the package says of each body, and what the server says of the same body, through CORS.
import { IngestClient, preview, validate } from "/pkg/dist/index.js";
import { bodyOf } from "/check.mjs";

const AT_ONCE = 8;

/** Posts the cases of a file, valid or not, and returns how many were posted and what differs. */
export async function roundTrip(path, most, url, token) {
  const lines = (await (await fetch(path)).text()).split("\n").filter((line) => line !== "").slice(0, most);
  const texts = lines.map((line) => bodyOf(JSON.parse(line)).text).filter((text) => text !== undefined);
  const result = { accepted: 0, rejected: 0, batched: 0, told: [] };
  await withEach(texts, (text) => single(text, url, token, result));
  await batch(texts, url, token, result);
  return result;
}

/** Past the client, which would not send what is invalid. */
async function single(text, url, token, result) {
  const response = await fetch(`${url}/ingest`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: new TextEncoder().encode(text),
  });
  const answer = await response.json();
  const errors = validate(text);
  if (errors.length > 0) {
    result.rejected++;
    compare("status", answer.status, "REJECTED", result);
    compare("errors", answer.errors, errors, result);
  } else {
    const { event_id, key_prefix } = preview(text);
    result.accepted++;
    compare("event_id", answer.event_id, event_id, result);
    compare("key", answer.s3_key.slice(0, key_prefix.length), key_prefix, result);
  }
}

/** Through the client: all were stored just before. */
async function batch(texts, url, token, result) {
  const client = new IngestClient({ url, token });
  const { results, failed } = await client.ingestBatch(texts);
  compare("failed", failed, 0, result);
  for (const [index, text] of texts.entries()) {
    const { status, event_id, errors } = results[index];
    const expected = validate(text);
    result.batched++;
    if (expected.length > 0) compare("errors in a batch", [status, errors], ["REJECTED", expected], result);
    else compare("event_id in a batch", [status, event_id], ["DUPLICATE", preview(text).event_id], result);
  }
  const valid = texts.find((text) => validate(text).length === 0);
  const foretold = await client.dryRun(valid);
  compare("dry run", [foretold.status, foretold.dry_run], ["DUPLICATE", true], result);
}

async function withEach(items, work) {
  const queue = items.values();
  const worker = async () => {
    for (const item of queue) await work(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

function compare(what, given, expected, { told }) {
  const [left, right] = [given, expected].map((value) => JSON.stringify(value));
  if (left !== right) told.push(`${what}: the server says ${left}, the page ${right}`);
}
