/** The edge runtime of Next.js and Vercel, which hands out compiled modules to imports that end in `?module`. */

import { eventId, initSync, preview } from "../../wasm/pik_wasm.js";
import type { Core } from "./instance.js";
import module from "../../wasm/pik_wasm_bg.wasm?module";

let started = false;

/** The core, started. */
export function core(): Core {
  if (!started) {
    // Outside of Vercel the module comes from another realm, and the glue takes only what is an instance of this one's class.
    Object.setPrototypeOf(module, WebAssembly.Module.prototype);
    initSync({ module });
    started = true;
  }
  return { eventId, preview };
}
