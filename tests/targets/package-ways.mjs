// The ways to use the installed package that need no framework, by the names that its README has for them.
import { cpSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { build, createServer } from "vite";
import webpack from "webpack";
import { inChromium } from "./chromium.mjs";
import { readCases, report } from "./report.mjs";
import { serve } from "./static-server.mjs";
import { checkInWorkerd } from "./workerd.mjs";
import { WRANGLER_VERSION, bundleWorker } from "./wrangler.mjs";

const here = import.meta.dirname;
const bin = (name) => join(here, "node_modules/.bin", name);
const viteVersion = () => JSON.parse(readFileSync(join(here, "node_modules/vite/package.json"), "utf8")).version;

/** The main entry's page and the streaming entry's. */
const PAGES = { main: "index.html", streaming: "streaming.html" };

export const ways = {
  "Node.js, `import`": ({ run, vectors, random }) => run(process.execPath, ["import.mjs", vectors, random]),

  "Node.js, `require`": ({ run, vectors, random }) => run(process.execPath, ["require.cjs", vectors, random]),

  TypeScript({ run }, name) {
    const strict = ["--strict", "--noEmit", "--target", "es2022", "--lib", "es2022,dom", "--types", ""];
    for (const resolution of [["--module", "nodenext"], ["--module", "preserve", "--moduleResolution", "bundler"]]) {
      run(bin("tsc"), [...strict, ...resolution, "types.mts", "types.cts"]);
    }
    const { version } = createRequire(import.meta.url)("typescript/package.json");
    console.log(`${name} ${version}, --strict: import and require, nodenext and bundler resolution`);
  },

  async "pages without a bundler"(place, name) {
    await page({ ...place, few: place.random }, `${name}, main entry`, place.folder, "unbundled.html");
    await page(place, `${name}, streaming entry`, place.folder, "unbundled-streaming.html");
  },

  async "Vite, build"(place, name) {
    const input = Object.values(PAGES).map((path) => join(place.folder, path));
    await build({ root: place.folder, logLevel: "warn", build: { outDir: "vite", rolldownOptions: { input } } });
    for (const [entry, path] of Object.entries(PAGES)) {
      await page(place, `${name} ${viteVersion()}, ${entry} entry`, join(place.folder, "vite"), path);
    }
  },

  async "Vite, dev server"(place, name) {
    const cases = await serve(casesOf(place));
    const server = await createServer({ root: place.folder, logLevel: "warn", server: { host: "127.0.0.1", proxy: { "/cases": cases.origin } } });
    try {
      await server.listen(0);
      for (const [entry, path] of Object.entries(PAGES)) {
        await open(place, `${name} ${viteVersion()}, ${entry} entry`, `${server.resolvedUrls.local[0]}${path}`);
      }
    } finally {
      await server.close();
      cases.close();
    }
  },

  async "webpack"(place, name) {
    const output = { path: join(place.folder, "webpack") };
    const entry = { main: "./page.mjs", streaming: "./streaming.mjs" };
    const stats = await new Promise((done, failed) =>
      webpack({ mode: "production", context: place.folder, entry, output, performance: false }, (error, stats) => (error ? failed(error) : done(stats))),
    );
    if (stats.hasErrors()) throw new Error(stats.toString("errors-only"));
    for (const [entry, path] of [["main", "packed.html"], ["streaming", "packed-streaming.html"]]) {
      cpSync(join(place.folder, path), join(output.path, path));
      await page(place, `${name} ${webpack.version}, ${entry} entry`, output.path, path);
    }
  },

  async "Cloudflare Workers"({ folder, vectors, random }, name) {
    const modules = bundleWorker(folder, "worker.mjs");
    report(`${name}, Wrangler ${WRANGLER_VERSION}, workerd`, await checkInWorkerd(modules, readCases([vectors, random])));
  },
};

const casesOf = ({ vectors, few }) => ({ "/cases/vectors.jsonl": vectors, "/cases/random.jsonl": few });

async function page(place, target, root, path) {
  const server = await serve({ "/": root, ...casesOf(place) });
  try {
    await open(place, target, `${server.origin}/${path}`);
  } finally {
    server.close();
  }
}

async function open({ chromium }, target, url) {
  const { version, value } = await inChromium(chromium, url, (page) =>
    page.evaluate(async () => [await window.ready("/cases/vectors.jsonl"), await window.ready("/cases/random.jsonl")]),
  );
  report(`${target}, Chromium ${version}`, value);
}
