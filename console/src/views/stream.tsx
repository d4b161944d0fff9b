/** A stream's days: hours across, days down, by event time; the events of what was chosen below. */

import { useCallback, useMemo } from "preact/hooks";

import { address, changed, go, link, parameter } from "../address.ts";
import { useAsked } from "../api/asked.ts";
import type { Occurrence } from "../api/record.ts";
import { stats, type Bucket, type StreamName } from "../api/stats.ts";
import { streams } from "../api/streams.ts";
import { Heat, type Row } from "../parts/heat.tsx";
import { Histogram } from "../parts/histogram.tsx";
import { CLASSES } from "../parts/lags.ts";
import { LATE, Records, useRecords } from "../parts/records.tsx";
import { lagStep, step } from "../parts/scale.ts";
import { Scatter } from "../parts/scatter.tsx";
import { Failure, Nothing, Skeleton } from "../parts/state.tsx";
import { Ago } from "../parts/time.tsx";
import { amount, share, short } from "../text/amount.ts";
import { now } from "../time/clock.ts";
import { DAY, HOUR, dateOf, duration, iso } from "../time/instant.ts";

const DAYS = 14;
const MODES = { amount: "amount", duplicates: "duplicates", rejected: "rejected", lag: "p95 lag" } as const;
type Mode = keyof typeof MODES;

/** A day that is written out, if it is one. */
function day(text: string | undefined): number | undefined {
  const time = text !== undefined && /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  return Number.isNaN(time) ? undefined : time;
}

/** The days from `first` up to `end`, each with its hours. */
function daysOf(first: number, end: number): number[] {
  return Array.from({ length: Math.round((end - first) / DAY) }, (_, index) => first + index * DAY);
}

/** The view. */
export function StreamDays() {
  const source = parameter("source");
  const event_type = parameter("event_type");
  if (source === undefined || event_type === undefined) return <Nothing>The address names no stream; choose one under Streams.</Nothing>;
  return <Days key={`${source}\n${event_type}`} stream={{ source, event_type }} />;
}

function Days({ stream }: { stream: StreamName }) {
  const known = useAsked("streams", streams);
  const self = known.value?.find(({ source, event_type }) => source === stream.source && event_type === stream.event_type);
  const settled = known.value !== undefined || known.error !== undefined;
  const lastEvent = self?.last_event_time ? Math.min(Date.parse(self.last_event_time), now.peek()) : now.peek();
  const end = day(parameter("to")) ?? Math.floor(lastEvent / DAY) * DAY + DAY;
  const first = Math.min(day(parameter("from")) ?? end - DAYS * DAY, end - DAY);
  const wanted = parameter("show");
  const mode: Mode = wanted !== undefined && wanted in MODES ? (wanted as Mode) : "amount";
  const found = useAsked(settled ? `${first} ${end}` : undefined, (signal) => stats(stream, iso(first), iso(end), "hour", signal));
  const length = end - first;
  const move = (by: number) => changed({ from: dateOf(first + by), to: dateOf(end + by), day: undefined, hour: undefined });
  const chosenDay = day(parameter("day"));
  const chosenHour = chosenDay === undefined ? undefined : parameter("hour");
  return (
    <>
      <header class="title">
        <h1>
          <bdi>{stream.source}</bdi> <span class="muted">/</span> <bdi>{stream.event_type}</bdi>
        </h1>
        {self !== undefined && (
          <p>
            {self.first_arrival !== null && <>first arrival {self.first_arrival.slice(0, 10)} · </>}
            {self.last_arrival !== null && <>last <Ago at={self.last_arrival} /> · </>}
            <span title={`${amount(self.accepted)} events`}>{short(self.accepted)} events</span> · {share(self.duplicate, self.accepted + self.duplicate)} duplicate
            {self.rejected !== undefined && ` · ${amount(self.rejected)} rejected`}
          </p>
        )}
      </header>
      <nav class="bar" aria-label="what the map shows">
        <span class="muted">{mode === "rejected" ? "by when they were refused, UTC" : "by event time, UTC"}</span>
        <span class="tabs">
          {(Object.keys(MODES) as Mode[]).map((name) => (
            <a key={name} href={changed({ show: name === "amount" ? undefined : name })} aria-current={name === mode ? "true" : undefined}>
              {MODES[name]}
            </a>
          ))}
        </span>
        <span class="range">
          <a href={move(-length)} aria-label="earlier days" title="earlier">‹ earlier</a>
          <input type="date" aria-label="first day" value={dateOf(first)} onChange={({ currentTarget }) => day(currentTarget.value) !== undefined && go(changed({ from: currentTarget.value }))} />
          <span class="muted">…</span>
          <input
            type="date" aria-label="last day" value={dateOf(end - DAY)}
            onChange={({ currentTarget }) => { const last = day(currentTarget.value); if (last !== undefined) go(changed({ to: dateOf(last + DAY) })); }}
          />
          <a href={move(length)} aria-label="later days" title="later">later ›</a>
        </span>
      </nav>
      {found.error !== undefined && <Failure error={found.error} />}
      {found.value === undefined ? found.error === undefined && <Skeleton lines={DAYS} /> : (
        <Heat
          label={`${stream.source} ${stream.event_type}: ${MODES[mode]} by hour of event time`}
          rows={rowsOf(stream, found.value, daysOf(first, end), mode, self?.first_arrival ?? undefined, chosenDay, chosenHour)}
          totals={mode === "duplicates" || mode === "rejected" ? mode : "events"}
          asides={mode === "lag" ? "worst p95" : "p95 lag"}
        />
      )}
      <Legend mode={mode} />
      {chosenDay === undefined ? (
        <Nothing>Choose a day or an hour to see its events, the worst lag first.</Nothing>
      ) : (
        <Chosen stream={stream} day={chosenDay} hour={chosenHour} />
      )}
    </>
  );
}

/** The link to what was refused of a stream from a time on. */
function refusals({ source, event_type }: StreamName, from: number, length: number): string {
  return link("rejected", { source, event_type, from: iso(from), to: iso(from + length) });
}

function rowsOf(stream: StreamName, buckets: readonly Bucket[], days: readonly number[], mode: Mode, since: string | undefined, chosenDay: number | undefined, chosenHour: string | undefined): Row[] {
  const hours = new Map(buckets.map((bucket) => [Date.parse(bucket.start), bucket]));
  const value = (bucket: Bucket) => (mode === "duplicates" ? bucket.duplicate : mode === "rejected" ? (bucket.rejected ?? 0) : bucket.accepted);
  const max = Math.max(1, ...buckets.map(value));
  const arrived = since === undefined ? -Infinity : Math.floor(Date.parse(since) / DAY) * DAY;
  const earliest = buckets.find(({ accepted }) => accepted > 0);
  // What was sent later may have happened before the first arrival.
  const begin = Math.min(arrived, earliest === undefined ? Infinity : Math.floor(Date.parse(earliest.start) / DAY) * DAY);
  return days.map((day) => {
    const of = Array.from({ length: 24 }, (_, hour) => hours.get(day + hour * HOUR));
    const total = of.reduce((sum, bucket) => sum + (bucket === undefined ? 0 : value(bucket)), 0);
    const accepted = of.reduce((sum, bucket) => sum + (bucket?.accepted ?? 0), 0);
    const rejected = of.reduce((sum, bucket) => sum + (bucket?.rejected ?? 0), 0);
    const lags = of.flatMap((bucket) => (bucket?.lag_ms ? [bucket.lag_ms.p95] : []));
    const date = dateOf(day);
    const future = day > now.peek();
    const early = day < begin;
    return {
      date,
      href: mode === "rejected" ? refusals(stream, day, DAY) : changed({ day: date, hour: undefined, lag: undefined }),
      chosen: chosenDay === day && chosenHour === undefined,
      total: amount(total),
      aside: lags.length === 0 ? "–" : duration(Math.max(...lags)),
      note: future ? "not yet" : early ? "before the first event" : accepted === 0 ? "no events" : undefined,
      refused: rejected === 0 ? undefined : { told: `${amount(rejected)} rejected`, href: refusals(stream, day, DAY) },
      cells: of.map((bucket, hour) => {
        const start = day + hour * HOUR;
        const name = `${date} ${String(hour).padStart(2, "0")}:00`;
        const href = mode === "rejected" ? refusals(stream, start, HOUR) : changed({ day: date, hour: String(hour), lag: undefined });
        const chosen = chosenDay === day && chosenHour === String(hour);
        if (mode === "rejected") {
          const refused = bucket?.rejected ?? 0;
          return { step: refused === 0 ? undefined : step(refused, max), late: false, told: `${name}: ${amount(refused)} refused within this hour`, href, chosen };
        }
        if (bucket === undefined || bucket.accepted + bucket.duplicate === 0) {
          const expected = start <= now.peek() && !early;
          return { step: expected ? 0 : undefined, late: false, told: `${name}: ${expected ? "no events" : "nothing was to come"}`, href, chosen };
        }
        const { lag_ms: lag } = bucket;
        const told = `${name}: ${amount(bucket.accepted)} events, ${amount(bucket.duplicate)} duplicates${lag ? `, lag p50 ${duration(lag.p50)}, p95 ${duration(lag.p95)}, max ${duration(lag.max)}` : ""}`;
        const late = lag !== null && lag.p95 >= LATE;
        if (mode === "lag") return { step: lag === null ? 0 : lagStep(lag.p95), late, told, href, chosen };
        const shown = value(bucket);
        return { step: shown === 0 && mode === "amount" ? 0 : shown === 0 ? undefined : step(shown, max), late, told, href, chosen };
      }),
    };
  });
}

function Legend({ mode }: { mode: Mode }) {
  return (
    <p class="legend">
      <span>
        {mode === "lag" ? "0.1 s" : "few"}
        {[1, 2, 3, 4, 5, 6, 7, 8, 9].map((step) => (
          <i key={step} class={`cell s${step}`} />
        ))}
        {mode === "lag" ? "over 1 h" : "many"}
      </span>
      {(mode === "amount" || mode === "lag") && <span><i class="cell blank" /> no events in this hour</span>}
      {mode === "rejected" ? <span>the event time of a refused event is often what is wrong with it, so each stands at the hour in which it was refused</span> : (
        <span><i class="cell s5 tardy" /> late: 95th percentile of lag at or over 1 h</span>
      )}
    </p>
  );
}

function Chosen({ stream, day, hour }: { stream: StreamName; day: number; hour: string | undefined }) {
  const from = day + (hour === undefined ? 0 : Number(hour) * HOUR);
  const to = from + (hour === undefined ? DAY : HOUR);
  const question = useMemo(() => {
    const { source, event_type } = stream;
    // A day is asked for by lag. An hour of a busy day lies far down in that list, so it is asked for by event time.
    return hour === undefined ? { source, event_type, event_date: dateOf(day) } : { source, event_type, from: iso(from), to: iso(to), status: "ACCEPTED" };
  }, [stream.source, stream.event_type, day, hour]);
  const lag = parameter("lag");
  const brushed = useMemo(() => {
    const [low, high] = (lag ?? "").split("-").map(Number);
    return low !== undefined && high !== undefined && CLASSES[low] && CLASSES[high] ? ([low, high] as const) : undefined;
  }, [lag]);
  const keeps = useCallback((record: Occurrence) => {
    if (brushed === undefined) return true;
    const [low, high] = brushed;
    return record.ingest_lag_ms >= (CLASSES[low]?.from ?? 0) && record.ingest_lag_ms < (CLASSES[high]?.to ?? 0);
  }, [brushed]);
  const narrowed = brushed === undefined ? undefined : keeps;
  const read = useRecords(question, narrowed);
  const date = dateOf(day);
  const title = hour === undefined ? date : `${date}, ${hour.padStart(2, "0")}:00 to ${String(Number(hour) + 1).padStart(2, "0")}:00`;
  void address.value;
  return (
    <>
      <h2>{title}</h2>
      <div class="charts">
        <Scatter records={read.head} complete={read.isShort} />
        {read.head.length > 0 && (
          <Histogram
            lags={read.head.map(({ ingest_lag_ms }) => ingest_lag_ms)}
            brushed={brushed}
            complete={read.isShort}
            onBrush={(range) => go(changed({ lag: range === undefined ? undefined : `${range[0]}-${range[1]}` }))}
          />
        )}
      </div>
      <Records question={question} read={read} keeps={narrowed} label={`events of ${title}, ${hour === undefined ? "worst lag first" : "by event time"}`} empty="No event happened then, as far as any arrived." />
    </>
  );
}
