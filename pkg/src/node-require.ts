/** Node.js, for `require`: the wasm is read from its file at once. */

import { readFileSync } from "node:fs";
import { join } from "node:path";

import { initSync } from "../wasm/pik_wasm.js";

initSync({ module: readFileSync(join(__dirname, "../wasm/pik_wasm_bg.wasm")) });

export * from "./index.js";
