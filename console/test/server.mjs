// A `pik` of one's own: a free port, data in a folder that is thrown away, ended when the test ends.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** A folder that is thrown away. */
export function folder() {
  const path = mkdtempSync(join(tmpdir(), "pik-console-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** Starts `pik` with arguments and an environment, and returns its address and how to end it. */
export async function start(pik, args, env = {}) {
  const program = spawn(pik, args, { stdio: ["ignore", "pipe", "inherit"], env: { ...process.env, ...env } });
  const ended = new Promise((done) => program.once("close", done));
  const told = new Promise((found) => {
    createInterface(program.stdout).on("line", (line) => {
      const address = /^(?:listening|console) on (http:\/\/[^/\s]+)/.exec(line)?.[1];
      if (address !== undefined) found(address);
    });
  });
  const url = await Promise.race([told, ended.then((code) => Promise.reject(new Error(`pik ${args.join(" ")} ended with ${code}`)))]);
  const stop = async (signal = "SIGTERM") => {
    program.kill(signal);
    await ended;
  };
  return { url, stop };
}

/** `pik serve` on a folder. */
export function serve(pik, data, args = [], listen = "127.0.0.1:0", env = {}) {
  return start(pik, ["serve", "--listen", listen, "--data", data, "--log-level", "error", ...args], env);
}
