/** What the clock says, and which clock people want to see. */

import { signal } from "@preact/signals";

import type { Zone } from "./instant.ts";

const KEPT = "pik.zone";

/** The present, every five seconds: relative times need no more. */
export const now = signal(Date.now());

setInterval(() => {
  if (!document.hidden) now.value = Date.now();
}, 5_000);

/** UTC, or local time if the user chooses it. */
export const zone = signal<Zone>(localStorage.getItem(KEPT) === "local" ? "local" : "utc");

/** Shows the other one. */
export function toggleZone(): void {
  zone.value = zone.value === "utc" ? "local" : "utc";
  localStorage.setItem(KEPT, zone.value);
}
