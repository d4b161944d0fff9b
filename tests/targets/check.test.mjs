// The check itself: an answer that differs in anything is told.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import * as core from "../../pkg/wasm/pik_wasm.js";
import * as pik from "../../pkg/dist/index.js";
import { check, ofCore, ofPackage } from "./check.mjs";

core.initSync({ module: readFileSync(new URL("../../pkg/wasm/pik_wasm_bg.wasm", import.meta.url)) });

const valid = {
  name: "valid",
  body: '{"source":"demo","event_type":"heartbeat","entity_id":"user_123","event_time":"2025-12-28T23:59:59Z","payload":{"steps":10}}',
  result: "accept",
  event_id: "59a3f098414a504e256530ab459d1f7e63f9c3c089ddee6fd42ba77525e14bec",
  payload_hash: "2c789a8611e9a36b1e8e5ee714886ab3e7efa24325c1f7cac0b5c75b56e6d881",
  event_time: "2025-12-28T23:59:59Z",
  canonical_payload: '{"steps":10}',
  s3_key: "raw/source=demo/event_type=heartbeat/event_date=2025-12-28/ingest_date=2025-12-29/…",
};
const { payload, ...rest } = JSON.parse(valid.body);
const invalid = {
  name: "invalid",
  body: JSON.stringify({ ...rest, source: "" }),
  result: "reject",
  errors: [
    { code: "empty", path: "/source", message: "`source` is empty; give it a value" },
    { code: "missing_field", path: "/payload", message: "`payload` is missing; add it" },
  ],
};

const targets = { wasm: ofCore(core), package: ofPackage(pik) };
const different = (vector, target) => check(JSON.stringify(vector), target).different;

for (const [name, target] of Object.entries(targets)) {
  test(`${name}: what is equal passes`, () => {
    assert.equal(different(valid, target), 0);
    assert.equal(different(invalid, target), 0);
    const { canonical_payload, ...long } = valid;
    assert.equal(different(long, target), 0);
  });

  test(`${name}: any other id, hash, time, payload or key is told`, () => {
    for (const field of ["event_id", "payload_hash", "event_time", "canonical_payload", "s3_key"]) {
      assert(different({ ...valid, [field]: valid[field].replace(/\d/, (digit) => 9 - digit) }, target) > 0, field);
    }
  });

  test(`${name}: any other code, path, message, order or number of errors is told`, () => {
    const [first, second] = invalid.errors;
    for (const field of ["code", "path", "message"]) {
      assert(different({ ...invalid, errors: [{ ...first, [field]: `${first[field]}.` }, second] }, target) > 0, field);
    }
    for (const errors of [[first], [second, first], [first, second, second], []]) {
      assert(different({ ...invalid, errors }, target) > 0);
    }
  });

  test(`${name}: accepting what is invalid is told, and rejecting what is valid`, () => {
    assert(different({ ...valid, body: invalid.body }, target) > 0);
    assert(different({ ...invalid, body: valid.body }, target) > 0);
  });
}

test("a target that throws something else is told", () => {
  const broken = { ...core, preview: () => { throw new Error("unreachable"); } };
  assert(different(valid, ofCore(broken)) > 0);
  const brokenPackage = { ...pik, preview: () => { throw new Error("unreachable"); } };
  assert(different(invalid, ofPackage(brokenPackage)) > 0);
});

test("a body that is not UTF-8 is for the wasm and not for the package", () => {
  const vector = { ...invalid, body: undefined, body_hex: "ff" };
  assert.equal(check(JSON.stringify(vector), targets.package).notForIt, 1);
  assert.equal(check(JSON.stringify(vector), targets.wasm).compared, 1);
});
