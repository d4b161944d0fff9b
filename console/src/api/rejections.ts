/** What was refused, and why. */

import { askJson, type Question } from "./request.ts";

/** One refusal, or several of the same bytes. */
export interface Refused {
  readonly first_time: string;
  readonly last_time: string;
  readonly count: number;
  readonly request_id: string;
  readonly index?: number;
  readonly errors: readonly { readonly code: string; readonly path: string }[];
  readonly length: number;
  readonly sha256: string;
  readonly source?: string;
  readonly event_type?: string;
  readonly entity_id?: string;
  readonly event_time?: string;
  readonly token?: string;
  readonly user_agent?: string;
  /** The first bytes, where the server keeps them; in hexadecimal where they are no text. */
  readonly body?: string;
  readonly body_hex?: string;
}

/** A page of refusals. */
export interface RefusedPage {
  readonly rejections: readonly Refused[];
  readonly next_cursor: string | null;
}

/** Asks for refusals. */
export function rejections(question: Question, signal: AbortSignal): Promise<RefusedPage> {
  return askJson("rejections", question, { signal });
}

/** What was refused within one hour with one code. */
export interface RefusedHour {
  readonly hour: string;
  readonly code: string;
  readonly count: number;
  /** Of these, how many left no record. */
  readonly unrecorded: number;
}

/** Counts of refusals by hour; they are complete where records are bounded. */
export async function refusedHours(question: Question, signal: AbortSignal): Promise<readonly RefusedHour[]> {
  return (await askJson<{ hours: RefusedHour[] }>("rejections/stats", question, { signal })).hours;
}
