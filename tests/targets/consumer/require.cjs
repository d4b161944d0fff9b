// node require.cjs VECTORS RANDOM: the installed package, required.
const pik = require("pik-client");

const target = `installed package, require, Node.js ${process.versions.node}`;
Promise.all([import("./check.mjs"), import("./report.mjs")]).then(([{ check, ofPackage }, { readCases, report }]) =>
  report(target, readCases(process.argv.slice(2)).map((lines) => check(lines, ofPackage(pik)))),
);
