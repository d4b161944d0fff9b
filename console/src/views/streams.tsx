/** Every source and type, with its last day. */

import { useRef } from "preact/hooks";

import { address, link } from "../address.ts";
import { useAsked } from "../api/asked.ts";
import { stats, type Bucket } from "../api/stats.ts";
import { streams, type Stream } from "../api/streams.ts";
import { useSeen } from "../parts/seen.ts";
import { Spark } from "../parts/spark.tsx";
import { Failure, Skeleton } from "../parts/state.tsx";
import { Ago } from "../parts/time.tsx";
import { amount, share, short } from "../text/amount.ts";
import { now } from "../time/clock.ts";
import { DAY, HOUR, duration, iso } from "../time/instant.ts";
import { Empty } from "./empty.tsx";

/** A stream is silent when nothing came for so many times its usual gap, and a few minutes at least. */
const GAPS = 20;
const PATIENCE = 5 * 60_000;

/** Whether a stream has said nothing for long, by how often it speaks. */
export function isSilent(stream: Stream, present: number): boolean {
  const { first_arrival: first, last_arrival: last, accepted } = stream;
  if (first === null || last === null || accepted < 10) return false;
  const gap = (Date.parse(last) - Date.parse(first)) / (accepted + stream.duplicate);
  return present - Date.parse(last) > Math.max(PATIENCE, GAPS * gap);
}

/** The greatest p95 of the hours: what a worried person looks for. */
function worst(buckets: readonly Bucket[]): number | undefined {
  const lags = buckets.flatMap(({ lag_ms }) => (lag_ms === null ? [] : [lag_ms.p95]));
  return lags.length === 0 ? undefined : Math.max(...lags);
}

/** The link to a stream. */
export function toStream({ source, event_type }: { source: string; event_type: string }): string {
  return link("stream", { source, event_type });
}

function Row({ stream }: { stream: Stream }) {
  const last = stream.last_event_time;
  // Of a stream that fell silent the day before its end is what tells something.
  const end = last === null ? undefined : Math.min(Date.parse(last), now.peek());
  const to = end === undefined ? undefined : Math.floor(end / HOUR) * HOUR + HOUR;
  // A thousand streams are a thousand questions: those on the screen are asked.
  const row = useRef<HTMLTableRowElement>(null);
  const seen = useSeen(row);
  const day = useAsked(to === undefined || !seen ? undefined : `${stream.source}\n${stream.event_type}\n${to}`, (signal) =>
    stats(stream, iso((to as number) - DAY), iso(to as number), "hour", signal),
  );
  const silent = isSilent(stream, now.value);
  const lag = day.value && worst(day.value);
  return (
    <tr ref={row}>
      <td><a href={toStream(stream)}><bdi>{stream.source}</bdi></a></td>
      <td><a href={toStream(stream)}><bdi>{stream.event_type}</bdi></a></td>
      <td class="number" title={`${amount(stream.accepted)} events`}>{amount(stream.accepted)}</td>
      <td>
        {day.value === undefined ? <span class="spark waits" /> : (
          <Spark amounts={day.value.map(({ accepted }) => accepted)} label={`events by hour in the 24 hours before ${iso(to ?? 0)}`} />
        )}
      </td>
      <td class={silent ? "late" : ""}>
        {stream.last_arrival !== null && <Ago at={stream.last_arrival} />}
        {silent && <strong> silent</strong>}
      </td>
      <td class={lag !== undefined && lag >= HOUR ? "number late" : "number"} title="the worst hour's 95th percentile of lag">{lag === undefined ? "–" : duration(lag)}</td>
      <td class="number" title={`${amount(stream.duplicate)} duplicates`}>{share(stream.duplicate, stream.accepted + stream.duplicate)}</td>
      <td class="number">
        {stream.rejected === undefined ? "–" : stream.rejected === 0 ? "0" : <a href={link("rejected", { source: stream.source, event_type: stream.event_type })}>{amount(stream.rejected)}</a>}
      </td>
    </tr>
  );
}

/** The view. */
export function Streams() {
  const found = useAsked("streams", streams);
  const filter = (address.value.parameters.get("filter") ?? "").toLowerCase();
  if (found.error !== undefined) return <Failure error={found.error} />;
  if (found.value === undefined) return <Skeleton lines={12} />;
  if (found.value.length === 0) return <Empty />;
  const shown = found.value.filter(({ source, event_type }) => `${source} / ${event_type}`.toLowerCase().includes(filter));
  const total = found.value.reduce((sum, { accepted }) => sum + accepted, 0);
  return (
    <>
      <header class="title">
        <h1>Streams</h1>
        <p>
          {amount(found.value.length)} {found.value.length === 1 ? "stream" : "streams"}, {short(total)} events
        </p>
      </header>
      <div class="scroll" tabIndex={0} role="region" aria-label="streams">
        <table class="plain">
          <thead>
            <tr>
              <th scope="col">source</th>
              <th scope="col">type</th>
              <th scope="col" class="number">events</th>
              <th scope="col">last 24 h by event time</th>
              <th scope="col">last arrival</th>
              <th scope="col" class="number">lag p95</th>
              <th scope="col" class="number">duplicates</th>
              <th scope="col" class="number">rejected</th>
            </tr>
          </thead>
          <tbody>
            {shown.map((stream) => (
              <Row key={`${stream.source}\n${stream.event_type}`} stream={stream} />
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}
