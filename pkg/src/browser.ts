/**
 * Browsers, with a bundler or without: importing waits until the wasm is there (top-level await), so that everything
 * can be called at once afterwards. Bundlers know `new URL(…, import.meta.url)` and take the file along.
 */

import load from "../wasm/pik_wasm.js";

await load({ module_or_path: new URL("../wasm/pik_wasm_bg.wasm", import.meta.url) });

export * from "./index.js";
