/** Many events: each is answered on its own, whatever becomes of the others. */

import { EventIdMismatch, IngestFailed, readEntry, type Answer, type Entry, type Failure } from "./answer.js";
import { bodyOf } from "./body.js";
import { eventIdOf, type IngestEvent } from "./event.js";
import { EventRejected, type Problem } from "./problem.js";
import { persist } from "./retry.js";
import { failureOf, type Reply, type Service } from "./service.js";

/** One request's worth, well under what servers take. */
const MAX_EVENTS = 1000;
const MAX_BYTES = 4 * 1024 * 1024;

/** What became of one event of a batch; `index` is its place, from 0. */
export type BatchResult =
  | (Answer & { index: number })
  | { index: number; status: "REJECTED"; errors: Problem[] }
  /** It may or may not be stored; sending it again is safe. */
  | { index: number; status: "ERROR"; errors: Failure[] };

/** What became of each event, in order, and how many of each kind there are. */
export interface BatchAnswer {
  results: BatchResult[];
  accepted: number;
  duplicate: number;
  rejected: number;
  failed: number;
}

/** How a batch is sent. */
export interface BatchTerms {
  readonly retries: number;
  readonly verify: boolean;
  readonly signal: AbortSignal | undefined;
}

/** A valid event on its way. */
interface Item {
  readonly index: number;
  readonly id: string;
  readonly body: Uint8Array;
}

/** Sends the valid ones of `events`, as many requests as it takes. */
export async function ingestBatch(
  service: Service,
  events: Iterable<IngestEvent | string>,
  terms: BatchTerms,
): Promise<BatchAnswer> {
  const results: BatchResult[] = [];
  for (const items of portions(events, results)) await send(service, items, terms, results);
  const count = (status: BatchResult["status"]) => results.filter((result) => result.status === status).length;
  return {
    results,
    accepted: count("ACCEPTED"),
    duplicate: count("DUPLICATE"),
    rejected: count("REJECTED"),
    failed: count("ERROR"),
  };
}

/** Valid events by the request; what is wrong with the others goes to `results`. */
function* portions(events: Iterable<IngestEvent | string>, results: BatchResult[]): Generator<Item[]> {
  let items: Item[] = [];
  let bytes = 0;
  let index = 0;
  for (const event of events) {
    const item = read(event, index, results);
    index++;
    if (item === undefined) continue;
    if (items.length === MAX_EVENTS || (items.length > 0 && bytes + item.body.length > MAX_BYTES)) {
      yield items;
      items = [];
      bytes = 0;
    }
    items.push(item);
    bytes += item.body.length;
  }
  if (items.length > 0) yield items;
}

function read(event: IngestEvent | string, index: number, results: BatchResult[]): Item | undefined {
  try {
    const body = bodyOf(event);
    return { index, id: eventIdOf(body), body };
  } catch (error) {
    if (!(error instanceof EventRejected)) throw error;
    results[index] = { index, status: "REJECTED", errors: [...error.errors] };
    return undefined;
  }
}

/** One request, and again for those that failed; in halves when the server takes no request as large. */
async function send(service: Service, items: Item[], terms: BatchTerms, results: BatchResult[]): Promise<void> {
  const { retries, signal } = terms;
  let left = items;
  try {
    await persist(
      async () => {
        const reply = await service.post("/ingest/batch", arrayOf(left), signal);
        const entries = entriesOf(reply, left.length);
        if (entries === undefined) throw failureOf(reply);
        left = take(entries, left, terms, results);
        // An ERROR may always pass. Nobody sees this one: what they failed of is in the results.
        if (left.length > 0) throw new IngestFailed([], 503, reply.retryAfterMs);
      },
      retries,
      signal,
    );
  } catch (error) {
    if (!(error instanceof IngestFailed)) throw error;
    if (error.status === 413 && left.length > 1) {
      const half = left.length >> 1;
      await send(service, left.slice(0, half), terms, results);
      return send(service, left.slice(half), terms, results);
    }
    for (const { index } of left) results[index] ??= { index, status: "ERROR", errors: [...error.errors] };
  }
}

/** Notes what became of each item, and returns those that are not done. */
function take(entries: Entry[], items: Item[], { verify }: BatchTerms, results: BatchResult[]): Item[] {
  return items.filter((item, place) => {
    const entry = entries[place] as Entry;
    if ("event_id" in entry && verify && entry.event_id !== item.id) throw new EventIdMismatch(item.id, entry.event_id);
    results[item.index] = { ...entry, index: item.index };
    return entry.status === "ERROR";
  });
}

/** The answers to so many items, if the reply has them. It has whatever its HTTP status, which is 503 if any failed. */
function entriesOf({ json }: Reply, count: number): Entry[] | undefined {
  const given = (json as { results?: unknown } | undefined)?.results;
  if (!Array.isArray(given) || given.length !== count) return undefined;
  const entries = given.map(readEntry).filter((entry) => entry !== undefined);
  return entries.length === count ? entries : undefined;
}

/** The bodies as one JSON array, each exactly as it was hashed. */
function arrayOf(items: Item[]): Uint8Array {
  const array = new Uint8Array(items.reduce((bytes, { body }) => bytes + body.length + 1, 1));
  let at = 0;
  for (const { body } of items) {
    array[at] = at === 0 ? 0x5b : 0x2c; // [ or ,
    array.set(body, at + 1);
    at += body.length + 1;
  }
  array[at] = 0x5d; // ]
  return array;
}
