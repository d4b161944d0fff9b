// A Worker that puts the cases posted to it to the package.
import * as pik from "pik-client";
import { check, ofPackage } from "./check.mjs";

export default {
  fetch: async (request) => Response.json(check(await request.text(), ofPackage(pik))),
};
