/** Doing something again while that may help. */

import { IngestFailed } from "./answer.js";

/** Pauses double from here… */
const FIRST_PAUSE_MS = 200;
/** …to here. */
const LONGEST_PAUSE_MS = 20_000;
/** A server that asks for more than this is not waited for: the caller knows better what to do meanwhile. */
const LONGEST_WAIT_MS = 60_000;

/** Runs `attempt` until it succeeds, fails for good, or has been repeated `retries` times; then throws the last failure. */
export async function persist<T>(attempt: () => Promise<T>, retries: number, signal?: AbortSignal): Promise<T> {
  for (let repeated = 0; ; repeated++) {
    signal?.throwIfAborted();
    try {
      return await attempt();
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof IngestFailed) || !mayPass(error) || repeated >= retries) throw error;
      await pause(pauseMs(repeated, error.retryAfterMs ?? 0), signal);
    }
  }
}

/** Whether the same request may succeed later. */
function mayPass({ status, retryAfterMs }: IngestFailed): boolean {
  const passing = status === undefined || status === 408 || status === 429 || status >= 500;
  return passing && (retryAfterMs ?? 0) <= LONGEST_WAIT_MS;
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
