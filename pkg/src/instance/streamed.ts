/** The wasm as a file of its own, compiled while it is downloaded. */

import init, { eventId, preview } from "../../wasm/pik_wasm.js";
import type { Core } from "./instance.js";

/** Where the wasm is: an address, an answer that has it, its bytes, or a compiled module. */
export type WasmSource = string | URL | Response | PromiseLike<Response> | ArrayBuffer | ArrayBufferView<ArrayBuffer> | WebAssembly.Module;

let starting: Promise<void> | undefined;
let started = false;

/**
 * Loads the wasm. Await it once before anything else of this entry is called. Without `source` the file beside the package
 * is fetched; bundlers take it along. After a failure the next call tries again.
 */
export function ready(source?: WasmSource): Promise<void> {
  starting ??= start(source).catch((error: unknown) => {
    starting = undefined;
    throw error;
  });
  return starting;
}

async function start(source?: WasmSource): Promise<void> {
  // Bundlers know this form and take the file along.
  await init({ module_or_path: source ?? new URL("../wasm/pik_wasm_bg.wasm", import.meta.url) });
  started = true;
}

/** The core, once it is ready. */
export function core(): Core {
  if (!started) throw new Error("pik-client/streaming is not ready; `await ready()` before the first call");
  return { eventId, preview };
}
