// What Wrangler makes of a Worker, without deploying it.
import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync, rmSync } from "node:fs";
import { basename, join } from "node:path";

const MODULES = join(import.meta.dirname, "node_modules");

export const WRANGLER_VERSION = JSON.parse(readFileSync(join(MODULES, "wrangler/package.json"), "utf8")).version;

/** Bundles `entry` in `folder`, and returns the modules that would be uploaded, the entry first. */
export function bundleWorker(folder, entry) {
  const made = join(folder, "worker");
  rmSync(made, { recursive: true, force: true });
  execFileSync(join(MODULES, ".bin/wrangler"), ["deploy", entry, "--dry-run", "--outdir", "worker"], {
    cwd: folder,
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, WRANGLER_SEND_METRICS: "false" },
  });
  const main = `${basename(entry, ".mjs")}.js`;
  const wasm = readdirSync(made).filter((name) => name.endsWith(".wasm"));
  return [
    { type: "ESModule", path: main, contents: readFileSync(join(made, main), "utf8") },
    ...wasm.map((name) => ({ type: "CompiledWasm", path: name, contents: readFileSync(join(made, name)) })),
  ];
}
