import * as pik from "./index.js";
import { check, ofPackage } from "./check.mjs";

self.answer = (lines) => check(lines, ofPackage(pik));
