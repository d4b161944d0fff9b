// A page's script that puts cases to the streaming entry.
import * as pik from "pik-client/streaming";
import { check, ofPackage } from "./check.mjs";

let early;
try {
  pik.validate("{}");
} catch (error) {
  early = error.message;
}
if (!/await ready\(\)/.test(early)) throw new Error(`called too early, it says ${early}`);
await Promise.all([pik.ready(), pik.ready()]);

window.ready = async (path) => check(await (await fetch(path)).text(), ofPackage(pik));
