// node run.mjs FOLDER CHROMIUM VECTORS RANDOM [PART OF A NAME]: puts the cases to the package that is installed in FOLDER, through
// each tool that the package's README names.
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { bodyOf } from "../targets/check.mjs";
import { report } from "../targets/report.mjs";
import { bundlers } from "./bundlers.mjs";
import { checkers } from "./checkers.mjs";
import { next } from "./next.mjs";
import { testRunners } from "./test-runners.mjs";
import { runtimes } from "./runtimes.mjs";
import { workers } from "./workers.mjs";

const [folder, chromium, vectors, random] = process.argv.slice(2, 6).map((path) => resolve(path));
/** Of the random events as many as show that the tool has changed nothing: all 20,000 go through the engines themselves, in other suites. */
const RANDOM_EVENTS = 2000;

const wanted = process.argv[6] ?? "";
const here = import.meta.dirname;
const made = join(here, "made");

rmSync(made, { recursive: true, force: true });
mkdirSync(made, { recursive: true });
install(here);

/** What every tool is run with. */
const bench = {
  here,
  made,
  chromium,
  install,
  /** The cases as files; texts alone, because this is about the package. */
  files: [textsOf(vectors, Infinity, join(made, "vectors.jsonl")), textsOf(random, RANDOM_EVENTS, join(made, "random.jsonl"))],
  report: (tool, results) => report(tool, results),
};

for (const [name, way] of Object.entries({ ...checkers, ...bundlers, ...testRunners, ...runtimes, ...workers, ...next })) {
  if (!name.includes(wanted)) continue;
  const start = performance.now();
  await way(bench, name);
  console.error(`${name}: ${((performance.now() - start) / 1000).toFixed(1)} s`);
}

/** Puts the package where a folder's programs look for it, as `npm install` did in FOLDER. */
function install(place) {
  const installed = join(place, "node_modules/pik-client");
  rmSync(installed, { recursive: true, force: true });
  cpSync(join(folder, "node_modules/pik-client"), installed, { recursive: true });
}

/** Without the bodies that no string can be: neither jsdom nor a form would have them. */
function textsOf(path, most, made) {
  const lines = readFileSync(path, "utf8").split("\n").slice(0, most);
  writeFileSync(made, lines.filter((line) => line !== "" && bodyOf(JSON.parse(line)).text !== undefined).map(plain).join(""));
  return made;
}

/** A body that is given as bytes, as text. */
function plain(line) {
  const { body_hex, ...vector } = JSON.parse(line);
  return `${body_hex === undefined ? line : JSON.stringify({ ...vector, body: bodyOf({ body_hex }).text })}\n`;
}
