// node install.mjs FOLDER: packs the package and installs it in FOLDER as a user would.
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";

const folder = resolve(process.argv[2]);
const here = import.meta.dirname;
const run = (program, args, stdout) => execFileSync(program, args, { cwd: folder, stdio: ["ignore", stdout, "inherit"] });

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
cpSync(join(here, "consumer"), folder, { recursive: true });
for (const shared of ["check.mjs", "report.mjs"]) cpSync(join(here, shared), join(folder, shared));
const packed = run("npm", ["pack", "--silent", "--ignore-scripts", join(here, "../../pkg")], "pipe").toString().trim();
run("npm", ["install", "--silent", "--offline", "--no-audit", "--no-fund", "--no-package-lock", `./${packed}`], "ignore");
