// node wasm-workerd.mjs VECTORS RANDOM: the wasm in workerd.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { readCases, report } from "./report.mjs";
import { checkInWorkerd } from "./workerd.mjs";

const read = (path) => readFileSync(new URL(path, import.meta.url));
const modules = [
  { type: "ESModule", path: "wasm-worker.mjs", contents: read("wasm-worker.mjs").toString() },
  { type: "ESModule", path: "check.mjs", contents: read("check.mjs").toString() },
  { type: "ESModule", path: "pik_wasm.js", contents: read("../../pkg/wasm/pik_wasm.js").toString() },
  { type: "CompiledWasm", path: "pik_wasm_bg.wasm", contents: read("../../pkg/wasm/pik_wasm_bg.wasm") },
];
const { version } = createRequire(createRequire(import.meta.url).resolve("miniflare"))("workerd/package.json");
report(`wasm in workerd ${version}`, await checkInWorkerd(modules, readCases(process.argv.slice(2))));
