// A `pik serve` of one's own: a free port, data in a folder that is thrown away, ended when the test ends.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** Starts the program `pik`, and returns its address, its log and how to end it. */
export async function startPik(pik, args, level = "error") {
  const data = mkdtempSync(join(tmpdir(), "pik-"));
  const server = spawn(pik, ["serve", "--listen", "127.0.0.1:0", "--data", data, "--log-level", level, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const lines = [];
  if (level === "error") server.stderr.pipe(process.stderr);
  createInterface(server.stderr).on("line", (line) => lines.push(line));
  const ended = new Promise((done) => server.once("close", done));
  const stop = async () => {
    server.kill("SIGTERM");
    await ended;
    rmSync(data, { recursive: true, force: true });
  };
  const log = () => lines.join("\n");
  try {
    const url = await Promise.race([listening(server), ended.then((code) => Promise.reject(new Error(`pik serve ended with ${code}: ${log()}`)))]);
    return { url, stop, log, logged: (wanted) => logged(lines, wanted) };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The first log line that is wanted, once it is there. */
async function logged(lines, wanted) {
  const start = Date.now();
  for (;;) {
    const found = lines.filter((line) => line.startsWith("{")).map((line) => JSON.parse(line)).find(wanted);
    if (found !== undefined) return found;
    if (Date.now() - start > 10_000) throw new Error(`not in the log: ${wanted}`);
    await new Promise((done) => setTimeout(done, 20));
  }
}

async function listening(server) {
  for await (const line of createInterface(server.stdout)) {
    const address = /^listening on (\S+)$/.exec(line)?.[1];
    if (address !== undefined) return address;
  }
  // It has ended, and how is told elsewhere.
  return new Promise(() => {});
}
