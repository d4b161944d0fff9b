/** Node.js, as an ES module: the wasm is read from its file at once. */

import { readFileSync } from "node:fs";

import { initSync } from "../wasm/pik_wasm.js";

initSync({ module: readFileSync(new URL("../wasm/pik_wasm_bg.wasm", import.meta.url)) });

export * from "./index.js";
