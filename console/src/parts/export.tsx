/** A list as a file, as far as the question goes and not only as far as it was scrolled. */

import { useRef, useState } from "preact/hooks";

import { PAGE, events, type Occurrence } from "../api/record.ts";
import type { Question } from "../api/request.ts";
import { amount } from "../text/amount.ts";

const COLUMNS = [
  "event_id", "source", "event_type", "entity_id", "event_time", "ingest_time", "ingest_lag_ms", "status", "raw_bucket", "raw_key", "raw_size",
  "payload_hash", "receipt", "contract",
] as const;

type Format = "ndjson" | "csv";

/** A cell as RFC 4180 has it; one that a spreadsheet would take for a formula gets a quote before it. */
function cell(value: string | number): string {
  const text = typeof value === "string" && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Records as lines. */
export function written(records: readonly Occurrence[], format: Format): string {
  if (format === "ndjson") return records.map((record) => `${JSON.stringify(record)}\n`).join("");
  return records.map((record) => `${COLUMNS.map((name) => cell(record[name])).join(",")}\r\n`).join("");
}

/** Has the browser keep a file. */
export function save(parts: readonly string[], name: string, type: string): void {
  const url = URL.createObjectURL(new Blob([...parts], { type }));
  const anchor = document.createElement("a");
  anchor.href = url;
  anchor.download = name;
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** The two buttons, and how far an export is. */
export function Export({ question, keeps }: { question: Question; keeps: (record: Occurrence) => boolean }) {
  const [told, setTold] = useState<string>();
  const abort = useRef<AbortController>(undefined);
  const start = async (format: Format) => {
    abort.current = new AbortController();
    const { signal } = abort.current;
    const parts = format === "csv" ? [`${COLUMNS.join(",")}\r\n`] : [];
    let count = 0;
    let cursor: string | undefined;
    try {
      do {
        const page = await events({ ...question, limit: PAGE, cursor }, signal);
        const kept = page.events.filter(keeps);
        parts.push(written(kept, format));
        count += kept.length;
        setTold(`${amount(count)} so far`);
        cursor = page.next_cursor ?? undefined;
      } while (cursor !== undefined);
      save(parts, `events.${format}`, format === "csv" ? "text/csv" : "application/x-ndjson");
      setTold(`${amount(count)} exported`);
    } catch (error) {
      setTold(signal.aborted ? "stopped; nothing was saved" : `not exported: ${error instanceof Error ? error.message : String(error)}`);
    } finally {
      abort.current = undefined;
    }
  };
  return (
    <span class="export">
      <span role="status">{told}</span>
      {abort.current !== undefined ? (
        <button type="button" onClick={() => abort.current?.abort()}>stop</button>
      ) : (
        <>
          <button type="button" onClick={() => start("ndjson")} title="all that the question finds, a JSON record a line">export NDJSON</button>
          <button type="button" onClick={() => start("csv")} title="all that the question finds, as a table">export CSV</button>
        </>
      )}
    </span>
  );
}
