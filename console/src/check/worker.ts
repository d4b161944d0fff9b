/** Checks a text beside the page, so that the page stays smooth, and asks the server which events it has. */

import { core } from "./core.ts";
import type { Checked, FromWorker, Stored, ToWorker } from "./messages.ts";
import { pieces, type Piece } from "./pieces.ts";

/** Rows told at once. */
const SHARE = 500;
/** Ids asked for at once, as many as a host takes. */
const BATCH = 1_000;

let found: readonly Piece[] = [];
let run = 0;

const tell = (message: FromWorker) => postMessage(message);

addEventListener("message", async ({ data }: MessageEvent<ToWorker>) => {
  if (data.do === "text") {
    tell({ told: "text", index: data.index, text: found[data.index]?.text ?? "" });
    return;
  }
  const mine = ++run;
  try {
    await check(typeof data.text === "string" ? data.text : await data.text.text(), data.api, data.token, () => mine === run);
    if (mine === run) tell({ told: "done" });
  } catch (error) {
    if (mine === run) tell({ told: "failed", message: error instanceof Error ? error.message : String(error), status: error instanceof Refused ? error.status : 0 });
  }
});

/** An answer that is no result of a lookup. */
class Refused extends Error {
  constructor(readonly status: number, message: string) {
    super(message);
  }
}

async function check(text: string, api: string, token: string, goesOn: () => boolean): Promise<void> {
  const { preview } = await core();
  const split = pieces(text);
  found = split.pieces;
  tell({ told: "shape", shape: split.shape, count: found.length });
  const valid: { readonly index: number; readonly id: string }[] = [];
  let rows: Checked[] = [];
  for (const [index, piece] of found.entries()) {
    const judged = preview(piece.text);
    const head = piece.text.slice(0, 160);
    if ("errors" in judged) {
      rows.push({ line: piece.line, head, id: undefined, problems: judged.errors });
    } else {
      rows.push({ line: piece.line, head, id: judged.event_id, problems: [] });
      valid.push({ index, id: judged.event_id });
    }
    if (rows.length === SHARE) {
      tell({ told: "checked", rows });
      rows = [];
      // Lets a new text in.
      await new Promise((done) => setTimeout(done));
      if (!goesOn()) return;
    }
  }
  tell({ told: "checked", rows });
  for (let start = 0; start < valid.length && goesOn(); start += BATCH) {
    const batch = valid.slice(start, start + BATCH);
    const stored = await ask(api, token, batch.map(({ id }) => id));
    if (!goesOn()) return;
    const first = batch[0]?.index ?? 0;
    const all: Stored[] = Array.from({ length: (batch.at(-1)?.index ?? first) - first + 1 }, () => "unknown");
    batch.forEach(({ index }, at) => (all[index - first] = stored[at] ?? "unknown"));
    tell({ told: "stored", from: first, stored: all });
  }
}

/** Asks by id: the events themselves stay in the page, and a token that reads is enough. */
async function ask(api: string, token: string, event_ids: readonly string[]): Promise<Stored[]> {
  const response = await fetch(`${api}events/lookup`, {
    method: "POST",
    headers: { "content-type": "application/json", ...(token ? { authorization: `Bearer ${token}` } : {}) },
    body: JSON.stringify({ event_ids }),
  });
  const answer = (await response.json()) as { results?: { event: unknown }[]; errors?: { message: string }[] };
  if (answer.results === undefined) {
    throw new Refused(response.status, `whether they are stored is not known: ${answer.errors?.[0]?.message ?? `the server answered ${response.status}`}`);
  }
  return answer.results.map(({ event }) => (event === null ? "new" : "stored"));
}
