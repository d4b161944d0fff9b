/** Checks a text beside the page, so that the page stays smooth, and asks the server which events it has. */

import { core } from "./core.ts";
import type { Checked, FromWorker, Stored, ToWorker } from "./messages.ts";
import { pieces, type Piece } from "./pieces.ts";

/** Rows told at once. */
const SHARE = 500;
/** Events asked for at once, and their bytes: far under what a host takes. */
const BATCH = 1_000;
const BATCH_CHARACTERS = 2_000_000;

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

/** An answer that is none of a batch. */
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
  const valid: number[] = [];
  let rows: Checked[] = [];
  for (const [index, piece] of found.entries()) {
    const judged = preview(piece.text);
    const head = piece.text.slice(0, 160);
    if ("errors" in judged) {
      rows.push({ line: piece.line, head, id: undefined, problems: judged.errors });
    } else {
      rows.push({ line: piece.line, head, id: judged.event_id, problems: [] });
      valid.push(index);
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
  for (let start = 0; start < valid.length && goesOn(); ) {
    const batch: number[] = [];
    for (let size = 0; start < valid.length && batch.length < BATCH; start++) {
      const index = valid[start] as number;
      size += found[index]?.text.length ?? 0;
      if (batch.length > 0 && size > BATCH_CHARACTERS) break;
      batch.push(index);
    }
    const stored = await ask(api, token, batch.map((index) => found[index]?.text ?? ""));
    if (!goesOn()) return;
    const first = batch[0] as number;
    const all: Stored[] = Array.from({ length: (batch.at(-1) as number) - first + 1 }, () => "unknown");
    batch.forEach((index, at) => (all[index - first] = stored[at] ?? "unknown"));
    tell({ told: "stored", from: first, stored: all });
  }
}

/** A dry run writes nothing, and answers DUPLICATE for what is stored. */
async function ask(api: string, token: string, events: readonly string[]): Promise<Stored[]> {
  const response = await fetch(`${api}ingest/batch?dry_run=true`, {
    method: "POST",
    headers: { "content-type": "application/json", ...(token ? { authorization: `Bearer ${token}` } : {}) },
    body: `[${events.join(",")}]`,
  });
  const answer = (await response.json()) as { results?: { status: string }[]; errors?: { message: string }[] };
  if (answer.results === undefined) {
    throw new Refused(response.status, `whether they are stored is not known: ${answer.errors?.[0]?.message ?? `the server answered ${response.status}`}`);
  }
  return answer.results.map(({ status }) => (status === "DUPLICATE" ? "stored" : status === "ACCEPTED" ? "new" : "unknown"));
}
