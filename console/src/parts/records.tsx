/** A list of occurrences, read page by page as it is scrolled. */

import { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks";

import { link } from "../address.ts";
import { PAGE, events, type Occurrence } from "../api/record.ts";
import { token, type Question } from "../api/request.ts";
import { duration } from "../time/instant.ts";
import { amount } from "../text/amount.ts";
import { Export } from "./export.tsx";
import { conditions, meets, toggle, type Condition, type Member } from "./filter.ts";
import { Rows } from "./rows.tsx";
import { Failure, Nothing, Skeleton } from "./state.tsx";
import { Time } from "./time.tsx";

/** What was read of an answer so far. */
export interface Read {
  readonly records: readonly Occurrence[];
  readonly settledUntil: string | undefined;
  readonly complete: boolean;
  readonly pending: boolean;
  readonly error: unknown;
  readonly more: () => void;
}

/** Reads a question's answer, a page at a time. */
export function useRecords(question: Question): Read {
  const key = JSON.stringify(question);
  const session = token.value;
  const [state, setState] = useState<Omit<Read, "more"> & { cursor: string | undefined; of: string }>({
    records: [], settledUntil: undefined, complete: false, pending: true, error: undefined, cursor: undefined, of: "",
  });
  const abort = useRef<AbortController>(undefined);
  const busy = useRef(false);
  const ask = useCallback(async (cursor: string | undefined, before: readonly Occurrence[]) => {
    const mine = abort.current;
    if (mine === undefined || busy.current) return;
    busy.current = true;
    try {
      const page = await events({ ...(JSON.parse(key) as Question), limit: cursor === undefined ? 200 : PAGE, cursor }, mine.signal);
      if (mine.signal.aborted) return;
      busy.current = false;
      setState((state) => ({
        records: before.length === 0 ? page.events : [...before, ...page.events],
        settledUntil: page.settled_until ?? state.settledUntil,
        complete: page.next_cursor === null,
        pending: false, error: undefined, cursor: page.next_cursor ?? undefined, of: key,
      }));
    } catch (error) {
      if (mine.signal.aborted) return;
      busy.current = false;
      setState((state) => ({ ...state, records: before, pending: false, complete: true, error, of: key }));
    }
  }, [key]);
  useEffect(() => {
    abort.current = new AbortController();
    busy.current = false;
    setState((state) => ({ ...state, pending: true, error: undefined, records: [], complete: false, cursor: undefined }));
    void ask(undefined, []);
    return () => abort.current?.abort();
  }, [ask, session]);
  const more = useCallback(() => {
    if (state.cursor !== undefined && state.of === key) void ask(state.cursor, state.records);
  }, [ask, key, state.cursor, state.records, state.of]);
  return { ...state, more };
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
  /** A condition of the view itself, beside those in the address. */
  readonly keeps?: ((record: Occurrence) => boolean) | undefined;
  readonly empty: string;
  readonly height?: number;
}

/** The list, what was searched for it, and its export. */
export function Records({ question, read, label, keeps, empty, height = 22 }: Props) {
  const wanted = conditions();
  const filter = JSON.stringify(wanted);
  const narrowed = wanted.length > 0 || keeps !== undefined;
  const shown = useMemo(
    () => (narrowed ? read.records.filter((record) => meets(record, wanted) && (keeps?.(record) ?? true)) : read.records),
    [read.records, filter, keeps],
  );
  const tooFew = narrowed && shown.length < height && !read.complete;
  useEffect(() => {
    if (tooFew) read.more();
  }, [tooFew, read.more]);
  return (
    <section class="list" aria-label={label}>
      <Conditions wanted={wanted} />
      {read.error !== undefined && <Failure error={read.error} />}
      {read.pending && read.records.length === 0 ? <Skeleton lines={10} /> : shown.length === 0 && read.complete && read.error === undefined ? (
        <Nothing>{empty}</Nothing>
      ) : (
        <Rows
          count={shown.length}
          label={label}
          height={height}
          onEnd={read.complete ? undefined : read.more}
          head={<RecordHead />}
          row={(index) => {
            const record = shown[index] as Occurrence;
            return <RecordRow key={`${record.event_id}${record.receipt}`} record={record} />;
          }}
        />
      )}
      <footer class="searched">
        <span role="status">
          {narrowed ? `${amount(shown.length)} of ${amount(read.records.length)} read` : `${amount(shown.length)} read`}
          {read.complete ? ", which is all there are" : ", and there are more: scroll"}
        </span>
        <Export question={question} keeps={(record) => meets(record, wanted) && (keeps?.(record) ?? true)} />
      </footer>
    </section>
  );
}
