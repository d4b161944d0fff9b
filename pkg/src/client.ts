/** Sending events. */

import { EventIdMismatch, checkDryRun, readEntry, type Answer } from "./answer.js";
import { MAX_EVENTS, ingestBatch, type BatchAnswer } from "./batch.js";
import type { EventInput } from "./event.js";
import { judge } from "./judge.js";
import { EventRejected } from "./problem.js";
import { persist } from "./retry.js";
import { Service, failureOf, pathOf } from "./service.js";

/** Where to send, and how. */
export interface IngestClientOptions {
  /** The server's address, such as `https://ingest.example`; in a page, a path too. */
  url: string | URL;
  /** A bearer token. */
  token?: string;
  /** Used in place of the global `fetch`. */
  fetch?: typeof fetch;
  /** How often a request is repeated when its failure may pass. 5 when absent. */
  retries?: number;
  /** Whether the server's event_id is compared with the one computed here. True when absent. */
  verify?: boolean;
}

/** For one call. */
export interface CallOptions {
  /** Ends the call, pauses between attempts included; the promise rejects with the signal's reason. */
  signal?: AbortSignal;
  /** Lets the request outlive the page that sends it. Browsers take 64 KiB of such requests at a time. */
  keepalive?: boolean;
}

/** For one batch. */
export interface BatchOptions extends CallOptions {
  /** In place of the client's `retries`. */
  retries?: number;
  /** Asks what would be answered; nothing is stored. */
  dryRun?: boolean;
  /** The most events of a request. 1,000 when absent. */
  maxEvents?: number;
}

/** An event that is valid, as it would be sent. */
export interface Prepared {
  event_id: string;
  /** The exact text that the id was computed of. */
  text: string;
}

/**
 * Validates events, sends exactly the text that was hashed, and repeats what may be repeated: an event has one id, so
 * the server takes a repetition for the same event.
 */
export class IngestClient {
  readonly #service: Service;
  readonly #retries: number;
  readonly #verify: boolean;

  constructor({ url, token, fetch, retries = 5, verify = true }: IngestClientOptions) {
    checkRetries(retries);
    this.#service = new Service(url, token, fetch);
    this.#retries = retries;
    this.#verify = verify;
  }

  /** What {@link ingest} would send. Throws {@link EventRejected}. */
  prepare(event: EventInput): Prepared {
    const { id, body } = judge(event);
    return { event_id: id, text: body.text };
  }

  /**
   * Sends one event. Throws {@link EventRejected}, mostly before anything is sent; `IngestFailed` when all attempts
   * failed; `EventIdMismatch`.
   */
  async ingest(event: EventInput, options: CallOptions = {}): Promise<Answer> {
    return this.#send(event, false, options);
  }

  /** Asks what {@link ingest} would be answered; nothing is stored. */
  async dryRun(event: EventInput, options: CallOptions = {}): Promise<Answer> {
    return this.#send(event, true, options);
  }

  /**
   * Sends many events and says what became of each. An invalid event, or a server that fails, is a result and throws
   * nothing: look at `rejected` and `failed`.
   */
  async ingestBatch(events: Iterable<EventInput>, options: BatchOptions = {}): Promise<BatchAnswer> {
    const { retries = this.#retries, dryRun = false, maxEvents = MAX_EVENTS, signal, keepalive } = options;
    checkRetries(retries);
    if (!Number.isInteger(maxEvents) || maxEvents < 1) throw new TypeError("maxEvents is not a whole number from 1; mend it");
    return ingestBatch(this.#service, events, { retries, dryRun, maxEvents, verify: this.#verify, signal, keepalive });
  }

  async #send(event: EventInput, dryRun: boolean, options: CallOptions): Promise<Answer> {
    const { id, body } = judge(event);
    const answer = await persist(
      async () => {
        const reply = await this.#service.post(pathOf("/ingest", dryRun), body.bytes, options);
        const entry = readEntry(reply.json);
        if (entry === undefined || entry.status === "ERROR") throw failureOf(reply);
        checkDryRun(entry, reply.status, dryRun);
        return entry;
      },
      this.#retries,
      options.signal,
    );
    if (answer.status === "REJECTED") throw new EventRejected(answer.errors);
    if (this.#verify && answer.event_id !== id) throw new EventIdMismatch(id, answer.event_id);
    return answer;
  }
}

function checkRetries(retries: number): void {
  if (!Number.isInteger(retries) || retries < 0) throw new TypeError("retries is not a whole number from 0; mend it");
}
