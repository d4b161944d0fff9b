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

/** A file that grows. */
interface Sink {
  readonly write: (text: string) => Promise<void>;
  readonly close: () => Promise<void>;
  /** Leaves nothing behind. */
  readonly abort: () => Promise<void>;
}

/** What browsers with the File System Access API have. */
interface Picker {
  showSaveFilePicker?: (options: { suggestedName: string }) => Promise<FileSystemFileHandle>;
}

/** A file that the reader chooses and that is written as answers come; where the browser cannot, parts that it keeps for the page. */
async function sink(name: string, type: string): Promise<Sink> {
  const picker = window as Picker;
  if (picker.showSaveFilePicker !== undefined) {
    const file = await (await picker.showSaveFilePicker({ suggestedName: name })).createWritable();
    return { write: (text) => file.write(text), close: () => file.close(), abort: () => file.abort() };
  }
  const parts: Blob[] = [];
  return { write: async (text) => void parts.push(new Blob([text])), close: async () => save(parts, name, type), abort: async () => {} };
}

/** Has the browser keep a file. */
export function save(parts: readonly BlobPart[], name: string, type: string): void {
  const url = URL.createObjectURL(new Blob([...parts], { type }));
  const anchor = document.createElement("a");
  anchor.href = url;
  anchor.download = name;
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

const notExported = (error: unknown) => `not exported: ${error instanceof Error ? error.message : String(error)}`;

/** The two buttons, and how far an export is. */
export function Export({ question, keeps }: { question: Question; keeps: (record: Occurrence) => boolean }) {
  const [told, setTold] = useState<string>();
  const abort = useRef<AbortController>(undefined);
  const start = async (format: Format) => {
    let file: Sink;
    try {
      file = await sink(`events.${format}`, format === "csv" ? "text/csv" : "application/x-ndjson");
    } catch (error) {
      // Whoever closes the dialogue wants no file.
      setTold(error instanceof DOMException && error.name === "AbortError" ? "nothing was saved" : notExported(error));
      return;
    }
    abort.current = new AbortController();
    const { signal } = abort.current;
    let count = 0;
    let cursor: string | undefined;
    try {
      if (format === "csv") await file.write(`${COLUMNS.join(",")}\r\n`);
      do {
        const page = await events({ ...question, limit: PAGE, cursor }, signal);
        const kept = page.events.filter(keeps);
        await file.write(written(kept, format));
        count += kept.length;
        setTold(`${amount(count)} so far`);
        cursor = page.next_cursor ?? undefined;
      } while (cursor !== undefined);
      await file.close();
      setTold(`${amount(count)} exported`);
    } catch (error) {
      await file.abort().catch(() => {});
      setTold(signal.aborted ? "stopped; nothing was saved" : notExported(error));
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
