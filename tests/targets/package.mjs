// node package.mjs FOLDER CHROMIUM VECTORS RANDOM: packs the package, installs it in FOLDER as a user would, and puts the cases to
// it through every way there is to load it.
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { build, createServer } from "vite";
import webpack from "webpack";
import { inChromium } from "./chromium.mjs";
import { readCases, report } from "./report.mjs";
import { serve } from "./static-server.mjs";
import { checkInWorkerd } from "./workerd.mjs";
import { WRANGLER_VERSION, bundleWorker } from "./wrangler.mjs";

const [folder, chromium, vectors, random] = process.argv.slice(2).map((path) => resolve(path));
const here = import.meta.dirname;
const bin = (name) => join(here, "node_modules/.bin", name);
const run = (program, args, stdout = "inherit") =>
  execFileSync(program, args, { cwd: folder, stdio: ["ignore", stdout, "inherit"] });

install();
types();
run(process.execPath, ["import.mjs", vectors, random]);
run(process.execPath, ["require.cjs", vectors, random]);
await page("installed package, no bundler", folder, "unbundled.html");
await withVite();
await withViteDev();
await withWebpack();
await withWrangler();

function install() {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  cpSync(join(here, "consumer"), folder, { recursive: true });
  for (const shared of ["check.mjs", "report.mjs"]) cpSync(join(here, shared), join(folder, shared));
  const packed = run("npm", ["pack", "--silent", "--ignore-scripts", join(here, "../../pkg")], "pipe").toString().trim();
  run("npm", ["install", "--silent", "--offline", "--no-audit", "--no-fund", "--no-package-lock", `./${packed}`]);
}

function types() {
  const strict = ["--strict", "--noEmit", "--target", "es2022", "--lib", "es2022,dom", "--types", ""];
  for (const resolution of [["--module", "nodenext"], ["--module", "preserve", "--moduleResolution", "bundler"]]) {
    run(bin("tsc"), [...strict, ...resolution, "types.mts", "types.cts"]);
  }
  const { version } = createRequire(import.meta.url)("typescript/package.json");
  console.log(`installed package, tsc --strict ${version}: import and require, nodenext and bundler resolution`);
}

async function page(target, root, path) {
  const server = await serve({ "/": root, "/cases/vectors.jsonl": vectors, "/cases/random.jsonl": random });
  try {
    await open(target, `${server.origin}/${path}`);
  } finally {
    server.close();
  }
}

async function open(target, url) {
  const { version, value } = await inChromium(chromium, url, (page) =>
    page.evaluate(async () => [await window.ready("/cases/vectors.jsonl"), await window.ready("/cases/random.jsonl")]),
  );
  report(`${target}, Chromium ${version}`, value);
}

async function withVite() {
  await build({ root: folder, logLevel: "warn", build: { outDir: "vite" } });
  await page(`installed package, Vite ${viteVersion()} build`, join(folder, "vite"), "index.html");
}

async function withViteDev() {
  const cases = await serve({ "/cases/vectors.jsonl": vectors, "/cases/random.jsonl": random });
  const server = await createServer({ root: folder, logLevel: "warn", server: { host: "127.0.0.1", proxy: { "/cases": cases.origin } } });
  try {
    await server.listen(0);
    await open(`installed package, Vite ${viteVersion()} dev server`, server.resolvedUrls.local[0]);
  } finally {
    await server.close();
    cases.close();
  }
}

function viteVersion() {
  return JSON.parse(readFileSync(join(here, "node_modules/vite/package.json"), "utf8")).version;
}

async function withWebpack() {
  const output = { path: join(folder, "webpack") };
  const stats = await new Promise((done, failed) =>
    webpack({ mode: "production", context: folder, entry: "./page.mjs", output }, (error, stats) =>
      error ? failed(error) : done(stats),
    ),
  );
  if (stats.hasErrors()) throw new Error(stats.toString("errors-only"));
  cpSync(join(folder, "packed.html"), join(output.path, "packed.html"));
  await page(`installed package, webpack ${webpack.version}`, output.path, "packed.html");
}

async function withWrangler() {
  const modules = bundleWorker(folder, "worker.mjs");
  report(`installed package, Wrangler ${WRANGLER_VERSION}, workerd`, await checkInWorkerd(modules, readCases([vectors, random])));
}
