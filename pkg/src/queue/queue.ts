/** Events that wait on the device until the server has them. */

import type { Failure } from "../answer.js";
import type { BatchResult } from "../batch.js";
import type { IngestClient } from "../client.js";
import type { EventInput } from "../event.js";
import type { Problem } from "../problem.js";
import type { Bounds, Load, Shelf, Waiting } from "./shelf.js";

/** Events a request. */
const PORTION = 1000;
/** Pauses after a failure double from here… */
const FIRST_PAUSE_MS = 1_000;
/** …to here. */
const LONGEST_PAUSE_MS = 300_000;

/** An event that the queue does not keep, or keeps no longer, though the server does not have it. */
export interface Dropped {
  /**
   * `full`: there was no room. `storage`: the device could not keep it; `cause` says why. `rejected`: the server refused it;
   * `errors` says why.
   */
  reason: "full" | "storage" | "rejected";
  /** The event's exact text. */
  event: string;
  errors: readonly Problem[];
  cause?: unknown;
}

/** How a queue works. */
export interface QueueOptions {
  /** What sends. */
  client: IngestClient;
  /** IndexedDB's database; in Node.js the path of a file. `pik-events` when absent. */
  name?: string;
  /** The most events that wait. 10,000 when absent. */
  maxEvents?: number;
  /** The most characters that wait. 16 million when absent. */
  maxCharacters?: number;
  /** Told of each event that is lost to the queue. Nothing is dropped otherwise. */
  onDrop: (dropped: Dropped) => void;
  /** Told of each attempt to send that failed; the events wait on. */
  onFailure?: (errors: readonly Failure[]) => void;
}

/** What became of an event that was given to a queue. */
export interface Added {
  event_id: string;
  /** Whether it waits, durably. If not, `onDrop` was told why. */
  kept: boolean;
}

/**
 * Keeps events on the device and sends them in batches, oldest first, until the server has answered. What is kept outlives the page,
 * the process and the network. An event may be sent twice; it has one id, so it is stored once.
 */
export class EventQueue {
  readonly #shelf: Shelf;
  readonly #client: IngestClient;
  readonly #bounds: Bounds;
  readonly #onDrop: (dropped: Dropped) => void;
  readonly #onFailure: (errors: readonly Failure[]) => void;
  readonly #closing = new AbortController();
  #sending: Promise<void> | undefined;
  #again = false;
  #failures = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(shelf: Shelf, options: QueueOptions) {
    this.#shelf = shelf;
    this.#client = options.client;
    this.#bounds = { events: options.maxEvents ?? 10_000, characters: options.maxCharacters ?? 16_000_000 };
    this.#onDrop = options.onDrop;
    this.#onFailure = options.onFailure ?? (() => {});
    globalThis.addEventListener?.("online", this.#wake);
    this.#wake();
  }

  /** Keeps an event until it is sent. Throws `EventRejected` when it is invalid; nothing else. */
  async add(event: EventInput): Promise<Added> {
    const { event_id, text } = this.#client.prepare(event);
    try {
      if (await this.#shelf.put(text, this.#bounds)) {
        this.#wake();
        return { event_id, kept: true };
      }
      this.#onDrop({ reason: "full", event: text, errors: [] });
    } catch (cause) {
      this.#onDrop({ reason: "storage", event: text, errors: [], cause });
    }
    return { event_id, kept: false };
  }

  /** Tries to send everything now, and says how much waits afterwards. */
  async flush(): Promise<Load> {
    this.#failures = 0;
    this.#wake();
    while (this.#sending !== undefined) await this.#sending;
    return this.load();
  }

  /** How much waits. */
  async load(): Promise<Load> {
    return this.#shelf.load();
  }

  /** Ends sending. What waits is sent by the next queue of this name. */
  async close(): Promise<void> {
    this.#closing.abort();
    clearTimeout(this.#timer);
    globalThis.removeEventListener?.("online", this.#wake);
    await this.#sending;
    await this.#shelf.close();
  }

  readonly #wake = (): void => {
    clearTimeout(this.#timer);
    if (this.#closing.signal.aborted) return;
    if (this.#sending !== undefined) {
      this.#again = true;
      return;
    }
    this.#again = false;
    this.#sending = this.#send().then((pauseMs) => {
      this.#sending = undefined;
      if (pauseMs !== undefined) this.#later(pauseMs);
      else if (this.#again) this.#wake();
    });
  };

  #later(pauseMs: number): void {
    if (this.#closing.signal.aborted) return;
    this.#timer = setTimeout(this.#wake, pauseMs);
    // A process need not live on for this: what waits is durable.
    (this.#timer as { unref?: () => void }).unref?.();
  }

  /** Sends what waits, and returns how long to pause if some of it still does. */
  async #send(): Promise<number | undefined> {
    try {
      const askedMs = await this.#shelf.alone(() => this.#sendAll());
      if (askedMs === undefined) {
        this.#failures = 0;
        return undefined;
      }
      return askedMs + this.#backOff();
    } catch (error) {
      if (this.#closing.signal.aborted) return undefined;
      const message = `the queue could not be read or sent: ${String(error)}`;
      this.#onFailure([{ code: "internal", path: "", message }]);
      return this.#backOff();
    }
  }

  #backOff(): number {
    return Math.random() * Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.#failures++);
  }

  /** `undefined` when all was sent; else how long the server asked to wait. */
  async #sendAll(): Promise<number | undefined> {
    let askedMs: number | undefined;
    for (let place = 0; ; ) {
      const waiting = await this.#shelf.behind(place, PORTION);
      const last = waiting.at(-1);
      if (last === undefined || this.#closing.signal.aborted) return askedMs;
      const { results, retryAfterMs, stopped } = await this.#client.ingestBatch(
        waiting.map(({ text }) => text),
        { retries: 0, signal: this.#closing.signal },
      );
      const failed = await this.#settle(waiting, results);
      if (failed !== undefined) {
        askedMs = Math.max(askedMs ?? 0, retryAfterMs ?? 0);
        this.#onFailure(stopped?.errors ?? failed.errors);
        // The next portion would fare no better. An event that fails alone does not hold up the others.
        if (stopped !== undefined) return askedMs;
      }
      place = last.place;
    }
  }

  /** Removes what is done with, and returns the first failure among the others. */
  async #settle(waiting: Waiting[], results: BatchResult[]): Promise<Extract<BatchResult, { status: "ERROR" }> | undefined> {
    const done: Waiting[] = [];
    let failed: Extract<BatchResult, { status: "ERROR" }> | undefined;
    for (const [index, event] of waiting.entries()) {
      const result = results[index] as BatchResult;
      if (result.status === "ERROR") {
        failed ??= result;
        continue;
      }
      // Before it is removed: a page that dies in between tells it again, and not never.
      if (result.status === "REJECTED") this.#onDrop({ reason: "rejected", event: event.text, errors: result.errors });
      done.push(event);
    }
    await this.#shelf.remove(done);
    return failed;
  }
}
