/** What a server answers to one event, read with suspicion: between it and us may be proxies that answer for it. */

import type { Problem } from "./problem.js";

/** An event that is durable: its first occurrence, or seen before. */
export interface Answer {
  event_id: string;
  status: "ACCEPTED" | "DUPLICATE";
  /** Arrival minus event time, of this occurrence; negative for an event from the future. */
  ingest_lag_ms: number;
  /** The raw object's key, the first occurrence's for a DUPLICATE. */
  s3_key: string;
  /** Present when nothing was written. */
  dry_run?: true;
}

/** Why a request failed, as a word a program can match on; those after `internal` are this package's own. */
export type FailureCode =
  | "unauthorized"
  | "not_found"
  | "method_not_allowed"
  | "timeout"
  | "invalid_parameter"
  | "overloaded"
  | "unavailable"
  | "internal"
  /** No answer arrived. */
  | "network"
  /** The server sends the client elsewhere. */
  | "redirected"
  /** Something in front of the server takes no request of this size. */
  | "proxy_limit"
  /** The server runs with DRY_RUN: it stored nothing. */
  | "nothing_stored"
  /** The server did not take a dry run for one: it may have stored the event. */
  | "not_a_dry_run"
  /** The server asks to wait longer than the client does. */
  | "retry_later"
  /** What answered is no server of this kind, or something in front of one. */
  | "unexpected_answer";

/** What went wrong, not by the event's fault. */
export interface Failure {
  code: FailureCode;
  path: "";
  message: string;
}

/** The event may or may not be stored; sending it again is always safe. `cause` has what `fetch` threw, if it did. */
export class IngestFailed extends Error {
  override readonly name = "IngestFailed";
  readonly errors: readonly Failure[];
  /** The HTTP status; `undefined` when there was no answer, 0 for a redirect in a browser, which hides it. */
  readonly status: number | undefined;
  /** How long the server asked to wait, in milliseconds. */
  readonly retryAfterMs: number | undefined;

  constructor(errors: readonly Failure[], status?: number, retryAfterMs?: number, cause?: unknown) {
    super(errors.map(({ code, message }) => `${code}: ${message}`).join("; "), cause === undefined ? {} : { cause });
    this.errors = errors;
    this.status = status;
    this.retryAfterMs = retryAfterMs;
  }
}

/** The server computed another id for the same bytes: one of the two is not this contract's. The event may be stored. */
export class EventIdMismatch extends Error {
  override readonly name = "EventIdMismatch";
  /** What was computed here. */
  readonly expected: string;
  /** What the server says. */
  readonly received: string;

  constructor(expected: string, received: string) {
    super(`the server's event_id is ${received} where ${expected} was computed here; update whichever is older`);
    this.expected = expected;
    this.received = received;
  }
}

/** A server's JSON, as far as it is known to be an answer. */
export type Entry =
  | Answer
  | { status: "REJECTED"; errors: Problem[] }
  | { status: "ERROR"; errors: Failure[] };

/** The entry that a parsed JSON text is, if it is one. */
export function readEntry(json: unknown): Entry | undefined {
  if (typeof json !== "object" || json === null) return undefined;
  const entry = json as Record<string, unknown>;
  switch (entry["status"]) {
    case "ACCEPTED":
    case "DUPLICATE":
      return typeof entry["event_id"] === "string" ? (json as Answer) : undefined;
    case "REJECTED":
    case "ERROR":
      return Array.isArray(entry["errors"]) ? (json as Entry) : undefined;
    default:
      return undefined;
  }
}

/** Throws {@link IngestFailed} when an answer is of a dry run that was not asked for, or the other way round. */
export function checkDryRun(entry: Entry, status: number, asked: boolean): void {
  if (!("event_id" in entry) || (entry.dry_run === true) === asked) return;
  const failure: Failure = asked
    ? { code: "not_a_dry_run", path: "", message: "the answer is not of a dry run, and the event may be stored; update the server" }
    : { code: "nothing_stored", path: "", message: "the server runs with DRY_RUN and stored nothing; start it without" };
  throw new IngestFailed([failure], status);
}
