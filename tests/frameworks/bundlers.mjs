// What bundles for a server, and a page's script that is no module.
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build, version as esbuildVersion } from "esbuild";
import { build as viteBuild } from "vite";
import { inChromium } from "../targets/chromium.mjs";
import { serve } from "../targets/static-server.mjs";
import { run } from "./program.mjs";
import { version } from "./version.mjs";

/** The program that is bundled: it prints the result of each file of cases, and begins as CommonJS and ES modules can. */
const PROGRAM = `
import { readFileSync } from "node:fs";
import * as pik from "pik-client";
import { check, ofPackage } from "./check.mjs";
console.log(JSON.stringify(process.argv.slice(2).map((path) => check(readFileSync(path, "utf8"), ofPackage(pik)))));
`;

/** The same where nothing else of the package lies near. */
export async function ran(program, args, bench, name) {
  const results = JSON.parse(await run(program, [...args, ...bench.files], { cwd: "/" }));
  bench.report(`installed package, ${name}`, results);
}

export function programIn(bench, name) {
  const folder = join(bench.here, "made", name);
  mkdirSync(folder, { recursive: true });
  cpSync(join(bench.here, "../targets/check.mjs"), join(folder, "check.mjs"));
  writeFileSync(join(folder, "program.mjs"), PROGRAM);
  return folder;
}

async function bundled(bench, format) {
  const folder = programIn(bench, `esbuild-${format}`);
  const outfile = join(folder, format === "cjs" ? "bundle.cjs" : "bundle.mjs");
  await build({ entryPoints: [join(folder, "program.mjs")], outfile, bundle: true, platform: "node", format, minify: true, logLevel: "warning" });
  return outfile;
}

export const bundlers = {
  "esbuild, for Node.js, ESM": async (bench, name) =>
    ran(process.execPath, [await bundled(bench, "esm")], bench, `${name}, ${esbuildVersion}`),

  "esbuild, for Node.js, CommonJS": async (bench, name) =>
    ran(process.execPath, [await bundled(bench, "cjs")], bench, `${name}, ${esbuildVersion}`),

  "esbuild, IIFE in a classic script": async (bench, name) => {
    const folder = programIn(bench, "iife");
    writeFileSync(
      join(folder, "page.mjs"),
      `import * as pik from "pik-client";
       import { check, ofPackage } from "./check.mjs";
       window.ready = async (path) => check(await (await fetch(path)).text(), ofPackage(pik));`,
    );
    await build({ entryPoints: [join(folder, "page.mjs")], outfile: join(folder, "page.js"), bundle: true, format: "iife", logLevel: "warning" });
    writeFileSync(join(folder, "index.html"), '<!doctype html><title>IIFE</title><script src="page.js"></script>');
    const server = await serve({ "/": folder, "/0": bench.files[0], "/1": bench.files[1] });
    try {
      const { value } = await inChromium(bench.chromium, `${server.origin}/index.html`, (page) =>
        page.evaluate(async () => [await window.ready("/0"), await window.ready("/1")]),
      );
      bench.report(`installed package, ${name}, ${esbuildVersion}`, value);
    } finally {
      server.close();
    }
  },

  "Vite, `ssr.noExternal`": async (bench, name) => {
    const folder = programIn(bench, "vite-ssr");
    await viteBuild({
      root: folder,
      configFile: false,
      logLevel: "warn",
      ssr: { noExternal: true },
      build: { ssr: "program.mjs", outDir: "built" },
    });
    await ran(process.execPath, [join(folder, "built/program.js")], bench, `${name}, ${version(bench.here, "vite")}`);
  },

  /** What is not used is not bundled. */
  "tree shaking": async (bench) => {
    const folder = programIn(bench, "unused");
    const sizes = {};
    for (const [use, code, absent] of [
      ["nothing", 'import "pik-client";', ["AGFzb", "retries", "EventRejected"]],
      ["an error", 'import { EventRejected } from "pik-client"; console.log(EventRejected);', ["retries is not", "initSync"]],
      ["ids", 'import { eventId } from "pik-client"; console.log(eventId("{}"));', ["retries is not", "retry-after"]],
      ["the queue", 'import { openQueue } from "pik-client/queue"; console.log(openQueue);', ["initSync", "retries is not"]],
    ]) {
      writeFileSync(join(folder, "use.mjs"), code);
      const options = { stdin: { contents: code, resolveDir: folder }, bundle: true, format: "esm", minify: true, write: false, logLevel: "error" };
      const { outputFiles } = await build(options);
      const esbuilt = outputFiles[0].text;
      const { output } = await viteBuild({
        root: folder,
        configFile: false,
        logLevel: "error",
        build: { write: false, minify: true, lib: { entry: "use.mjs", formats: ["es"] } },
      }).then((made) => [made].flat()[0]);
      for (const [tool, text] of [["esbuild", esbuilt], ["Vite", output[0].code]]) {
        sizes[`${use} with ${tool}`] = text.length;
        for (const word of absent) if (text.includes(word)) throw new Error(`${tool} bundled "${word}" though only ${use} is used`);
      }
      const limit = { nothing: 100, "an error": 3_000, ids: 80_000, "the queue": 12_000 }[use];
      for (const [made, size] of Object.entries(sizes)) if (made.startsWith(use) && size > limit) throw new Error(`${made}: ${size} bytes, over ${limit}`);
    }
    console.log(`installed package, tree shaking: ${Object.entries(sizes).map(([use, size]) => `${use} ${size}`).join(", ")} bytes`);
  },
};
