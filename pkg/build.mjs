// Builds dist/ from src/ and wasm/: one bundle a platform, and the types twice, since a package's types are an ES module's or
// a CommonJS module's, as the nearest package.json says.
import { execFileSync } from "node:child_process";
import { cpSync, rmSync, writeFileSync } from "node:fs";
import { build } from "esbuild";

process.chdir(import.meta.dirname);
rmSync("dist", { recursive: true, force: true });

const bundle = (entry, outfile, format, platform) =>
  build({
    absWorkingDir: import.meta.dirname,
    entryPoints: [`src/${entry}.ts`],
    outfile: `dist/${outfile}`,
    bundle: true,
    format,
    platform,
    target: "es2022",
    external: ["*.wasm"],
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: "none",
    logLevel: "warning",
  });
await Promise.all([
  bundle("node", "node.js", "esm", "node"),
  bundle("node-require", "node.cjs", "cjs", "node"),
  bundle("browser", "browser.js", "esm", "browser"),
  bundle("workerd", "workerd.js", "esm", "browser"),
]);

execFileSync(process.execPath, ["node_modules/typescript/bin/tsc"], { stdio: "inherit" });
cpSync("dist/types", "dist/types-cjs", { recursive: true });
writeFileSync("dist/types-cjs/package.json", '{ "type": "commonjs" }\n');
for (const licence of ["LICENSE-APACHE", "LICENSE-MIT"]) cpSync(`../${licence}`, `dist/${licence}`);
