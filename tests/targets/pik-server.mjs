// A `pik serve` of one's own: a free port, data in a folder that is thrown away, ended when the test ends.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** Starts the program `pik`, and returns its address and how to end it. */
export async function startPik(pik, args) {
  const data = mkdtempSync(join(tmpdir(), "pik-"));
  const server = spawn(pik, ["serve", "--listen", "127.0.0.1:0", "--data", data, "--log-level", "error", ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise((done) => server.once("close", done));
  const stop = async () => {
    server.kill("SIGTERM");
    await ended;
    rmSync(data, { recursive: true, force: true });
  };
  try {
    return { url: await Promise.race([listening(server), ended.then((code) => Promise.reject(new Error(`pik serve ended with ${code}`)))]), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function listening(server) {
  for await (const line of createInterface(server.stdout)) {
    const address = /^listening on (\S+)$/.exec(line)?.[1];
    if (address !== undefined) return address;
  }
  throw new Error("pik serve printed no address");
}
