// A page's script that puts cases to the package.
import * as pik from "pik-client";
import { check, ofPackage } from "./check.mjs";

window.ready = async (path) => check(await (await fetch(path)).text(), ofPackage(pik));
