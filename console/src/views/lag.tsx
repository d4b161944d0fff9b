/** The latest of a stream and day, worst first. */

import { useMemo } from "preact/hooks";

import { changed, go, parameter } from "../address.ts";
import { useAsked } from "../api/asked.ts";
import { streams, type Stream } from "../api/streams.ts";
import { Histogram } from "../parts/histogram.tsx";
import { Records, useRecords } from "../parts/records.tsx";
import { Scatter } from "../parts/scatter.tsx";
import { Failure, Nothing, Skeleton } from "../parts/state.tsx";
import { now } from "../time/clock.ts";
import { dateOf } from "../time/instant.ts";

/** The view. */
export function WorstLag() {
  const found = useAsked("streams", streams);
  if (found.error !== undefined) return <Failure error={found.error} />;
  if (found.value === undefined) return <Skeleton />;
  const name = parameter("stream") ?? (found.value[0] && keyOf(found.value[0]));
  const stream = found.value.find((stream) => keyOf(stream) === name);
  return (
    <>
      <header class="title"><h1>Worst lag</h1><p>of a stream and a day of event time</p></header>
      <nav class="bar" aria-label="the stream and the day">
        <select aria-label="stream" value={name} onChange={({ currentTarget }) => go(changed({ stream: currentTarget.value, day: undefined }))}>
          {found.value.map((stream) => <option key={keyOf(stream)} value={keyOf(stream)}>{stream.source} / {stream.event_type}</option>)}
        </select>
        {stream !== undefined && (
          <input type="date" aria-label="day of event time, UTC" value={dayOf(stream)} onChange={({ currentTarget }) => currentTarget.value !== "" && go(changed({ day: currentTarget.value }))} />
        )}
      </nav>
      {stream === undefined ? <Nothing>There is no such stream.</Nothing> : <Latest stream={stream} day={dayOf(stream)} />}
    </>
  );
}

function keyOf({ source, event_type }: Stream): string {
  return JSON.stringify([source, event_type]);
}

function dayOf(stream: Stream): string {
  return parameter("day") ?? dateOf(stream.last_event_time === null ? now.peek() : Date.parse(stream.last_event_time));
}

function Latest({ stream, day }: { stream: Stream; day: string }) {
  const least = parameter("min_lag_ms");
  const question = useMemo(
    () => ({ source: stream.source, event_type: stream.event_type, event_date: day, min_lag_ms: least }),
    [stream.source, stream.event_type, day, least],
  );
  const read = useRecords(question);
  return (
    <>
      <div class="charts">
        <Scatter records={read.head} complete={read.isShort} />
        {read.head.length > 0 && <Histogram lags={read.head.map(({ ingest_lag_ms }) => ingest_lag_ms)} brushed={undefined} onBrush={() => {}} complete={read.isShort} />}
      </div>
      <Records question={question} read={read} label="events, worst lag first" empty="No event of this day has arrived." />
    </>
  );
}
