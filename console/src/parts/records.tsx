/** A list of occurrences, read page by page as it is scrolled. */

import { useEffect, useMemo, useReducer } from "preact/hooks";

import { link } from "../address.ts";
import type { Occurrence } from "../api/record.ts";
import { token, type Question } from "../api/request.ts";
import { duration } from "../time/instant.ts";
import { amount } from "../text/amount.ts";
import { Export } from "./export.tsx";
import { conditions, meets, toggle, type Condition, type Member } from "./filter.ts";
import { Reading, type Keeps, type Read } from "./reading.ts";
import { Rows } from "./rows.tsx";
import { Failure, Nothing, Skeleton } from "./state.tsx";
import { Time } from "./time.tsx";

/** Reads a question's answer, narrowed by the conditions in the address and one of the view itself. */
export function useRecords(question: Question, keeps?: Keeps): Read {
  const key = JSON.stringify(question);
  const session = token.value;
  const [version, redraw] = useReducer((count: number) => count + 1, 0);
  const reading = useMemo(() => new Reading(JSON.parse(key) as Question, () => redraw(undefined)), [key, session]);
  const narrowed = useMeets(keeps);
  useMemo(() => reading.narrow(narrowed), [reading, narrowed]);
  useEffect(() => {
    reading.start();
    return () => reading.stop();
  }, [reading, narrowed]);
  // A new object for each change: what is drawn from the same one would not be drawn again.
  return useMemo(() => reading.look(), [reading, narrowed, version]);
}

/** The conditions in the address and one of a view as one; `undefined` where there is none. */
function useMeets(keeps: Keeps): Keeps {
  const wanted = conditions();
  return useMemo(
    () => (wanted.length === 0 ? keeps : (record: Occurrence) => meets(record, wanted) && (keeps?.(record) ?? true)),
    [JSON.stringify(wanted), keeps],
  );
}

/** A value that a click keeps or leaves out. */
function Pick({ member, record }: { member: Member; record: Occurrence }) {
  const value = record[member];
  const pick = (keeps: boolean) => toggle({ member, value, keeps });
  return (
    <span class="pick">
      <bdi title={value}>{value}</bdi>
      <span class="picks">
        <button type="button" onClick={() => pick(true)} title={`only ${member} ${value}`} aria-label={`only ${member} ${value}`}>
          only
        </button>
        <button type="button" onClick={() => pick(false)} title={`without ${member} ${value}`} aria-label={`without ${member} ${value}`}>
          without
        </button>
      </span>
    </span>
  );
}

/** The conditions that hold, each with a way to take it back. */
export function Conditions({ wanted }: { wanted: readonly Condition[] }) {
  if (wanted.length === 0) return null;
  return (
    <p class="conditions">
      {wanted.map((condition) => (
        <button type="button" key={`${condition.keeps}${condition.member}${condition.value}`} onClick={() => toggle(condition)} title="take this condition back">
          {condition.keeps ? "only" : "without"} {condition.member} <bdi>{condition.value}</bdi> ×
        </button>
      ))}
    </p>
  );
}

/** How late is worth a colour: an hour. */
export const LATE = 3_600_000;

/** The heading of a list of occurrences. */
export function RecordHead() {
  return (
    <tr>
      <th scope="col">event time</th>
      <th scope="col">arrived</th>
      <th scope="col" class="number">lag</th>
      <th scope="col">status</th>
      <th scope="col">source</th>
      <th scope="col">type</th>
      <th scope="col">entity</th>
      <th scope="col">event</th>
    </tr>
  );
}

/** One line of it. */
export function RecordRow({ record }: { record: Occurrence }) {
  const lag = record.ingest_lag_ms;
  return (
    <tr>
      <td><Time at={record.event_time} /></td>
      <td><Time at={record.ingest_time} /></td>
      <td class={lag >= LATE ? "number late" : lag < 0 ? "number early" : "number"} title={`${amount(lag)} ms`}>{duration(lag)}</td>
      <td class={record.status === "DUPLICATE" ? "muted" : ""}>{record.status === "DUPLICATE" ? "duplicate" : "accepted"}</td>
      <td><Pick member="source" record={record} /></td>
      <td><Pick member="event_type" record={record} /></td>
      <td>
        <Pick member="entity_id" record={record} />
      </td>
      <td><a class="id" href={link(`event/${record.event_id}`)}>{record.event_id.slice(0, 12)}…</a></td>
    </tr>
  );
}

interface Props {
  readonly question: Question;
  readonly read: Read;
  readonly label: string;
  /** The condition of the view itself, with which the answer is read. */
  readonly keeps?: Keeps;
  readonly empty: string;
  readonly height?: number;
}

/** The list, what was searched for it, and its export. */
export function Records({ question, read, label, keeps, empty, height = 22 }: Props) {
  const narrowed = useMeets(keeps);
  const { count } = read;
  return (
    <section class="list" aria-label={label}>
      <Conditions wanted={conditions()} />
      {read.error !== undefined && <Failure error={read.error} />}
      {count === 0 && !read.complete ? read.error === undefined && <Skeleton lines={10} /> : count === 0 ? (
        <Nothing>{read.read > 0 ? `None of ${amount(read.read)} ${read.read === 1 ? "occurrence" : "occurrences"} meets the conditions.` : empty}</Nothing>
      ) : (
        <Rows
          count={count}
          label={label}
          height={height}
          onSee={read.see}
          head={<RecordHead />}
          row={(index) => {
            const record = read.row(index);
            return record === undefined ? <tr key={index} class="waits"><td colSpan={8}><i /></td></tr> : <RecordRow key={`${record.event_id}${record.receipt}`} record={record} />;
          }}
        />
      )}
      <footer class="searched">
        <span>
          <span role="status">
            {narrowed === undefined ? `${amount(count)} read` : `${amount(count)} of ${amount(read.read)} read`}
            {read.complete ? ", which is all there are" : read.error === undefined ? ", and there are more: scroll" : ", and there are more"}
          </span>
          {read.busy && <i class="working"> reading…</i>}
          {read.error !== undefined && <button type="button" onClick={read.retry}>try again</button>}
        </span>
        <Export question={question} keeps={narrowed ?? (() => true)} />
      </footer>
    </section>
  );
}
