// What a driver prints at the end: one line a target.
import { readFileSync } from "node:fs";

/** The files of cases, named on the command line; the vectors come first. */
export function readCases(paths) {
  if (paths.length !== 2) throw new Error("name two files: the vectors with native Rust's answers, and random events");
  return paths.map((path) => readFileSync(path, "utf8"));
}

/** Says how a target did on the vectors and on the random events; a difference fails the process. */
export function report(target, [vectors, random]) {
  for (const difference of [...vectors.told, ...random.told]) console.error(`${target}: ${difference}`);
  const different = vectors.different + random.different;
  if (different > 0) process.exitCode = 1;
  if (vectors.compared === 0 || random.compared === 0) throw new Error(`${target}: nothing was compared`);
  const notForIt = vectors.notForIt + random.notForIt;
  console.log(
    `${target}: ${count(vectors.compared)} vectors and ${count(random.compared)} random events, ` +
      (different === 0 ? "all as native Rust" : `${count(different)} DIFFERENCES`) +
      (notForIt > 0 ? `; ${count(notForIt)} more are no text` : ""),
  );
}

const count = (number) => number.toLocaleString("en");
