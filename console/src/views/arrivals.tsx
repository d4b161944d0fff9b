/** What arrived in a window, up to where arrivals are settled. */

import { useMemo } from "preact/hooks";

import { changed, go, parameter } from "../address.ts";
import { Records, useRecords } from "../parts/records.tsx";
import { Scatter } from "../parts/scatter.tsx";
import { Time } from "../parts/time.tsx";
import { now } from "../time/clock.ts";
import { DAY, HOUR, iso } from "../time/instant.ts";

const SPANS = { "15 min": HOUR / 4, "1 h": HOUR, "6 h": 6 * HOUR, "1 d": DAY, "7 d": 7 * DAY, "30 d": 30 * DAY };

/** A time as `datetime-local` has it, of UTC. */
function field(text: string): string {
  return text.slice(0, 16);
}

/** The view. */
export function Arrivals() {
  // A link without a window means the hour up to the minute at which it is opened.
  const opened = useMemo(() => Math.floor(now.peek() / 60_000) * 60_000 + 60_000, []);
  const to = parameter("to") ?? iso(opened);
  const from = parameter("from") ?? iso(Date.parse(to) - HOUR);
  const status = parameter("status");
  const question = useMemo(() => ({ arrived_from: from, arrived_to: to, status }), [from, to, status]);
  const read = useRecords(question);
  const span = Date.parse(to) - Date.parse(from);
  const move = (by: number) => changed({ from: iso(Date.parse(from) + by), to: iso(Date.parse(to) + by) });
  const set = (name: "from" | "to", text: string) => text !== "" && go(changed({ from, to, [name]: `${text}:00Z` }));
  const settled = read.settledUntil;
  const part = settled === undefined ? undefined : Math.min(1, Math.max(0, (Date.parse(settled) - Date.parse(from)) / span));
  return (
    <>
      <header class="title">
        <h1>Arrivals</h1>
        <p>in the order in which they arrived, duplicates too</p>
      </header>
      <nav class="bar" aria-label="the window of arrival">
        <span class="tabs">
          {Object.entries(SPANS).map(([name, length]) => (
            <a key={name} href={changed({ from: iso(Date.parse(to) - length), to })} aria-current={span === length ? "true" : undefined}>{name}</a>
          ))}
        </span>
        <span class="tabs">
          {(["all", "ACCEPTED", "DUPLICATE"] as const).map((name) => (
            <a key={name} href={changed({ status: name === "all" ? undefined : name })} aria-current={(status ?? "all") === name ? "true" : undefined}>
              {name === "all" ? "all" : name === "ACCEPTED" ? "accepted" : "duplicates"}
            </a>
          ))}
        </span>
        <span class="range">
          <a href={move(-span)}>‹ earlier</a>
          <input type="datetime-local" aria-label="arrived from, UTC" value={field(from)} onChange={({ currentTarget }) => set("from", currentTarget.value)} />
          <span class="muted">…</span>
          <input type="datetime-local" aria-label="arrived before, UTC" value={field(to)} onChange={({ currentTarget }) => set("to", currentTarget.value)} />
          <span class="muted">UTC</span>
          <a href={move(span)}>later ›</a>
        </span>
      </nav>
      {settled !== undefined && part !== undefined && (
        <div class="settled">
          <svg viewBox="0 0 1000 8" preserveAspectRatio="none" aria-hidden="true">
            <rect class="sure" x={0} y={2} width={part * 1000} height={4} />
            <rect class="open" x={part * 1000} y={2} width={(1 - part) * 1000} height={4} />
          </svg>
          <p>
            settled until <Time at={settled} beside />{part < 1 ? ": later arrivals of this window are not shown, because others may still come before them" : ": nothing will be added to this window"}
          </p>
        </div>
      )}
      <div class="charts"><Scatter records={read.head} complete={read.isShort} /></div>
      <Records question={question} read={read} label="arrivals" empty="Nothing arrived in this window." />
    </>
  );
}
