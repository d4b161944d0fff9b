/** Which streams there are. */

import { askJson } from "./request.ts";
import type { StreamName } from "./stats.ts";

/** A stream, and what arrived of it. */
export interface Stream extends StreamName {
  readonly accepted: number;
  readonly duplicate: number;
  readonly rejected?: number;
  readonly first_arrival: string | null;
  readonly last_arrival: string | null;
  readonly last_event_time: string | null;
}

/** All of them. */
export async function streams(signal: AbortSignal): Promise<readonly Stream[]> {
  const found: Stream[] = [];
  let cursor: string | null = null;
  do {
    const page: { streams: Stream[]; next_cursor: string | null } = await askJson("streams", { limit: 1_000, cursor: cursor ?? undefined }, { signal });
    found.push(...page.streams);
    cursor = page.next_cursor;
  } while (cursor !== null);
  return found;
}
