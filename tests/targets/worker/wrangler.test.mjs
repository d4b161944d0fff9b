// The commands of the README, as far as they need no account.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { event, folder, wrangler, wranglerCommand } from "./workerd.mjs";

test("wrangler dev serves what build-worker built, on a migrated database", async () => {
  const state = folder();
  assert.match(wrangler("d1", "migrations", "list", "pik", "--local", "--persist-to", state), /0001_records\.sql/);
  wrangler("d1", "migrations", "apply", "pik", "--local", "--persist-to", state);
  assert.doesNotMatch(wrangler("d1", "migrations", "list", "pik", "--local", "--persist-to", state), /0001_records\.sql/);

  const { program, args, options } = wranglerCommand(
    "dev", "--ip", "127.0.0.1", "--port", "0", "--inspector-port", "0", "--persist-to", state, "--var", "PIK_ALLOW_ANONYMOUS:true",
  );
  const dev = spawn(program, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
  const ended = new Promise((done) => dev.once("close", done));
  try {
    const url = await Promise.race([ready(dev), ended.then((code) => Promise.reject(new Error(`wrangler dev ended with ${code}`)))]);
    const post = () => fetch(`${url}/ingest`, {
      method: "POST", headers: { "content-type": "application/json", connection: "close" }, body: event("dev"),
    });
    const answers = [await (await post()).json(), await (await post()).json()];
    assert.deepEqual(answers.map(({ status }) => status), ["ACCEPTED", "DUPLICATE"]);
  } finally {
    dev.kill("SIGINT");
    await ended;
  }
});

/** The address that it says it is ready on. */
async function ready(dev) {
  for await (const line of createInterface(dev.stdout)) {
    const url = /Ready on (http:\/\/127\.0\.0\.1:\d+)/.exec(line)?.[1];
    if (url !== undefined) return url;
  }
  return new Promise(() => {});
}
