// Next.js: one app, in two versions.
import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import assert from "node:assert/strict";
import { inChromium } from "../targets/chromium.mjs";
import { run, start } from "./program.mjs";
import { version } from "./version.mjs";

const EXAMPLE_ID = "59a3f098414a504e256530ab459d1f7e63f9c3c089ddee6fd42ba77525e14bec";

const ENV = { NEXT_TELEMETRY_DISABLED: "1", CI: "1", NODE_ENV: "production" };

const inNext = (major) => async (bench, name) => {
  const cwd = join(bench.here, `next-${major}`);
  cpSync(join(bench.here, "next"), cwd, { recursive: true });
  cpSync(join(bench.here, "../targets/check.mjs"), join(cwd, "app/check.mjs"));
  bench.install(cwd);
  const next = join(cwd, "node_modules/next/dist/bin/next");
  await run(process.execPath, [next, "build"], { cwd, env: ENV });
  const { match, stop } = await start(process.execPath, [next, "start", "--port", "0", "--hostname", "127.0.0.1"], { cwd, env: ENV }, /http:\/\/127\.0\.0\.1:(\d+)[\s\S]*Ready/);
  try {
    const url = `http://127.0.0.1:${match[1]}`;
    assert.match(await (await fetch(url)).text(), new RegExp(`<output>${EXAMPLE_ID}</output>`));
    const told = `installed package, ${name} ${version(cwd, "next")}`;
    for (const route of ["node", "edge"]) {
      const results = [];
      for (const file of bench.files) {
        const answer = await fetch(`${url}/${route}`, { method: "POST", body: readFileSync(file) });
        if (answer.status !== 200) throw new Error(`${name}, ${route} route: ${answer.status} ${await answer.text()}`);
        results.push(await answer.json());
      }
      bench.report(`${told}, ${route} route`, results);
    }
    const cases = Object.fromEntries(bench.files.map((file, index) => [`/cases/${index}`, readFileSync(file, "utf8")]));
    const { value } = await inChromium(bench.chromium, `${url}/client`, (page) => page.evaluate(
      async (cases) => Promise.all(Object.values(cases).map((lines) => window.ready(URL.createObjectURL(new Blob([lines]))))),
      cases,
    ));
    bench.report(`${told}, client component`, value);
  } finally {
    await stop();
  }
};

export const next = {
  "Next.js 15": inNext(15),
  "Next.js 16": inNext(16),
};
