// The Worker's entry, beside what wasm-bindgen makes of the crate.
import module from "./pik_worker_bg.wasm";
import { fetch, initSync } from "./pik_worker.js";

initSync({ module });

export default { fetch };
