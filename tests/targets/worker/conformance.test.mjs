// What every store must do, on R2 and D1 in workerd: one request a check.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { account, bundle, start } from "./workerd.mjs";

const NONCE = Date.now();
let worker;
before(async () => { worker = await start(bundle("worker-conformance"), account()); });
after(() => worker.stop());

for (const suite of ["store", "halves", "queries", "split-queries", "rejections", "bounded-rejections"]) {
  test(suite, async (context) => {
    const checks = await (await worker.send(`/${suite}`)).json();
    assert.ok(checks.length > 0);
    for (const check of checks) {
      await context.test(check, async () => {
        const response = await worker.send(`/${suite}/${check}?${NONCE}`);
        assert.equal(response.status, 200, await response.text());
      });
    }
  });
}

test("an instance that panicked is replaced", async () => {
  const response = await worker.send("/panic/now");
  assert.equal(response.status, 500);
  assert.equal((await worker.send("/store/ready")).status, 200);
});
