"use client";
// Rendered on the server, and again in the browser.
import { useEffect } from "react";
import * as pik from "pik-client";
import { check, ofPackage } from "../check.mjs";
import { example } from "../example.mjs";

export default function Page() {
  useEffect(() => {
    window.ready = async (path) => check(await (await fetch(path)).text(), ofPackage(pik));
  }, []);
  return <output>{pik.eventId(example)}</output>;
}
