// Jest and Vitest.
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { run } from "./program.mjs";
import { version } from "./version.mjs";

/** The results that a runner's tests have left in a file, by environment. */
function results(file) {
  return readFileSync(file, "utf8").trim().split("\n").map((line) => JSON.parse(line));
}

async function prepared(bench, runner) {
  const folder = join(bench.made, runner);
  cpSync(join(bench.here, runner), folder, { recursive: true });
  const check = join(bench.here, "../targets/check.mjs");
  cpSync(check, join(folder, "check.mjs"));
  await build({ entryPoints: [check], outfile: join(folder, "check.cjs"), format: "cjs", logLevel: "warning" });
  const file = join(folder, "results.jsonl");
  writeFileSync(file, "");
  return { folder, file, env: { PIK_CASES: bench.files.join(":"), PIK_RESULTS: file, CI: "1" } };
}

let jest;
/** Both environments in one run. */
function jestResults(bench) {
  jest ??= prepared(bench, "jest").then(async ({ folder, file, env }) => {
    await run(join(bench.here, "node_modules/.bin/jest"), ["--config", "jest.config.cjs", "--rootDir", folder], { cwd: folder, env });
    return results(file);
  });
  return jest;
}

const inJest = (environment) => async (bench, name) => {
  const found = (await jestResults(bench)).filter((result) => result.environment === environment);
  bench.report(`installed package, ${name}, ${version(bench.here, "jest")}`, found.map(({ result }) => result));
};

export const testRunners = {
  "Jest, jsdom": inJest("jsdom"),
  "Jest, Node.js": inJest("node"),
  Vitest: async (bench, name) => {
    const { folder, file, env } = await prepared(bench, "vitest");
    await run(join(bench.here, "node_modules/.bin/vitest"), ["run", "--root", folder], { cwd: folder, env });
    bench.report(`installed package, ${name} ${version(bench.here, "vitest")}`, results(file).map(({ result }) => result));
  },
};
