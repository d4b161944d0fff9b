// node import.mjs VECTORS RANDOM: the installed package, imported.
import * as pik from "pik-client";
import { check, ofPackage } from "./check.mjs";
import { readCases, report } from "./report.mjs";

const target = `installed package, import, Node.js ${process.versions.node}`;
report(target, readCases(process.argv.slice(2)).map((lines) => check(lines, ofPackage(pik))));
