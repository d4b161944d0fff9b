/** Lag over the time of arrival: a late batch is a column, a clock that is ahead lies below zero. */

import { useMemo } from "preact/hooks";

import type { Occurrence } from "../api/record.ts";
import { link } from "../address.ts";
import { amount } from "../text/amount.ts";
import { zone } from "../time/clock.ts";
import { duration, instant, iso } from "../time/instant.ts";
import { CLASSES, height } from "./lags.ts";

const WIDE = 420;
const HIGH = 150;
const LEFT = 42;
/** More dots than this would hide each other. */
const MOST = 2_000;

/** The dots, each a link to its event. */
export function Scatter({ records, complete }: { records: readonly Occurrence[]; complete: boolean }) {
  const times = useMemo(() => records.map((record) => Date.parse(record.ingest_time)), [records]);
  if (records.length === 0) return null;
  let [first, last] = [Infinity, -Infinity];
  for (const time of times) [first, last] = [Math.min(first, time), Math.max(last, time)];
  const span = Math.max(1, last - first);
  const every = Math.max(1, Math.ceil(records.length / MOST));
  return (
    <figure class="scatter">
      <figcaption>lag over arrival{!complete && ` of the first ${amount(records.length)}`}{every > 1 && `, every ${every}th event`}</figcaption>
      <svg viewBox={`0 0 ${WIDE} ${HIGH + 18}`} role="group" aria-label="lag of each event over its time of arrival">
        {CLASSES.map(({ name }, index) => index % 3 === 1 && (
          <g key={name}>
            <line class="grid" x1={LEFT} x2={WIDE} y1={HIGH * (1 - (index + 1) / CLASSES.length)} y2={HIGH * (1 - (index + 1) / CLASSES.length)} />
            <text class="tick end" x={LEFT - 4} y={HIGH * (1 - (index + 1) / CLASSES.length) + 3}>{name}</text>
          </g>
        ))}
        {records.map((record, index) => index % every === 0 && (
          <a key={record.event_id + record.receipt} href={link(`event/${record.event_id}`)} tabIndex={-1}>
            <circle
              class={record.ingest_lag_ms >= 3_600_000 ? "dot tardy" : record.ingest_lag_ms < 0 ? "dot early" : "dot"}
              cx={LEFT + 4 + (((times[index] ?? first) - first) / span) * (WIDE - LEFT - 8)}
              cy={HIGH * (1 - height(record.ingest_lag_ms))}
              r={2.2}
            >
              <title>{`${duration(record.ingest_lag_ms)} · arrived ${instant(record.ingest_time, zone.value)}`}</title>
            </circle>
          </a>
        ))}
        <text class="tick" x={LEFT} y={HIGH + 14}>{instant(iso(first), zone.value).slice(0, 16)}</text>
        <text class="tick end" x={WIDE} y={HIGH + 14}>{instant(iso(last), zone.value).slice(0, 16)}</text>
      </svg>
    </figure>
  );
}
