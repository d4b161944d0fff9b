// A Worker that puts the cases posted to it to the wasm.
import { check, ofCore } from "./check.mjs";
import * as core from "./pik_wasm.js";
import module from "./pik_wasm_bg.wasm";

core.initSync({ module });

export default {
  fetch: async (request) => Response.json(check(await request.text(), ofCore(core))),
};
