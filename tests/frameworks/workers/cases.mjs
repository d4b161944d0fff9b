import * as pik from "/node_modules/pik-client/dist/index.js";
import { check, ofPackage } from "./check.mjs";

export const answer = (lines) => check(lines, ofPackage(pik));
