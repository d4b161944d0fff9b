// Bun and Deno.
import { join } from "node:path";
import { programIn, ran } from "./bundlers.mjs";
import { run } from "./program.mjs";
import { version } from "./version.mjs";

const bun = ({ here }) => join(here, "node_modules/.bin/bun");
const deno = ({ here }) => join(here, "node_modules/.bin/deno");

export const runtimes = {
  Bun: async (bench, name) => ran(bun(bench), [join(programIn(bench, "bun"), "program.mjs")], bench, `${name} ${version(bench.here, "bun")}`),

  "`bun build`": async (bench, name) => {
    const folder = programIn(bench, "bun-build");
    await run(bun(bench), ["build", "program.mjs", "--target", "node", "--outfile", "bundle.mjs"], { cwd: folder });
    await ran(process.execPath, [join(folder, "bundle.mjs")], bench, `${name} ${version(bench.here, "bun")}`);
  },

  "`bun build --compile`": async (bench, name) => {
    const folder = programIn(bench, "bun-compile");
    await run(bun(bench), ["build", "program.mjs", "--compile", "--outfile", "program"], { cwd: folder });
    await ran(join(folder, "program"), [], bench, `${name} ${version(bench.here, "bun")}`);
  },

  Deno: async (bench, name) => {
    const folder = programIn(bench, "deno");
    const args = ["run", "--node-modules-dir=manual", "--allow-read", "--no-prompt", join(folder, "program.mjs")];
    await ran(deno(bench), args, bench, `${name} ${version(bench.here, "deno")}`);
  },
};
