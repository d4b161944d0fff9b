/** Doing something again while that may help. */

import { IngestFailed, type Failure } from "./answer.js";

/** Pauses double from here… */
const FIRST_PAUSE_MS = 200;
/** …to here. */
const LONGEST_PAUSE_MS = 20_000;
/** A server that asks for more than this is not waited for: the caller is told, and knows better what to do meanwhile. */
const LONGEST_WAIT_MS = 60_000;

/** Runs `attempt` until it succeeds, fails for good, or has been repeated `retries` times; then throws the last failure. */
export async function persist<T>(attempt: () => Promise<T>, retries: number, signal?: AbortSignal): Promise<T> {
  const patience = new Patience(retries, signal);
  for (;;) {
    signal?.throwIfAborted();
    try {
      return await attempt();
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof IngestFailed)) throw error;
      await patience.after(error);
    }
  }
}

/** How often something is repeated, and the pauses between. */
export class Patience {
  readonly #retries: number;
  readonly #signal: AbortSignal | undefined;
  #repeated = 0;

  constructor(retries: number, signal: AbortSignal | undefined) {
    this.#retries = retries;
    this.#signal = signal;
  }

  /** Counts anew: a server that gets something done is worth more attempts. */
  renew(): void {
    this.#repeated = 0;
  }

  /** Waits until the next attempt is due. Throws the failure when there should be none. */
  async after(failure: IngestFailed): Promise<void> {
    const { errors, status, retryAfterMs = 0 } = failure;
    if (!mayPass(failure)) throw failure;
    if (retryAfterMs > LONGEST_WAIT_MS) throw new IngestFailed([...errors, retryLater(retryAfterMs)], status, retryAfterMs);
    if (this.#repeated >= this.#retries) throw failure;
    await pause(pauseMs(this.#repeated++, retryAfterMs), this.#signal);
  }
}

/** Whether the same request may succeed later. */
function mayPass({ status }: IngestFailed): boolean {
  return status === undefined || status === 408 || status === 429 || status >= 500;
}

function retryLater(retryAfterMs: number): Failure {
  const seconds = Math.ceil(retryAfterMs / 1000);
  const message = `the server asks to wait ${seconds} s, and this client waits ${LONGEST_WAIT_MS / 1000} s at most; send the event again then`;
  return { code: "retry_later", path: "", message };
}

/** Back-off with full jitter, on top of what the server asked for: clients that failed together do not return together. */
function pauseMs(repeated: number, askedMs: number): number {
  return askedMs + Math.random() * Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** repeated);
}

function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, milliseconds);
    signal?.addEventListener("abort", stop, { once: true });
  });
}

/** What a `Retry-After` header says, in milliseconds: it has seconds or a date. */
export function retryAfterMs(header: string | null, now: number): number | undefined {
  if (header === null) return undefined;
  const milliseconds = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now;
  return Number.isNaN(milliseconds) ? undefined : Math.max(0, milliseconds);
}
