// How much processor time V8 takes to start the Worker: to compile the module, instantiate it and run what runs before the first
// request. In Node.js, whose process tells its own processor time; all threads count. node startup.mjs [RUNS].
import { execFileSync } from "node:child_process";
import { cpSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { folder } from "./workerd.mjs";

const RUNS = Number(process.argv[2] ?? 15);
const made = folder();
cpSync(join(import.meta.dirname, "../../../target/worker"), made, { recursive: true });
writeFileSync(join(made, "package.json"), '{"type":"module"}');
writeFileSync(join(made, "start.mjs"), `
  import { readFileSync } from "node:fs";
  const bytes = readFileSync(new URL("pik_worker_bg.wasm", import.meta.url));
  const before = process.cpuUsage();
  const { initSync } = await import("./pik_worker.js");
  initSync({ module: new WebAssembly.Module(bytes) });
  const { user, system } = process.cpuUsage(before);
  console.log((user + system) / 1000);
`);

// A process each: a second start in one would find compiled code.
const start = () => Number(execFileSync(process.execPath, [join(made, "start.mjs")], { encoding: "utf8" }));
const times = Array.from({ length: RUNS }, start).sort((one, other) => one - other);
const told = (ms) => `${ms.toFixed(0)} ms`;
console.log(`| processor time to start, V8 ${process.versions.v8}, median of ${RUNS} (least, most) | ${told(times[RUNS >> 1])} (${told(times[0])}, ${told(times.at(-1))}) |`);
