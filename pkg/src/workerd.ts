/** Cloudflare Workers, which hand out compiled modules and compile none at run time. */

import { initSync } from "../wasm/pik_wasm.js";
import module from "../wasm/pik_wasm_bg.wasm";

initSync({ module });

export * from "./index.js";
