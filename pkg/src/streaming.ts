/** The same with the wasm as a file of its own, for the smallest first load: `await ready()` comes first. */

export * from "./index.js";
export { ready, type WasmSource } from "./instance/streamed.js";
