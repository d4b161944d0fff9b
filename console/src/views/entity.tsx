/** An entity through time: what happened against when it arrived. */

import { useMemo, useState } from "preact/hooks";

import { changed, go, parameter } from "../address.ts";
import type { Occurrence } from "../api/record.ts";
import { Records, useRecords } from "../parts/records.tsx";
import { Square } from "../parts/square.tsx";
import { Nothing } from "../parts/state.tsx";
import { amount } from "../text/amount.ts";

/** The view. */
export function Entity() {
  const id = parameter("id");
  if (id === undefined || id === "") return <Nothing>The address names no entity; write one into the field at the top.</Nothing>;
  return <Through key={id} id={id} />;
}

const accepted = (record: Occurrence) => record.status === "ACCEPTED";

function Through({ id }: { id: string }) {
  const from = parameter("from");
  const to = parameter("to");
  const question = useMemo(() => ({ entity_id: id, from, to }), [id, from, to]);
  const [unfolded, setUnfolded] = useState(false);
  const keeps = unfolded ? undefined : accepted;
  const read = useRecords(question, keeps);
  const duplicates = read.head.filter((record) => !accepted(record)).length;
  const set = (name: "from" | "to", text: string) => go(changed({ [name]: text === "" ? undefined : `${text}:00Z` }));
  return (
    <>
      <header class="title">
        <h1><bdi>{id}</bdi></h1>
        <p>
          {amount(read.head.length - duplicates)} events, {amount(duplicates)} duplicates{!read.isShort && `, among the first ${amount(read.head.length)}`}
        </p>
      </header>
      <nav class="bar" aria-label="the window of event time">
        <label class="check">
          <input type="checkbox" checked={unfolded} onChange={({ currentTarget }) => setUnfolded(currentTarget.checked)} /> list duplicates
        </label>
        <span class="range">
          <span class="muted">happened</span>
          <input type="datetime-local" aria-label="event time from, UTC" value={from?.slice(0, 16) ?? ""} onChange={({ currentTarget }) => set("from", currentTarget.value)} />
          <span class="muted">…</span>
          <input type="datetime-local" aria-label="event time before, UTC" value={to?.slice(0, 16) ?? ""} onChange={({ currentTarget }) => set("to", currentTarget.value)} />
          <span class="muted">UTC</span>
        </span>
      </nav>
      <div class="beside-list">
        <Square records={read.head} complete={read.isShort} />
        <Records question={question} read={read} keeps={keeps} label={`events of ${id}`} empty="No event of this entity. Ids are compared as they are written, upper and lower case too." />
      </div>
    </>
  );
}
