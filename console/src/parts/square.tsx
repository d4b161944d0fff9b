/** Event time across, arrival up: what arrived at once lies on the diagonal, a late batch in a line above it. */

import { link } from "../address.ts";
import type { Occurrence } from "../api/record.ts";
import { amount } from "../text/amount.ts";
import { zone } from "../time/clock.ts";
import { duration, instant, iso } from "../time/instant.ts";

const SIDE = 460;
const EDGE = 8;
const LEFT = 66;
const MOST = 3_000;

/** The square. Duplicates are hollow, at the same event time as their first. */
export function Square({ records, complete }: { records: readonly Occurrence[]; complete: boolean }) {
  if (records.length === 0) return null;
  const points = records.map((record) => ({ record, happened: Date.parse(record.event_time), arrived: Date.parse(record.ingest_time) }));
  const extent = (of: (point: (typeof points)[number]) => number): readonly [number, number] => {
    let [low, high] = [Infinity, -Infinity];
    for (const point of points) [low, high] = [Math.min(low, of(point)), Math.max(high, of(point))];
    return [low, high];
  };
  const [e0, e1] = extent(({ happened }) => happened);
  const [a0, a1] = extent(({ arrived }) => arrived);
  const [low, high] = [Math.min(e0, a0), Math.max(e1, a1)];
  // Where all arrived long after it happened, one scale for both would make a dot of it.
  const shared = e1 - e0 >= (high - low) / 4;
  const [x0, x1] = shared ? [low, high] : [e0, e1];
  const [y0, y1] = shared ? [low, high] : [a0, a1];
  const part = (time: number, from: number, to: number) => (to > from ? (time - from) / (to - from) : 0.5);
  const x = (time: number) => LEFT + EDGE + part(time, x0, x1) * (SIDE - 2 * EDGE);
  const y = (time: number) => SIDE - EDGE - part(time, y0, y1) * (SIDE - 2 * EDGE);
  const every = Math.max(1, Math.ceil(points.length / MOST));
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((part) => [x0 + part * (x1 - x0), y0 + part * (y1 - y0)] as const);
  const name = (time: number) => instant(iso(time), zone.value).slice(5, 16);
  return (
    <figure class="square">
      <figcaption>
        event time across, arrival up{!complete && `; the first ${amount(records.length)}`}{every > 1 && `; every ${every}th`}:{" "}
        {shared ? "on the line means at once, above it late, below it a clock that is ahead" : "all of it arrived long after it happened, so each has a scale of its own; a late batch is a level line"}
      </figcaption>
      <svg viewBox={`0 0 ${LEFT + SIDE} ${SIDE + 22}`} role="group" aria-label="each occurrence by event time and arrival">
        {ticks.map(([across, up], index) => (
          <g key={index}>
            <line class="grid" x1={x(across)} x2={x(across)} y1={0} y2={SIDE} />
            <line class="grid" x1={LEFT} x2={LEFT + SIDE} y1={y(up)} y2={y(up)} />
            {index % 2 === 0 && <text class={`tick ${["", "", "middle", "", "end"][index]}`} x={x(across)} y={SIDE + 15}>{name(across)}</text>}
            {index % 2 === 0 && <text class="tick end" x={LEFT - 4} y={y(up) + 4}>{name(up)}</text>}
          </g>
        ))}
        {shared && <line class="diagonal" x1={x(low)} y1={y(low)} x2={x(high)} y2={y(high)} />}
        {points.map(({ record, happened, arrived }, index) => index % every === 0 && (
          <a key={record.event_id + record.receipt} href={link(`event/${record.event_id}`)} tabIndex={-1}>
            <circle
              class={`dot${record.status === "DUPLICATE" ? " hollow" : ""}${record.ingest_lag_ms >= 3_600_000 ? " tardy" : record.ingest_lag_ms < 0 ? " early" : ""}`}
              cx={x(happened)} cy={y(arrived)} r={3}
            >
              <title>{`${instant(record.event_time, zone.value)} · lag ${duration(record.ingest_lag_ms)} · ${record.status.toLowerCase()}`}</title>
            </circle>
          </a>
        ))}
      </svg>
    </figure>
  );
}
