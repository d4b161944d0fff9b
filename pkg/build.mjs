// Builds dist/ from src/ and wasm/: one bundle for each entry and platform, and the types twice, since a package's types are
// an ES module's or a CommonJS module's, as the nearest package.json says.
import { execFileSync } from "node:child_process";
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { deflateRawSync } from "node:zlib";
import { build } from "esbuild";

process.chdir(import.meta.dirname);
rmSync("dist", { recursive: true, force: true });

/** Has the core come from `src/instance/INSTANCE.ts`, and what is imported from `./index.js` from where `main` says. */
const resolving = (instance, main) => ({
  name: "resolving",
  setup(build) {
    build.onResolve({ filter: /^\.\/instance\/inlined\.js$/ }, ({ resolveDir }) => ({ path: `${resolveDir}/instance/${instance}.ts` }));
    build.onResolve({ filter: /\.wasm\?deflated$/ }, () => ({ path: "wasm/pik_wasm_bg.wasm", namespace: "deflated" }));
    build.onLoad({ filter: /.*/, namespace: "deflated" }, ({ path }) => ({
      contents: deflateRawSync(readFileSync(path), { level: 9 }).toString("base64"),
      loader: "text",
    }));
    // The file stays one, and dist/ is not as deep as src/instance/.
    build.onResolve({ filter: /\.wasm(\?module)?$/ }, ({ path }) => ({ path: path.replace("../../", "../"), external: true }));
    if (main !== undefined) build.onResolve({ filter: /^\.\/index\.js$/ }, () => ({ path: main, external: true }));
  },
});

const bundle = (entry, outfile, { instance = "inlined", main, platform = "browser" } = {}) =>
  build({
    absWorkingDir: import.meta.dirname,
    entryPoints: [`src/${entry}.ts`],
    outfile: `dist/${outfile}`,
    bundle: true,
    format: outfile.endsWith(".cjs") ? "cjs" : "esm",
    platform,
    target: "es2022",
    external: ["node:*"],
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: "none",
    logLevel: "warning",
    plugins: [resolving(instance, main)],
  });
await Promise.all([
  bundle("index", "index.js"),
  bundle("index", "index.cjs"),
  bundle("index", "workerd.js", { instance: "workerd" }),
  bundle("index", "edge-light.js", { instance: "edge-light" }),
  bundle("streaming", "streaming.js", { instance: "streamed" }),
  bundle("streaming-inlined", "streaming-inlined.js", { main: "./index.js" }),
  bundle("streaming-inlined", "streaming-inlined.cjs", { main: "./index.cjs" }),
  bundle("streaming-inlined", "streaming-workerd.js", { main: "./workerd.js" }),
  bundle("streaming-inlined", "streaming-edge-light.js", { main: "./edge-light.js" }),
  bundle("queue/browser", "queue.js"),
  bundle("queue/browser", "queue.cjs"),
  bundle("queue/node", "queue-node.js", { platform: "node" }),
  bundle("queue/node", "queue-node.cjs", { platform: "node" }),
]);

execFileSync(process.execPath, ["node_modules/typescript/bin/tsc"], { stdio: "inherit" });
cpSync("dist/types", "dist/types-cjs", { recursive: true });
writeFileSync("dist/types-cjs/package.json", '{ "type": "commonjs" }\n');
for (const licence of ["LICENSE-APACHE", "LICENSE-MIT"]) cpSync(`../${licence}`, `dist/${licence}`);
