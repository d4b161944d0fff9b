/** Sending events. */

import { EventIdMismatch, readEntry, type Answer } from "./answer.js";
import { ingestBatch, type BatchAnswer } from "./batch.js";
import { bodyOf } from "./body.js";
import { eventIdOf, type IngestEvent } from "./event.js";
import { EventRejected } from "./problem.js";
import { persist } from "./retry.js";
import { Service, failureOf } from "./service.js";

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
    if (!Number.isInteger(retries) || retries < 0) throw new TypeError("retries is not a whole number from 0; mend it");
    this.#service = new Service(url, token, fetch);
    this.#retries = retries;
    this.#verify = verify;
  }

  /**
   * Sends one event. Throws {@link EventRejected}, mostly before anything is sent; `IngestFailed` when all attempts
   * failed; `EventIdMismatch`.
   */
  async ingest(event: IngestEvent | string, options: CallOptions = {}): Promise<Answer> {
    return this.#send("/ingest", event, options.signal);
  }

  /** Asks what {@link ingest} would be answered; nothing is stored. */
  async dryRun(event: IngestEvent | string, options: CallOptions = {}): Promise<Answer> {
    return this.#send("/ingest?dry_run=true", event, options.signal);
  }

  /**
   * Sends many events and says what became of each. An invalid event, or a server that fails, is a result and throws
   * nothing: look at `rejected` and `failed`.
   */
  async ingestBatch(events: Iterable<IngestEvent | string>, options: CallOptions = {}): Promise<BatchAnswer> {
    return ingestBatch(this.#service, events, { retries: this.#retries, verify: this.#verify, signal: options.signal });
  }

  async #send(path: string, event: IngestEvent | string, signal?: AbortSignal): Promise<Answer> {
    const body = bodyOf(event);
    const id = eventIdOf(body);
    const answer = await persist(
      async () => {
        const reply = await this.#service.post(path, body, signal);
        const entry = readEntry(reply.json);
        if (entry === undefined || entry.status === "ERROR") throw failureOf(reply);
        return entry;
      },
      this.#retries,
      signal,
    );
    if (answer.status === "REJECTED") throw new EventRejected(answer.errors);
    if (this.#verify && answer.event_id !== id) throw new EventIdMismatch(id, answer.event_id);
    return answer;
  }
}
