/** The newest arrivals, as soon as they are durable and nothing can come before them. */

import { useEffect, useRef, useState } from "preact/hooks";

import { events, PAGE, type Occurrence } from "../api/record.ts";
import { ApiError, token } from "../api/request.ts";
import { Conditions, RecordHead, RecordRow } from "../parts/records.tsx";
import { conditions, meets } from "../parts/filter.ts";
import { Rows } from "../parts/rows.tsx";
import { Failure, Nothing, Skeleton } from "../parts/state.tsx";
import { Time } from "../parts/time.tsx";
import { amount } from "../text/amount.ts";
import { iso } from "../time/instant.ts";

/** Arrivals that are kept; older ones go, and the view says so. */
const CAP = 5_000;
/** How far back the first question reaches. */
const BACK = 10 * 60_000;
/** How many seconds the server may wait for an arrival before it answers. */
const WAIT = 10;
/** A pause between two questions. */
const PAUSE = 500;
/** A pause after a failure: a server that restarts is back in seconds. */
const RETRY = 2_000;

interface State {
  readonly shown: readonly Occurrence[];
  readonly waiting: readonly Occurrence[];
  readonly total: number;
  readonly dropped: number;
  readonly settled: string | undefined;
  readonly error: unknown;
}

const NONE: State = { shown: [], waiting: [], total: 0, dropped: 0, settled: undefined, error: undefined };

/** Takes arrivals in, the newest first, up to the cap. */
function taken(state: State, found: readonly Occurrence[], paused: boolean): State {
  const next = [...found].reverse();
  const total = state.total + found.length;
  if (paused) {
    const waiting = [...next, ...state.waiting];
    return { ...state, waiting: waiting.slice(0, CAP), total };
  }
  const all = [...next, ...state.waiting, ...state.shown];
  return { ...state, shown: all.slice(0, CAP), waiting: [], total, dropped: Math.max(0, total - CAP) };
}

/** The view. */
export function Live() {
  const [state, setState] = useState<State>(NONE);
  const [paused, setPaused] = useState(false);
  const isPaused = useRef(false);
  isPaused.current = paused;
  const session = token.value;
  useEffect(() => {
    const abort = new AbortController();
    setState(NONE);
    void follow(abort.signal, (change) => setState((state) => change(state, isPaused.current)));
    return () => abort.abort();
  }, [session]);
  const pause = () => {
    if (paused) setState((state) => taken(state, [], false));
    setPaused(!paused);
  };
  const wanted = conditions();
  const shown = wanted.length === 0 ? state.shown : state.shown.filter((record) => meets(record, wanted));
  return (
    <>
      <header class="title">
        <h1>Live</h1>
        <p>
          newest first{state.settled !== undefined && <>, settled until <Time at={state.settled} /></>}: what is shown is durable
        </p>
      </header>
      <nav class="bar" aria-label="following">
        <button type="button" class="main" onClick={pause} aria-pressed={paused}>{paused ? "go on" : "pause"}</button>
        {paused && <span role="status">{amount(state.waiting.length)}{state.waiting.length === CAP ? " or more" : ""} wait</span>}
        <span class="muted">{amount(state.total)} since this was opened</span>
        {state.dropped > 0 && <span class="muted">the newest {amount(CAP)} are kept; {amount(state.dropped)} older ones are under Arrivals</span>}
      </nav>
      {state.error !== undefined && <Failure error={state.error} />}
      <Conditions wanted={wanted} />
      {shown.length === 0 ? state.settled === undefined && state.error === undefined ? <Skeleton /> : (
        <Nothing>{wanted.length > 0 && state.shown.length > 0 ? "None of the latest arrivals meets the conditions." : "Nothing arrived in the last ten minutes. What comes appears here by itself."}</Nothing>
      ) : (
        <Rows
          count={shown.length} label="the newest arrivals" height={26} head={<RecordHead />}
          row={(index) => {
            const record = shown[index] as Occurrence;
            return <RecordRow key={record.receipt + record.event_id + record.ingest_time} record={record} />;
          }}
        />
      )}
    </>
  );
}

/** Asks for what is settled since the last answer, again and again. No arrival is missed, and none comes twice. */
async function follow(signal: AbortSignal, change: (change: (state: State, paused: boolean) => State) => void): Promise<void> {
  let from = iso(Date.now() - BACK);
  const pause = (time: number) => new Promise((done) => setTimeout(done, time));
  while (!signal.aborted) {
    try {
      // A page hidden behind others asks nothing.
      if (document.hidden) {
        await pause(PAUSE);
        continue;
      }
      let cursor: string | undefined;
      let settled: string | undefined;
      do {
        const page = await events({ arrived_from: from, limit: PAGE, cursor, wait: cursor === undefined ? WAIT : undefined }, signal);
        settled = page.settled_until ?? settled;
        cursor = page.next_cursor ?? undefined;
        change((state, paused) => ({ ...taken(state, page.events, paused), settled: settled, error: undefined }));
      } while (cursor !== undefined && !signal.aborted);
      if (settled !== undefined && settled > from) from = settled;
      await pause(PAUSE);
    } catch (error) {
      if (signal.aborted) return;
      change((state) => ({ ...state, error }));
      // A wrong question stays wrong; a server that is away comes back.
      if (error instanceof ApiError && error.status >= 400 && error.status < 500 && error.status !== 408) return;
      await pause(RETRY);
    }
  }
}
