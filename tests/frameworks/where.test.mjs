// "Where it runs" in the package's README: each row is a test, and each test a row.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { ways } from "../targets/package-ways.mjs";
import { bundlers } from "./bundlers.mjs";
import { next } from "./next.mjs";
import { runtimes } from "./runtimes.mjs";
import { testRunners } from "./test-runners.mjs";
import { workers } from "./workers.mjs";

test("the rows of the README are the tests", () => {
  const readme = readFileSync(new URL("../../pkg/README.md", import.meta.url), "utf8");
  const table = readme.slice(readme.indexOf("| where | |"), readme.indexOf("Each row is a test"));
  const rows = table.trim().split("\n").slice(2).map((row) => row.split("|")[1].trim());
  const tests = Object.keys({ ...ways, ...bundlers, ...testRunners, ...runtimes, ...workers, ...next });
  assert.deepEqual(rows.sort(), tests.sort());
});
