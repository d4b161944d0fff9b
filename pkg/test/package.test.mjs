import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { createContext, runInContext } from "node:vm";
import { gzipSync } from "node:zlib";

const at = (path) => new URL(`../${path}`, import.meta.url);
const read = (path) => readFileSync(at(path));
const zipped = (path) => gzipSync(read(path), { level: 9 }).length;

/** The most bytes of each file, gzipped: what a page downloads of it. */
const LIMITS = {
  "wasm/pik_wasm_bg.wasm": 40_000,
  "dist/index.js": 56_000,
  "dist/index.cjs": 56_000,
  "dist/streaming.js": 9_000,
  "dist/workerd.js": 9_000,
  "dist/edge-light.js": 9_000,
  "dist/queue.js": 4_000,
  "dist/queue.cjs": 4_000,
  "dist/queue-node.js": 4_000,
  "dist/queue-node.cjs": 4_000,
  "dist/streaming-inlined.js": 1_000,
  "dist/streaming-inlined.cjs": 1_000,
  "dist/streaming-workerd.js": 1_000,
  "dist/streaming-edge-light.js": 1_000,
};

test("each file is small on its way to a page", (t) => {
  const bundles = readdirSync(at("dist")).filter((name) => /\.c?js$/.test(name)).map((name) => `dist/${name}`);
  assert.deepEqual([...bundles, "wasm/pik_wasm_bg.wasm"].sort(), Object.keys(LIMITS).sort());
  for (const [path, most] of Object.entries(LIMITS)) {
    t.diagnostic(`${path}: ${read(path).length} bytes, gzipped ${zipped(path)}`);
    assert(zipped(path) <= most, `${path} has ${zipped(path)} bytes gzipped, over ${most}`);
  }
});

test("importing does nothing: no entry awaits, looks up a global, or keeps what is not used", () => {
  for (const path of Object.keys(LIMITS).filter((path) => /\.c?js$/.test(path))) {
    // A context without anything but the language itself.
    const text = read(path).toString().replace(/^import .*?;$/gm, "");
    assert(!/^await /m.test(text), `${path} awaits`);
  }
  const bare = createContext(Object.create(null));
  const exports = {};
  runInContext(`(function (module, exports) {${read("dist/index.cjs")}})`, bare)({ exports }, exports);
});

test("the wasm asks its host for nothing but what its glue gives: no clock, no randomness", () => {
  const module = new WebAssembly.Module(read("wasm/pik_wasm_bg.wasm"));
  // Each hash at the end is of the function's own description.
  const imports = WebAssembly.Module.imports(module).map(({ module, name, kind }) => `${module} ${kind} ${name.replace(/_[0-9a-f]{16}$/, "")}`);
  assert.deepEqual(imports, ["./pik_wasm_bg.js function __wbindgen_init_externref_table"]);
  const text = read("wasm/pik_wasm.js").toString();
  for (const word of ["Math.random", "crypto", "Date", "performance", "eval", "TextDecoder", "TextEncoder"]) assert(!text.includes(word), word);
});

test("the package has what its exports name, the wasm, the licences and the README, and no sources", () => {
  const listing = execFileSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], { cwd: at("."), stdio: ["ignore", "pipe", "ignore"] });
  const [{ files }] = JSON.parse(listing);
  const packed = files.map(({ path }) => path);
  const { exports, main, types } = JSON.parse(read("package.json"));
  const named = (entry) => (typeof entry === "string" ? [entry] : Object.values(entry).flatMap(named));
  for (const path of [...named(exports), main, types].map((path) => path.replace("./", ""))) {
    assert(packed.includes(path), `${path} is not packed`);
    assert(existsSync(at(path)), path);
  }
  for (const path of ["README.md", "dist/LICENSE-MIT", "dist/LICENSE-APACHE"]) assert(packed.includes(path), `${path} is not packed`);
  assert.deepEqual(packed.filter((path) => !/^(dist|queue|streaming|wasm)\/|^package\.json$|^README\.md$/.test(path)), []);
});

test("no lock file names the place it was made from", () => {
  assert(!/"resolved"/.test(read("package-lock.json")));
});
