/** Cloudflare Workers, which hand out compiled modules and compile none at run time. */

import { eventId, initSync, preview } from "../../wasm/pik_wasm.js";
import type { Core } from "./instance.js";
import module from "../../wasm/pik_wasm_bg.wasm";

let started = false;

/** The core, started. */
export function core(): Core {
  if (!started) {
    initSync({ module });
    started = true;
  }
  return { eventId, preview };
}
