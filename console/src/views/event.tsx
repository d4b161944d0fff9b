/** One event: its record, its bytes, what was hashed, and every time it came again. */

import { useState } from "preact/hooks";

import { changed, go, link, parameter } from "../address.ts";
import { useAsked } from "../api/asked.ts";
import { known, rawOf, type Occurrence } from "../api/record.ts";
import { base, token } from "../api/request.ts";
import { core } from "../check/core.ts";
import { Copy } from "../parts/copy.tsx";
import { JsonText, RawText } from "../parts/json-text.tsx";
import { LATE } from "../parts/records.tsx";
import { Rows } from "../parts/rows.tsx";
import { Failure, Nothing, Skeleton } from "../parts/state.tsx";
import { Time } from "../parts/time.tsx";
import { curlOf, pikOf } from "../text/command.ts";
import { amount, bytes } from "../text/amount.ts";
import { duration } from "../time/instant.ts";
import { toStream } from "./streams.tsx";

const SHAPES = { raw: "as received", formatted: "formatted", canonical: "canonical" } as const;
type Shape = keyof typeof SHAPES;

/** The view. */
export function OneEvent({ id }: { id: string }) {
  const found = useAsked(id, (signal) => known(id, signal));
  const raw = useAsked(id, (signal) => rawOf(id, signal));
  const preview = useAsked(raw.value, async () => (await core()).preview(raw.value ?? ""));
  const [other, setOther] = useState("");
  if (found.error !== undefined) return <Failure error={found.error} />;
  if (found.value === undefined) return <Skeleton lines={14} />;
  const { event, duplicates, more } = found.value;
  const wanted = parameter("as");
  const shape: Shape = wanted !== undefined && wanted in SHAPES ? (wanted as Shape) : "formatted";
  const canonical = preview.value;
  const lag = event.ingest_lag_ms;
  return (
    <>
      <header class="title">
        <h1 class="id">{id}</h1>
        <p>
          happened <Time at={event.event_time} /> · arrived <Time at={event.ingest_time} beside /> ·{" "}
          <span class={lag >= LATE ? "late" : lag < 0 ? "early" : ""} title={`${amount(lag)} ms`}>{lag < 0 ? `${duration(-lag)} before it happened` : `${duration(lag)} late`}</span>
        </p>
      </header>
      <nav class="bar" aria-label="what to do with this event">
        <Copy what="copy link" text={location.href} />
        {raw.value !== undefined && <Copy what="copy as curl" text={curlOf(base, raw.value, token.value !== "")} />}
        <Copy what="copy as pik" text={pikOf(base, id)} />
        <Copy what="copy record as JSON" text={JSON.stringify(event)} />
        {raw.value !== undefined && <Copy what="copy bytes" text={raw.value} />}
        <form
          class="range"
          onSubmit={(submitted) => {
            submitted.preventDefault();
            if (other.trim() !== "") go(link("compare", { a: id, b: other.trim() }));
          }}
        >
          <input aria-label="id of another event" placeholder="id of another event…" value={other} onInput={({ currentTarget }) => setOther(currentTarget.value)} spellcheck={false} />
          <button type="submit">compare</button>
        </form>
      </nav>
      <div class="two">
        <section aria-label="the record">
          <h2>Record</h2>
          <RecordTable event={event} />
          <h2>
            {duplicates.length === 0 ? "No duplicates" : `${amount(duplicates.length)}${more ? "+" : ""} ${duplicates.length === 1 ? "duplicate" : "duplicates"}`}
          </h2>
          {duplicates.length > 0 && (
            <Rows
              count={duplicates.length}
              height={10}
              label="duplicates"
              head={<tr><th scope="col">arrived</th><th scope="col" class="number">after the first</th><th scope="col">request</th></tr>}
              row={(index) => {
                const duplicate = duplicates[index] as Occurrence;
                return (
                  <tr key={duplicate.receipt}>
                    <td><Time at={duplicate.ingest_time} /></td>
                    <td class="number">{duration(Date.parse(duplicate.ingest_time) - Date.parse(event.ingest_time))}</td>
                    <td class="mono"><bdi>{duplicate.receipt}</bdi></td>
                  </tr>
                );
              }}
            />
          )}
        </section>
        <section aria-label="the event's text">
          <h2>Event</h2>
          <p class="tabs">
            {(Object.keys(SHAPES) as Shape[]).map((name) => (
              <a key={name} href={changed({ as: name === "formatted" ? undefined : name })} aria-current={name === shape ? "true" : undefined}>{SHAPES[name]}</a>
            ))}
            <span class="muted">{bytes(event.raw_size)}, as they were received</span>
          </p>
          {raw.error !== undefined && <Failure error={raw.error} />}
          {raw.value === undefined ? raw.error === undefined && <Skeleton /> : shape === "raw" ? <RawText text={raw.value} /> : shape === "formatted" ? <JsonText text={raw.value} /> : canonical === undefined ? (
            preview.error !== undefined ? <Failure error={preview.error} /> : <Skeleton />
          ) : "errors" in canonical ? <Nothing>The core of this page refuses the stored bytes: {canonical.errors[0]?.message}</Nothing> : (
            <>
              <h3>The payload in canonical form</h3>
              <RawText text={canonical.canonical_payload} />
              <p class="hashes">SHA-256 <code>{canonical.payload_hash}</code></p>
              <h3>What is hashed for the id</h3>
              <RawText text={hashed(event, canonical)} />
              <p class="hashes">
                SHA-256 <code>{canonical.event_id}</code>{" "}
                {canonical.event_id === event.event_id ? <span class="good">is this event's id, computed in this page</span> : <strong class="late">is not this event's id: the stored bytes are not this event</strong>}
              </p>
            </>
          )}
        </section>
      </div>
    </>
  );
}

/** The text that the id is the hash of; its members are in the order of their names. */
function hashed(event: Occurrence, { event_time, payload_hash }: { event_time: string; payload_hash: string }): string {
  const { entity_id, event_type, source } = event;
  return JSON.stringify({ entity_id, event_time, event_type, payload_hash, source });
}

function RecordTable({ event }: { event: Occurrence }) {
  return (
    <table class="record">
      <tbody>
        <tr><th scope="row">source</th><td><a href={toStream(event)}><bdi>{event.source}</bdi></a></td></tr>
        <tr><th scope="row">event_type</th><td><a href={toStream(event)}><bdi>{event.event_type}</bdi></a></td></tr>
        <tr><th scope="row">entity_id</th><td><a href={link("entity", { id: event.entity_id })}><bdi>{event.entity_id}</bdi></a></td></tr>
        <tr><th scope="row">event_time</th><td><Time at={event.event_time} beside /></td></tr>
        <tr><th scope="row">ingest_time</th><td><Time at={event.ingest_time} beside /></td></tr>
        {event.finished_time !== undefined && <tr><th scope="row">finished_time</th><td><Time at={event.finished_time} beside /></td></tr>}
        <tr><th scope="row">ingest_lag_ms</th><td title={duration(event.ingest_lag_ms)}>{amount(event.ingest_lag_ms)}</td></tr>
        <tr><th scope="row">raw object</th><td class="mono"><bdi>{event.raw_bucket}</bdi> <bdi>{event.raw_key}</bdi></td></tr>
        <tr><th scope="row">raw_size</th><td>{bytes(event.raw_size)}</td></tr>
        <tr><th scope="row">payload_hash</th><td class="mono">{event.payload_hash}</td></tr>
        <tr><th scope="row">receipt</th><td class="mono"><bdi>{event.receipt}</bdi></td></tr>
        <tr><th scope="row">contract</th><td>{event.contract}</td></tr>
      </tbody>
    </table>
  );
}
