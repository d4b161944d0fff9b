// node wasm-node.mjs VECTORS RANDOM: the wasm in Node.js.
import { readFileSync } from "node:fs";
import * as core from "../../pkg/wasm/pik_wasm.js";
import { check, ofCore } from "./check.mjs";
import { readCases, report } from "./report.mjs";

core.initSync({ module: readFileSync(new URL("../../pkg/wasm/pik_wasm_bg.wasm", import.meta.url)) });
report(`wasm in Node.js ${process.versions.node}`, readCases(process.argv.slice(2)).map((lines) => check(lines, ofCore(core))));
