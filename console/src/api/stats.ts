/** Counts by hour or day. */

import { askJson } from "./request.ts";

/** What happened in one hour or day of event time. */
export interface Bucket {
  readonly start: string;
  readonly accepted: number;
  readonly duplicate: number;
  /** What was refused within the bucket, whatever its event time. */
  readonly rejected?: number;
  readonly lag_ms: { readonly p50: number; readonly p95: number; readonly p99: number; readonly max: number } | null;
  readonly first_arrival: string | null;
  readonly last_arrival: string | null;
}

/** One stream: what one source says of one kind. */
export interface StreamName {
  readonly source: string;
  readonly event_type: string;
}

/** The buckets of a stream between two event times. */
export async function stats(stream: StreamName, from: string, to: string, bucket: "hour" | "day", signal: AbortSignal): Promise<readonly Bucket[]> {
  const { source, event_type } = stream;
  return (await askJson<{ buckets: Bucket[] }>("stats", { source, event_type, from, to, bucket }, { signal })).buckets;
}
