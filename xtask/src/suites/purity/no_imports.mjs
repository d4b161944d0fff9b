// node no_imports.mjs MODULE CRATE: fails if the module asks its host for anything, if an engine does
// not take it, or if it has no function of the crate (a module of nothing has no imports either).
import { readFileSync } from "node:fs";

const [path, crate] = process.argv.slice(2);
const module = new WebAssembly.Module(readFileSync(path));

const imports = WebAssembly.Module.imports(module);
for (const { module, name, kind } of imports) console.error(`imports the ${kind} ${module}.${name}`);
if (imports.length > 0) process.exit(1);

const names = WebAssembly.Module.customSections(module, "name").map((section) => Buffer.from(section).toString("latin1"));
// Both of rustc's manglings write a crate's name behind its length.
const functions = names.join("").split(`${crate.length}${crate}`).length - 1;
if (functions === 0) {
  console.error(`has no function of ${crate}`);
  process.exit(1);
}

new WebAssembly.Instance(module, {});
console.log(`${functions} names of ${crate}, no imports`);
