// The vectors of the contract through the very wasm file that the server has in it: another compiler may have made it than made
// the one that the other suites test. Its glue is in the page's scripts, so its functions are called as they are.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { check, ofCore } from "../../tests/targets/check.mjs";

const VECTORS = join(import.meta.dirname, "../../tests/vectors");

/** Puts every vector to the module, and returns how many there are; throws where an answer differs. */
export function checkEmbedded(path) {
  const module = new WebAssembly.Module(readFileSync(path));
  const { exports } = new WebAssembly.Instance(module, { "./pik_wasm_bg.js": { __wbindgen_init_externref_table() {} } });
  const called = (ask) => (bytes) => {
    const at = exports.__wbindgen_malloc(bytes.length, 1);
    new Uint8Array(exports.memory.buffer).set(bytes, at);
    const [start, length] = ask(at, bytes.length);
    const answer = new Uint8Array(exports.memory.buffer, start, length).slice();
    exports.__wbindgen_free(start, length, 1);
    return answer;
  };
  const core = ofCore({ preview: called(exports.preview), eventId: called(exports.eventId) });
  // The vectors leave messages free.
  const target = { ...core, errorsOf: (thrown) => (Array.isArray(thrown) ? thrown.map(({ code, path }) => ({ code, path })) : undefined) };
  const files = readdirSync(VECTORS).filter((name) => name.endsWith(".jsonl"));
  let compared = 0;
  for (const name of files) {
    const found = check(readFileSync(join(VECTORS, name), "utf8"), target);
    if (found.different > 0) throw new Error(`${path}, ${name}: ${found.told.join("; ")}`);
    compared += found.compared;
  }
  return compared;
}
