// What every store must do, on R2 and D1 in workerd: one request a check.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { account, bundle, start } from "./workerd.mjs";

const NONCE = Date.now();
// Every question is asked where there is the index for event times.
const INDEXED = ["queries", "split-queries"];
let worker, indexed;
before(async () => {
  const modules = bundle("worker-conformance");
  worker = await start(modules, account());
  indexed = await start(modules, account({ eventTimes: true }));
});
after(() => Promise.all([worker.stop(), indexed.stop()]));

for (const suite of ["store", "halves", ...INDEXED, "without-event-times", "rejections", "bounded-rejections"]) {
  test(suite, async (context) => {
    const host = INDEXED.includes(suite) ? indexed : worker;
    const checks = await (await host.send(`/${suite}`)).json();
    assert.ok(checks.length > 0);
    for (const check of checks) {
      await context.test(check, async () => {
        const response = await host.send(`/${suite}/${check}?${NONCE}`);
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
