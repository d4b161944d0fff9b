/** Many events: each is answered on its own, whatever becomes of the others. */

import { EventIdMismatch, IngestFailed, checkDryRun, readEntry, type Answer, type Entry, type Failure } from "./answer.js";
import type { EventInput } from "./event.js";
import { judge } from "./judge.js";
import { EventRejected, type Problem } from "./problem.js";
import { Patience } from "./retry.js";
import { failureOf, pathOf, type Reply, type Service } from "./service.js";

/** One request's worth, well under what servers take. */
export const MAX_EVENTS = 1000;
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
  /** Why the rest was not sent, if the server was away or refused everything. */
  stopped?: IngestFailed;
  /** How long the server asked to wait, in milliseconds, if it failed and asked. */
  retryAfterMs?: number;
}

/** How a batch is sent. */
export interface BatchTerms {
  readonly retries: number;
  readonly dryRun: boolean;
  readonly maxEvents: number;
  readonly verify: boolean;
  readonly signal: AbortSignal | undefined;
  readonly keepalive: boolean | undefined;
}

/** A valid event on its way. */
interface Item {
  readonly index: number;
  readonly id: string;
  readonly body: Uint8Array;
}

/** Why a portion ended before each event was settled. */
interface Ending {
  /** There is no hope for the rest either. */
  readonly stopped?: IngestFailed;
  readonly retryAfterMs?: number;
}

/** Sends the valid ones of `events`, as many requests as it takes, until each is settled or there is no hope. */
export async function ingestBatch(
  service: Service,
  events: Iterable<EventInput>,
  terms: BatchTerms,
): Promise<BatchAnswer> {
  const results: BatchResult[] = [];
  let stopped: IngestFailed | undefined;
  let wait = 0;
  for (const items of portions(events, terms.maxEvents, results)) {
    if (stopped === undefined) {
      const ending = await settle(service, items, terms, results);
      stopped = ending.stopped;
      wait = Math.max(wait, ending.retryAfterMs ?? 0);
    }
    if (stopped !== undefined) leave(items, stopped, results);
  }
  const count = (status: BatchResult["status"]) => results.filter((result) => result.status === status).length;
  return {
    results,
    accepted: count("ACCEPTED"),
    duplicate: count("DUPLICATE"),
    rejected: count("REJECTED"),
    failed: count("ERROR"),
    ...(stopped === undefined ? {} : { stopped }),
    ...(wait > 0 ? { retryAfterMs: wait } : {}),
  };
}

/** Notes for each event that is not settled why not, behind the server's own reason for it. */
function leave(items: Item[], { errors }: IngestFailed, results: BatchResult[]): void {
  for (const { index } of items) {
    const known = results[index];
    if (known === undefined) results[index] = { index, status: "ERROR", errors: [...errors] };
    else if (known.status === "ERROR") known.errors = [...known.errors, ...errors];
  }
}

/** Valid events by the request; what is wrong with the others goes to `results`. */
function* portions(events: Iterable<EventInput>, maxEvents: number, results: BatchResult[]): Generator<Item[]> {
  let items: Item[] = [];
  let bytes = 0;
  let index = 0;
  for (const event of events) {
    const item = read(event, index, results);
    index++;
    if (item === undefined) continue;
    if (items.length === maxEvents || (items.length > 0 && bytes + item.body.length > MAX_BYTES)) {
      yield items;
      items = [];
      bytes = 0;
    }
    items.push(item);
    bytes += item.body.length;
  }
  if (items.length > 0) yield items;
}

function read(event: EventInput, index: number, results: BatchResult[]): Item | undefined {
  try {
    const { id, body } = judge(event);
    return { index, id, body: body.bytes };
  } catch (error) {
    if (!(error instanceof EventRejected)) throw error;
    results[index] = { index, status: "REJECTED", errors: [...error.errors] };
    return undefined;
  }
}

/** One request, and again for those that failed; in halves when the server takes no request as large. */
async function settle(service: Service, items: Item[], terms: BatchTerms, results: BatchResult[]): Promise<Ending> {
  const { retries, dryRun, signal } = terms;
  const patience = new Patience(retries, signal);
  let left = items;
  for (;;) {
    signal?.throwIfAborted();
    let failure: IngestFailed;
    let answered = false;
    try {
      const reply = await service.post(pathOf("/ingest/batch", dryRun), arrayOf(left), terms);
      const entry = readEntry(reply.json);
      if (reply.status === 413 && entry?.status === "REJECTED") return await split(service, left, entry, terms, results);
      const entries = entriesOf(reply, left.length, dryRun);
      const before = left.length;
      left = take(entries, left, terms, results);
      if (left.length === 0) return {};
      if (left.length < before) patience.renew();
      failure = new IngestFailed([], 503, reply.retryAfterMs);
      answered = true;
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof IngestFailed)) throw error;
      failure = error;
    }
    try {
      await patience.after(failure);
    } catch (error) {
      if (!(error instanceof IngestFailed)) throw error;
      const asked = failure.retryAfterMs === undefined ? {} : { retryAfterMs: failure.retryAfterMs };
      // The server answers, and fails for these events alone: the others may fare better.
      return answered && error === failure ? asked : { stopped: error, ...asked };
    }
  }
}

/** Halves, because the server takes smaller requests; a single event has its answer. */
async function split(
  service: Service,
  items: Item[],
  { errors }: { errors: Problem[] },
  terms: BatchTerms,
  results: BatchResult[],
): Promise<Ending> {
  const [only, ...others] = items;
  if (only !== undefined && others.length === 0) {
    results[only.index] = { index: only.index, status: "REJECTED", errors };
    return {};
  }
  const half = Math.ceil(items.length / 2);
  const first = await settle(service, items.slice(0, half), terms, results);
  if (first.stopped !== undefined) return first;
  const second = await settle(service, items.slice(half), terms, results);
  return { ...first, ...second };
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

/** The answers to `count` items. They are there whatever the HTTP status is: it is 503 if any item failed. */
function entriesOf(reply: Reply, count: number, dryRun: boolean): Entry[] {
  const given = (reply.json as { results?: unknown } | undefined)?.results;
  if (!Array.isArray(given) || given.length !== count) throw failureOf(reply);
  const entries = given.map(readEntry).filter((entry) => entry !== undefined);
  if (entries.length !== count) throw failureOf(reply);
  for (const entry of entries) checkDryRun(entry, reply.status, dryRun);
  return entries;
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
