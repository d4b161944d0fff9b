/** How many events are how late; a brush over the bars narrows the list. */

import { Fragment } from "preact";
import { useRef, useState } from "preact/hooks";

import { amount } from "../text/amount.ts";
import { CLASSES, classOf } from "./lags.ts";

const HIGH = 110;
const WIDE = 26;

interface Props {
  readonly lags: readonly number[];
  /** The first and the last class that are kept. */
  readonly brushed: readonly [number, number] | undefined;
  readonly onBrush: (range: readonly [number, number] | undefined) => void;
  readonly complete: boolean;
}

/** The bars. */
export function Histogram({ lags, brushed, onBrush, complete }: Props) {
  const counts = CLASSES.map(() => 0);
  for (const lag of lags) {
    const index = classOf(lag);
    counts[index] = (counts[index] ?? 0) + 1;
  }
  const max = Math.max(1, ...counts);
  const tallOf = (count: number) => (count === 0 ? 0 : Math.max(2, (Math.log1p(count) / Math.log1p(max)) * (HIGH - 14)));
  const from = useRef<number>(undefined);
  const [drag, setDrag] = useState<readonly [number, number]>();
  const range = drag ?? brushed;
  const at = (event: PointerEvent) => {
    const box = (event.currentTarget as SVGElement).getBoundingClientRect();
    return Math.min(CLASSES.length - 1, Math.max(0, Math.floor(((event.clientX - box.left) / box.width) * CLASSES.length)));
  };
  const stretch = (to: number) => [Math.min(from.current ?? to, to), Math.max(from.current ?? to, to)] as const;
  return (
    <figure class="histogram">
      <figcaption>
        lag of {!complete && "the first "}{amount(lags.length)} events
        {brushed !== undefined && (
          <button type="button" onClick={() => onBrush(undefined)}>
            all lags ×
          </button>
        )}
      </figcaption>
      <svg
        viewBox={`0 0 ${CLASSES.length * WIDE} ${HIGH + 18}`}
        role="group"
        aria-label="events by lag; choose a bar, or draw over several, to narrow the list"
        onPointerDown={(event) => {
          from.current = at(event);
          event.currentTarget.setPointerCapture(event.pointerId);
          setDrag(stretch(from.current));
        }}
        onPointerMove={(event) => from.current !== undefined && setDrag(stretch(at(event)))}
        onPointerUp={(event) => {
          if (from.current === undefined) return;
          const range = stretch(at(event));
          from.current = undefined;
          setDrag(undefined);
          onBrush(brushed !== undefined && brushed[0] === range[0] && brushed[1] === range[1] ? undefined : range);
        }}
      >
        {CLASSES.map(({ name, from: low }, index) => {
          const count = counts[index] ?? 0;
          const tall = tallOf(count);
          const out = range !== undefined && (index < range[0] || index > range[1]);
          return (
            <g
              key={name}
              class={`${out ? "out " : ""}${low >= 3_600_000 ? "tardy" : low < 0 ? "early" : ""}`}
              role="button"
              tabIndex={0}
              aria-label={`lag up to ${name}: ${amount(count)} events`}
              onKeyDown={(event) => (event.key === "Enter" || event.key === " ") && (event.preventDefault(), onBrush([index, index]))}
            >
              <title>{`lag up to ${name}: ${amount(count)} events`}</title>
              <rect class="back" x={index * WIDE} y={0} width={WIDE} height={HIGH + 18} />
              <rect class="bar" x={index * WIDE + 2} y={HIGH - tall} width={WIDE - 4} height={tall} />
            </g>
          );
        })}
        <g aria-hidden="true">
          {CLASSES.map(({ name }, index) => {
            const count = counts[index] ?? 0;
            return (
              <Fragment key={name}>
                {count > 0 && <text x={index * WIDE + WIDE / 2} y={HIGH - tallOf(count) - 3}>{count < 1_000 ? count : `${Math.round(count / 1_000)}k`}</text>}
                {index % 2 === 1 && <text class={index + 1 === CLASSES.length ? "tick end" : "tick"} x={(index + 1) * WIDE - 2} y={HIGH + 13}>{name}</text>}
              </Fragment>
            );
          })}
        </g>
        <line class="axis" x1={0} x2={CLASSES.length * WIDE} y1={HIGH} y2={HIGH} />
      </svg>
    </figure>
  );
}
