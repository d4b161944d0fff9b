/** The wasm as part of the JavaScript: inflated and compiled at the first call, and nothing happens at the import. */

import { inflateSync } from "fflate";

import { eventId, initSync, preview } from "../../wasm/pik_wasm.js";
import type { Core } from "./instance.js";
import deflated from "../../wasm/pik_wasm_bg.wasm?deflated";

let started = false;

/** The core, started. */
export function core(): Core {
  if (!started) {
    initSync({ module: inflateSync(Uint8Array.from(atob(deflated), (character) => character.charCodeAt(0))) });
    started = true;
  }
  return { eventId, preview };
}
