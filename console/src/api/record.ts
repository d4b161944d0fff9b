/** Records, as the API tells them. */

import { ask, askJson, type Question } from "./request.ts";

/** One occurrence of an event. */
export interface Occurrence {
  readonly event_id: string;
  readonly source: string;
  readonly event_type: string;
  readonly entity_id: string;
  readonly event_time: string;
  readonly ingest_time: string;
  readonly finished_time?: string;
  readonly ingest_lag_ms: number;
  readonly status: "ACCEPTED" | "DUPLICATE";
  readonly raw_bucket: string;
  readonly raw_key: string;
  readonly raw_size: number;
  readonly payload_hash: string;
  readonly receipt: string;
  readonly contract: number;
}

/** A page of an answer. */
export interface Page {
  readonly events: readonly Occurrence[];
  /** Null on the last page. */
  readonly next_cursor: string | null;
  /** Where arrivals are asked for: no occurrence before this is still to come. */
  readonly settled_until?: string | null;
}

/** The most records that a page has. */
export const PAGE = 1_000;

/** One page of `/events`. */
export function events(question: Question, signal?: AbortSignal): Promise<Page> {
  return askJson<Page>("events", question, signal ? { signal } : {});
}

/** An event with all its duplicates. */
export interface Known {
  readonly event: Occurrence;
  readonly duplicates: readonly Occurrence[];
  readonly more: boolean;
}

/** An event and up to a page of its duplicates. */
export async function known(id: string, signal: AbortSignal): Promise<Known> {
  const found = await askJson<{ event: Occurrence; duplicates: Occurrence[]; next_cursor: string | null }>(`events/${id}`, { limit: PAGE }, { signal });
  return { event: found.event, duplicates: found.duplicates, more: found.next_cursor !== null };
}

/** An event's bytes, as they were received. */
export async function rawOf(id: string, signal: AbortSignal): Promise<string> {
  const bytes = await (await ask(`events/${id}/raw`, {}, { signal })).arrayBuffer();
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}
