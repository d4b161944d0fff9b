import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { gzipSync } from "node:zlib";

const at = (path) => new URL(`../${path}`, import.meta.url);
const read = (path) => readFileSync(at(path));
const zipped = (path) => gzipSync(read(path), { level: 9 }).length;

test("the wasm takes at most 40 KB on its way to a page, the JavaScript 8 KB", (t) => {
  const bundles = readdirSync(at("dist")).filter((name) => /\.c?js$/.test(name));
  assert.deepEqual(bundles.sort(), ["browser.js", "node.cjs", "node.js", "workerd.js"]);
  const wasm = zipped("wasm/pik_wasm_bg.wasm");
  t.diagnostic(`wasm: ${read("wasm/pik_wasm_bg.wasm").length} bytes, gzipped ${wasm}`);
  assert(wasm <= 40_000, `the wasm has ${wasm} bytes gzipped`);
  for (const name of bundles) {
    const bundle = zipped(`dist/${name}`);
    t.diagnostic(`${name}: ${read(`dist/${name}`).length} bytes, gzipped ${bundle}`);
    assert(bundle <= 8_000, `${name} has ${bundle} bytes gzipped`);
  }
});

test("the wasm asks its host for nothing but what its glue gives: no clock, no randomness", () => {
  const module = new WebAssembly.Module(read("wasm/pik_wasm_bg.wasm"));
  // Each hash at the end is of the function's own description.
  const imports = WebAssembly.Module.imports(module).map(({ module, name, kind }) => `${module} ${kind} ${name.replace(/_[0-9a-f]{16}$/, "")}`);
  const glue = [
    "__wbg_new", "__wbg_new",
    ...["canonical_payload", "code", "event_id", "event_time", "key_prefix", "message", "path", "payload_hash"].map((field) => `__wbg_set_${field}`),
    "__wbindgen_generic", "__wbindgen_init_externref_table",
  ];
  assert.deepEqual(imports.sort(), glue.map((name) => `./pik_wasm_bg.js function ${name}`));
  const text = read("wasm/pik_wasm.js").toString();
  for (const word of ["Math.random", "crypto", "Date", "performance", "eval"]) assert(!text.includes(word), word);
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
  assert.deepEqual(packed.filter((path) => !/^(dist|wasm)\/|^package\.json$|^README\.md$/.test(path)), []);
});

test("no lock file names the place it was made from", () => {
  assert(!/"resolved"/.test(read("package-lock.json")));
});
