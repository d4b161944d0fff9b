/** A file or a pasted text: every problem with its line, ids, canonical form, and whether it is stored. */

import { useEffect, useRef, useState } from "preact/hooks";

import { link } from "../address.ts";
import { base, refusedToken, token } from "../api/request.ts";
import { core, type Judgement } from "../check/core.ts";
import type { Checked, FromWorker, Stored, ToWorker } from "../check/messages.ts";
import type { Shape } from "../check/pieces.ts";
import { Copy } from "../parts/copy.tsx";
import { JsonText, RawText } from "../parts/json-text.tsx";
import { save } from "../parts/export.tsx";
import { Rows } from "../parts/rows.tsx";
import { Nothing } from "../parts/state.tsx";
import { amount } from "../text/amount.ts";
import { Repair } from "./repair.tsx";

const SHAPES: Record<Shape, string> = { array: "a JSON array", lines: "one event a line", one: "one event" };

interface State {
  readonly shape: Shape | undefined;
  readonly count: number;
  readonly rows: readonly Checked[];
  readonly stored: readonly (Stored | undefined)[];
  readonly running: boolean;
  readonly failed: string | undefined;
}

const NONE: State = { shape: undefined, count: 0, rows: [], stored: [], running: false, failed: undefined };

/** The view. */
export function Check() {
  const [state, setState] = useState<State>(NONE);
  const [text, setText] = useState("");
  const [name, setName] = useState<string>();
  const [only, setOnly] = useState(false);
  const [chosen, setChosen] = useState<{ index: number; text: string; judgement: Judgement }>();
  const [over, setOver] = useState(false);
  const worker = useRef<Worker>(undefined);
  useEffect(() => () => worker.current?.terminate(), []);
  const hear = ({ data }: MessageEvent<FromWorker>) => {
    switch (data.told) {
      case "shape":
        return setState((state) => ({ ...state, shape: data.shape, count: data.count }));
      case "checked":
        return setState((state) => ({ ...state, rows: [...state.rows, ...data.rows] }));
      case "stored":
        return setState((state) => {
          const stored = state.stored.slice();
          data.stored.forEach((value, index) => (stored[data.from + index] = value));
          return { ...state, stored };
        });
      case "done":
        return setState((state) => ({ ...state, running: false }));
      case "failed":
        if (data.status === 401) refusedToken.value = true;
        return setState((state) => ({ ...state, running: false, failed: data.message }));
      case "text":
        void core().then(({ preview }) => setChosen({ index: data.index, text: data.text, judgement: preview(data.text) }));
        return;
    }
  };
  const tell = (message: ToWorker) => worker.current?.postMessage(message);
  const start = (given: string | Blob, from: string | undefined) => {
    worker.current?.terminate();
    worker.current = new Worker(new URL("../check/worker.ts", import.meta.url), { type: "module" });
    worker.current.onmessage = hear;
    worker.current.onerror = () => setState((state) => ({ ...state, running: false, failed: "the browser could not check this text; it may be too large" }));
    setName(from);
    setChosen(undefined);
    setState({ ...NONE, running: true });
    tell({ do: "check", text: given, api: base, token: token.value });
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    const file = event.dataTransfer?.files[0];
    if (file !== undefined) start(file, file.name);
  };
  const bad = state.rows.reduce((sum, { id }) => sum + (id === undefined ? 1 : 0), 0);
  const asked = state.stored.reduce((sum, value) => sum + (value === undefined || value === "unknown" ? 0 : 1), 0);
  const stored = state.stored.reduce((sum, value) => sum + (value === "stored" ? 1 : 0), 0);
  const valid = state.rows.length - bad;
  const indexes = only ? state.rows.flatMap(({ id }, index) => (id === undefined ? [index] : [])) : undefined;
  const count = indexes?.length ?? state.rows.length;
  return (
    <div class={over ? "drop over" : "drop"} onDragOver={(event) => (event.preventDefault(), setOver(true))} onDragLeave={() => setOver(false)} onDrop={drop}>
      <header class="title">
        <h1>Check</h1>
        <p>Events are judged in this page, by the server's own core. The server is asked for their ids alone, whether it has them; nothing is written.</p>
      </header>
      <textarea
        aria-label="events to check" rows={6} spellcheck={false} value={text}
        placeholder={'Paste events, one a line, or a JSON array, or one event. Or drop a file here.\n{"source":"demo","event_type":"heartbeat","entity_id":"user_123","event_time":"2025-12-28T23:59:59Z","payload":{"steps":10}}'}
        onInput={({ currentTarget }) => setText(currentTarget.value)}
      />
      <p class="bar">
        <button type="button" class="main" disabled={text.trim() === ""} onClick={() => start(text, undefined)}>check</button>
        <label class="file">
          or a file <input type="file" onChange={({ currentTarget }) => currentTarget.files?.[0] && start(currentTarget.files[0], currentTarget.files[0].name)} />
        </label>
      </p>
      {state.failed !== undefined && <p class="notice bad" role="alert">{state.failed}</p>}
      {state.shape !== undefined && (
        <>
          <p class="bar" role="status">
            <span>{name !== undefined && <><bdi>{name}</bdi>: </>}{SHAPES[state.shape]}, {amount(state.count)} {state.count === 1 ? "event" : "events"}</span>
            <span>{amount(valid)} valid</span>
            <span class={bad > 0 ? "late" : ""}>{amount(bad)} with problems</span>
            <span>{amount(stored)} of {amount(asked)} asked for are stored</span>
            {state.running && <progress max={2 * state.count} value={state.rows.length + bad + asked} aria-label="progress" />}
            <label class="check"><input type="checkbox" checked={only} onChange={({ currentTarget }) => setOnly(currentTarget.checked)} /> problems only</label>
            <button type="button" onClick={() => save(state.rows.map((row, index) => `${JSON.stringify({ line: row.line, event_id: row.id, stored: state.stored[index], errors: row.problems })}\n`), "check.ndjson", "application/x-ndjson")}>export NDJSON</button>
          </p>
          {count === 0 ? !state.running && <Nothing>{only ? "No problems." : "There is no event in this text."}</Nothing> : (
            <Rows
              count={count} label="what was checked" height={16}
              head={<tr><th scope="col" class="number">line</th><th scope="col">verdict</th><th scope="col">stored?</th><th scope="col">event</th><th scope="col">problem, or the event's text</th></tr>}
              row={(at) => {
                const index = indexes?.[at] ?? at;
                const row = state.rows[index] as Checked;
                const known = state.stored[index];
                const [first] = row.problems;
                return (
                  <tr key={index} class={chosen?.index === index ? "chosen" : ""}>
                    <td class="number">{amount(row.line)}</td>
                    <td class={row.id === undefined ? "late" : "good"}>{row.id === undefined ? "rejected" : "valid"}</td>
                    <td>{row.id === undefined ? "–" : known === "stored" ? <a href={link(`event/${row.id}`)}>stored</a> : known === "new" ? "not stored" : state.running ? "…" : "unknown"}</td>
                    <td class="id">{row.id === undefined ? "–" : `${row.id.slice(0, 12)}…`}</td>
                    <td class="wide">
                      <button type="button" class="row" onClick={() => tell({ do: "text", index })}>
                        <span class="hidden">details of line {row.line}: </span>
                        {first === undefined ? <bdi class="mono muted">{row.head}</bdi> : <><code>{first.code}</code> {first.path && <code>{first.path}</code>} {first.message}{row.problems.length > 1 && ` (and ${row.problems.length - 1} more)`}</>}
                      </button>
                    </td>
                  </tr>
                );
              }}
            />
          )}
          {chosen !== undefined && <Details line={state.rows[chosen.index]?.line ?? 0} text={chosen.text} judgement={chosen.judgement} />}
        </>
      )}
    </div>
  );
}

function Details({ line, text, judgement }: { line: number; text: string; judgement: Judgement }) {
  return (
    <div class="two">
      <section aria-label="the text">
        <h2>Line {amount(line)}</h2>
        {"errors" in judgement ? <RawText text={text} /> : <JsonText text={text} />}
      </section>
      <section aria-label="the verdict">
        {"errors" in judgement ? (
          <>
            <h2>{judgement.errors.length === 1 ? "One problem" : `${judgement.errors.length} problems`}</h2>
            {judgement.errors.map((problem, index) => (
              <div key={index} class="problem">
                <p><code>{problem.code}</code> {problem.path && <code>{problem.path}</code>} {problem.message}</p>
                <Repair code={problem.code} />
              </div>
            ))}
          </>
        ) : (
          <>
            <h2>The id, and what it is made of</h2>
            <p class="hashes"><code>{judgement.event_id}</code> <Copy what="copy id" text={judgement.event_id} /></p>
            <h3>The payload in canonical form</h3>
            <RawText text={judgement.canonical_payload} />
            <p class="hashes">SHA-256 <code>{judgement.payload_hash}</code></p>
            <h3>Event time</h3>
            <p>{judgement.event_time}</p>
          </>
        )}
      </section>
    </div>
  );
}
