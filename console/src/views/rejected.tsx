/** What was refused: by code and place, with a sample and the repair beside it. */

import { useMemo, useRef, useState, useEffect } from "preact/hooks";

import { changed, go, parameter } from "../address.ts";
import { useAsked } from "../api/asked.ts";
import { refusedHours, rejections, type Refused } from "../api/rejections.ts";
import { token } from "../api/request.ts";
import { Copy } from "../parts/copy.tsx";
import { JsonText, RawText } from "../parts/json-text.tsx";
import { Failure, Nothing, Skeleton } from "../parts/state.tsx";
import { Time } from "../parts/time.tsx";
import { amount, bytes } from "../text/amount.ts";
import { isJson } from "../text/json.ts";
import { now } from "../time/clock.ts";
import { DAY, HOUR, iso } from "../time/instant.ts";
import { Repair } from "./repair.tsx";

const SPANS = { "1 h": DAY / 24, "1 d": DAY, "7 d": 7 * DAY, "30 d": 30 * DAY, "1 y": 366 * DAY };
/** Refusals that are read at most; the view says when there are more. */
const MOST = 10_000;

interface Read {
  readonly found: readonly Refused[];
  readonly more: boolean;
  readonly pending: boolean;
  readonly error: unknown;
}

/** Refusals of one code at one place. */
interface Kind {
  readonly code: string;
  readonly path: string;
  readonly count: number;
  readonly last: string;
  readonly found: readonly Refused[];
}

function useRejections(from: string, to: string, source: string | undefined, event_type: string | undefined): Read {
  const session = token.value;
  const [read, setRead] = useState<Read>({ found: [], more: false, pending: true, error: undefined });
  useEffect(() => {
    const abort = new AbortController();
    setRead({ found: [], more: false, pending: true, error: undefined });
    (async () => {
      let found: Refused[] = [];
      let seen = 0;
      let cursor: string | undefined;
      do {
        const page = await rejections({ from, to, source, limit: 1_000, cursor }, abort.signal);
        // The API narrows by source.
        found = [...found, ...page.rejections.filter((refused) => event_type === undefined || refused.event_type === event_type)];
        seen += page.rejections.length;
        cursor = page.next_cursor ?? undefined;
        if (abort.signal.aborted) return;
        setRead({ found, more: cursor !== undefined, pending: cursor !== undefined, error: undefined });
      } while (cursor !== undefined && seen < MOST);
      setRead((read) => ({ ...read, pending: false }));
    })().catch((error: unknown) => abort.signal.aborted || setRead((read) => ({ ...read, pending: false, error })));
    return () => abort.abort();
  }, [from, to, source, event_type, session]);
  return read;
}

/** Places in an array are one place. */
function place(path: string): string {
  return path.replace(/\/\d+(?=\/|$)/g, "/*");
}

function kindsOf(found: readonly Refused[]): Kind[] {
  const kinds = new Map<string, { code: string; path: string; count: number; last: string; found: Refused[] }>();
  for (const refused of found) {
    for (const { code, path } of refused.errors) {
      const key = `${code} ${place(path)}`;
      const kind = kinds.get(key) ?? { code, path: place(path), count: 0, last: refused.last_time, found: [] };
      kind.count += refused.count;
      if (refused.last_time > kind.last) kind.last = refused.last_time;
      if (kind.found.at(-1) !== refused) kind.found.push(refused);
      kinds.set(key, kind);
    }
  }
  return [...kinds.values()].sort((a, b) => b.count - a.count);
}

/** The view. */
export function Rejected() {
  const opened = useRef(Math.floor(now.peek() / 60_000) * 60_000 + 60_000);
  const to = parameter("to") ?? iso(opened.current);
  const from = parameter("from") ?? iso(Date.parse(to) - 30 * DAY);
  const source = parameter("source");
  const event_type = parameter("event_type");
  const read = useRejections(from, to, source, event_type);
  const kinds = useMemo(() => kindsOf(read.found), [read.found]);
  const chosen = kinds.find(({ code, path }) => code === parameter("code") && path === (parameter("path") ?? ""));
  const span = Date.parse(to) - Date.parse(from);
  const total = read.found.reduce((sum, { count }) => sum + count, 0);
  return (
    <>
      <header class="title">
        <h1>Rejected</h1>
        <p>
          {amount(total)} {total === 1 ? "refusal" : "refusals"}{read.more ? " among those read so far" : ""}, by when they were received
        </p>
      </header>
      <nav class="bar" aria-label="the window">
        <span class="tabs">
          {Object.entries(SPANS).map(([name, length]) => (
            <a key={name} href={changed({ from: iso(Date.parse(to) - length), to })} aria-current={span === length ? "true" : undefined}>{name}</a>
          ))}
        </span>
        <label class="check">source <input value={source ?? ""} placeholder="all" onChange={({ currentTarget }) => go(changed({ source: currentTarget.value || undefined }))} /></label>
        <label class="check">type <input value={event_type ?? ""} placeholder="all" onChange={({ currentTarget }) => go(changed({ event_type: currentTarget.value || undefined }))} /></label>
        <span class="range">
          <a href={changed({ from: iso(Date.parse(from) - span), to: from })}>‹ earlier</a>
          <span><Time at={from} /> … <Time at={to} /></span>
          <a href={changed({ from: to, to: iso(Date.parse(to) + span) })}>later ›</a>
        </span>
      </nav>
      <Hours from={from} to={to} source={source} event_type={event_type} />
      {read.error !== undefined && <Failure error={read.error} />}
      {read.found.length === 0 ? read.pending ? <Skeleton /> : read.error === undefined && <Nothing>Nothing was refused in this time.</Nothing> : (
        <div class="two">
          <section class="scroll" aria-label="kinds of refusal" tabIndex={0}>
            <table class="plain">
              <thead><tr><th scope="col">code</th><th scope="col">where</th><th scope="col" class="number">refusals</th><th scope="col">last</th></tr></thead>
              <tbody>
                {kinds.map((kind) => (
                  <tr key={`${kind.code} ${kind.path}`} class={kind === chosen ? "chosen" : ""}>
                    <td><a href={changed({ code: kind.code, path: kind.path || undefined })} aria-current={kind === chosen ? "true" : undefined}><code>{kind.code}</code></a></td>
                    <td><code>{kind.path || "the whole"}</code></td>
                    <td class="number">{amount(kind.count)}</td>
                    <td><Time at={kind.last} /></td>
                  </tr>
                ))}
              </tbody>
            </table>
          </section>
          <section aria-label="samples">{chosen === undefined ? <Nothing>Choose a kind to see what was sent.</Nothing> : <Samples kind={chosen} />}</section>
        </div>
      )}
    </>
  );
}

/** How many bars are drawn at most. */
const BARS = 100;
const HIGH = 60;

/** Amounts over time, each bar a link to its part of the window. These counts are complete where the records below are bounded. */
function Hours({ from, to, source, event_type }: { from: string; to: string; source: string | undefined; event_type: string | undefined }) {
  const asked = useAsked(`${from} ${to} ${source} ${event_type}`, (signal) => refusedHours({ from, to, source, event_type }, signal));
  const hours = asked.value;
  if (hours === undefined || hours.length === 0) return null;
  const first = Math.floor(Date.parse(from) / HOUR) * HOUR;
  const count = Math.max(1, Math.ceil((Date.parse(to) - first) / HOUR));
  const each = Math.ceil(count / BARS);
  const bars = Array.from({ length: Math.ceil(count / each) }, () => 0);
  for (const { hour, count } of hours) {
    const at = Math.floor((Date.parse(hour) - first) / HOUR / each);
    bars[at] = (bars[at] ?? 0) + count;
  }
  const max = Math.max(1, ...bars);
  const total = bars.reduce((sum, count) => sum + count, 0);
  const unrecorded = hours.reduce((sum, hour) => sum + hour.unrecorded, 0);
  const wide = 1_000 / bars.length;
  return (
    <figure class="refusals">
      <figcaption>
        {amount(total)} refused, {each === 1 ? "by hour" : `each bar ${each} h`}, at most {amount(max)}
        {unrecorded > 0 && `; ${amount(unrecorded)} of them left no record`}
      </figcaption>
      <svg viewBox={`0 0 1000 ${HIGH}`} preserveAspectRatio="none" role="group" aria-label="refusals over time">
        {bars.map((count, index) => {
          const start = first + index * each * HOUR;
          const tall = count === 0 ? 0 : Math.max(3, (count / max) * HIGH);
          const told = `${iso(start).slice(0, 16)}: ${amount(count)} refused`;
          return count > 0 && (
            <a key={index} href={changed({ from: iso(start), to: iso(start + each * HOUR), code: undefined, path: undefined })} aria-label={told}>
              <title>{told}</title>
              <rect class="bar" x={index * wide} y={HIGH - tall} width={Math.max(2, wide - 2)} height={tall} />
            </a>
          );
        })}
        <line class="axis" x1={0} x2={1_000} y1={HIGH} y2={HIGH} />
      </svg>
    </figure>
  );
}

/** What was kept of the bytes. Only what is JSON from its beginning to its end is formatted: nothing that was sent may be left out. */
function Body({ refused: { body, body_hex, length } }: { refused: Refused }) {
  if (body_hex !== undefined) {
    return (
      <>
        <p class="muted">No text in UTF-8; its {body_hex.length / 2 < length ? "first bytes" : "bytes"} in hexadecimal:</p>
        <RawText text={body_hex} />
      </>
    );
  }
  if (body === undefined) return <p class="muted">Its bytes were not kept; <code>pik serve --keep-rejected-bodies</code> keeps them.</p>;
  const kept = new TextEncoder().encode(body).length;
  return (
    <>
      {isJson(body) ? <JsonText text={body} /> : <RawText text={body} />}
      {kept < length && <p class="muted">The first {bytes(kept)} were kept.</p>}
      <p><Copy what="copy bytes" text={body} /></p>
    </>
  );
}

function Samples({ kind }: { kind: Kind }) {
  return (
    <>
      <h2><code>{kind.code}</code> {kind.path && <code>{kind.path}</code>}</h2>
      <Repair code={kind.code} />
      {kind.found.slice(0, 5).map((refused) => (
        <article key={`${refused.request_id} ${refused.index ?? ""} ${refused.sha256}`} class="sample">
          <p>
            <Time at={refused.last_time} beside /> · {refused.count > 1 && `${amount(refused.count)} times · `}{bytes(refused.length)}
            {refused.source !== undefined && <> · <bdi>{refused.source}</bdi>{refused.event_type !== undefined && <> / <bdi>{refused.event_type}</bdi></>}</>}
          </p>
          <p class="muted">
            request <code>{refused.request_id}</code>{refused.index !== undefined && `, event ${refused.index}`}
            {refused.token !== undefined && <> · token <bdi>{refused.token}</bdi></>}
            {refused.user_agent !== undefined && <> · <bdi>{refused.user_agent}</bdi></>}
          </p>
          <Body refused={refused} />
        </article>
      ))}
      {kind.found.length > 5 && <Nothing>These are 5 of {amount(kind.found.length)}.</Nothing>}
    </>
  );
}
