// The workers of a page, and an extension's: places where top-level await loses messages or is forbidden.
import { cpSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { chromium as playwright } from "playwright-core";
import { inChromium } from "../targets/chromium.mjs";
import { serve } from "../targets/static-server.mjs";

const inWorker = (kind) => async (bench, name) => {
  const server = await serve({
    "/workers/": join(bench.here, "workers"),
    "/workers/check.mjs": join(bench.here, "../targets/check.mjs"),
    "/node_modules/": join(bench.here, "node_modules"),
    "/0": bench.files[0],
    "/1": bench.files[1],
  });
  try {
    const { version, value } = await inChromium(bench.chromium, `${server.origin}/workers/page.html`, (page) =>
      page.evaluate(async (kind) => [await window.ready(kind, "/0"), await window.ready(kind, "/1")], kind),
    );
    bench.report(`installed package, ${name}, Chromium ${version}`, value);
  } finally {
    server.close();
  }
};

export const workers = {
  "module worker": inWorker("module"),
  "shared worker": inWorker("shared"),
  "service worker": inWorker("service"),

  "service worker of an extension (MV3)": async (bench, name) => {
    const folder = join(bench.made, "extension");
    mkdirSync(folder);
    cpSync(join(bench.here, "workers/extension.json"), join(folder, "manifest.json"));
    cpSync(join(bench.here, "workers/background.mjs"), join(folder, "background.mjs"));
    cpSync(join(bench.here, "node_modules/pik-client/dist/index.js"), join(folder, "index.js"));
    cpSync(join(bench.here, "../targets/check.mjs"), join(folder, "check.mjs"));
    const context = await playwright.launchPersistentContext("", {
      executablePath: bench.chromium,
      args: ["--no-sandbox", "--disable-gpu", `--disable-extensions-except=${folder}`, `--load-extension=${folder}`],
    });
    try {
      const [worker] = context.serviceWorkers().length > 0 ? context.serviceWorkers() : [await context.waitForEvent("serviceworker")];
      const { readFileSync } = await import("node:fs");
      const results = [];
      for (const file of bench.files) results.push(await worker.evaluate((lines) => self.answer(lines), readFileSync(file, "utf8")));
      bench.report(`installed package, ${name}, Chromium ${context.browser()?.version() ?? ""}`.trim(), results);
    } finally {
      await context.close();
    }
  },
};
