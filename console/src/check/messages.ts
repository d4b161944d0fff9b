/** What the page and its worker tell each other. */

import type { Problem } from "pik-client/streaming";

import type { Shape } from "./pieces.ts";

/** What is known of one event of the text. */
export interface Checked {
  readonly line: number;
  /** Its beginning. */
  readonly head: string;
  readonly id: string | undefined;
  readonly problems: readonly Problem[];
}

/** Whether the server has an event. */
export type Stored = "stored" | "new" | "unknown";

/** To the worker. */
export type ToWorker =
  | { readonly do: "check"; readonly text: string | Blob; readonly api: string; readonly token: string }
  | { readonly do: "text"; readonly index: number };

/** From the worker. */
export type FromWorker =
  | { readonly told: "shape"; readonly shape: Shape; readonly count: number }
  | { readonly told: "checked"; readonly rows: readonly Checked[] }
  | { readonly told: "stored"; readonly from: number; readonly stored: readonly Stored[] }
  | { readonly told: "done" }
  | { readonly told: "failed"; readonly message: string; readonly status: number }
  | { readonly told: "text"; readonly index: number; readonly text: string };
