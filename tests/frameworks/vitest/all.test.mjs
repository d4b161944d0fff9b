import { appendFileSync, readFileSync } from "node:fs";
import * as pik from "pik-client";
import { expect, test } from "vitest";
import { check, ofPackage } from "./check.mjs";

test("all cases", () => {
  for (const path of process.env.PIK_CASES.split(":")) {
    const result = check(readFileSync(path, "utf8"), ofPackage(pik));
    expect(result.told).toEqual([]);
    appendFileSync(process.env.PIK_RESULTS, `${JSON.stringify({ result })}\n`);
  }
}, 60_000);
