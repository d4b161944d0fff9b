/** A question of a component, and how far its answer is. */

import { useEffect, useRef, useState } from "preact/hooks";

import { token } from "./request.ts";

/** How far an answer is. The last answer stays on the screen while the next one is under way. */
export interface Asked<T> {
  readonly value: T | undefined;
  readonly error: unknown;
  readonly pending: boolean;
}

/** Asks whenever `key` changes; `undefined` asks nothing. */
export function useAsked<T>(key: string | undefined, question: (signal: AbortSignal) => Promise<T>): Asked<T> {
  const [asked, setAsked] = useState<Asked<T> & { key: string | undefined }>({ key: undefined, value: undefined, error: undefined, pending: true });
  const latest = useRef(question);
  latest.current = question;
  const session = token.value;
  useEffect(() => {
    if (key === undefined) {
      setAsked({ key, value: undefined, error: undefined, pending: false });
      return;
    }
    const abort = new AbortController();
    setAsked((before) => ({ ...before, error: undefined, pending: true }));
    latest.current(abort.signal).then(
      (value) => abort.signal.aborted || setAsked({ key, value, error: undefined, pending: false }),
      (error: unknown) => abort.signal.aborted || setAsked({ key, value: undefined, error, pending: false }),
    );
    return () => abort.abort();
  }, [key, session]);
  return asked;
}
