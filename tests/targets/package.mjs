// node package.mjs FOLDER CHROMIUM VECTORS RANDOM: puts the cases to the package that is installed in FOLDER, through every way there is
// to load it without a framework.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { ways } from "./package-ways.mjs";

const [folder, chromium, vectors, random] = process.argv.slice(2).map((path) => resolve(path));
const run = (program, args) => execFileSync(program, args, { cwd: folder, stdio: ["ignore", "inherit", "inherit"] });

// A bundler changes the package or it does not, and a tenth shows that; the engines themselves get everything.
const few = join(folder, "few.jsonl");
writeFileSync(few, readFileSync(random, "utf8").split("\n").slice(0, 2000).join("\n"));

for (const [name, way] of Object.entries(ways)) await way({ folder, chromium, vectors, random, few, run }, `installed package, ${name}`);
