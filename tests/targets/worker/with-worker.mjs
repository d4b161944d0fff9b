// node with-worker.mjs store|gate PIK COMMAND…: runs a command that asks the Worker at PIK_TEST_URL.
import { spawn } from "node:child_process";
import { startPik } from "../pik-server.mjs";
import { account, bundle, folder, start } from "./workerd.mjs";

const [mode, pik, command, ...args] = process.argv.slice(2);
// What the server takes by default.
const sizes = { PIK_MAX_BATCH_EVENTS: "10000", PIK_MAX_BATCH_BYTES: String(16 * 1024 * 1024) };
const server = mode === "gate" ? await startPik(pik, []) : undefined;
const worker = server === undefined
  ? await start(bundle("worker"), account(), sizes)
  : await start(bundle("worker"), folder(), { UPSTREAM: server.url, ...sizes });
try {
  const child = spawn(command, args, { stdio: "inherit", env: { ...process.env, PIK_TEST_URL: worker.url } });
  process.exitCode = await new Promise((done) => child.once("close", (code) => done(code ?? 1)));
} finally {
  await worker.stop();
  await server?.stop();
}
