/** Two events side by side: why do these two have two ids? */

import { link, parameter } from "../address.ts";
import { useAsked } from "../api/asked.ts";
import { rawOf } from "../api/record.ts";
import { Nothing, Failure, Skeleton } from "../parts/state.tsx";
import { core } from "../check/core.ts";
import { leaves } from "../text/json.ts";
import { amount } from "../text/amount.ts";

/** Differences that are listed. */
const MOST = 500;

/** One difference. */
interface Difference {
  readonly path: string;
  readonly a: string | undefined;
  readonly b: string | undefined;
}

/** Where two JSON texts differ, by the place of each scalar. */
export function differences(a: string, b: string): Difference[] {
  const [left, right] = [leaves(a), leaves(b)];
  const paths = new Set([...left.keys(), ...right.keys()]);
  return [...paths].filter((path) => left.get(path) !== right.get(path)).map((path) => ({ path, a: left.get(path), b: right.get(path) }));
}

/** The view. */
export function Compare() {
  const a = parameter("a");
  const b = parameter("b");
  const found = useAsked(a !== undefined && b !== undefined ? `${a} ${b}` : undefined, async (signal) => {
    const raw = await Promise.all([rawOf(a as string, signal), rawOf(b as string, signal)]);
    const { preview } = await core();
    return raw.map((text) => ({ text, preview: preview(text) })) as [Side, Side];
  });
  if (a === undefined || b === undefined) return <Nothing>The address names no two events; open one, and give the id of the other there.</Nothing>;
  if (found.error !== undefined) return <Failure error={found.error} />;
  if (found.value === undefined) return <Skeleton />;
  const [left, right] = found.value.map(wholeCanonical) as [string, string];
  const differing = differences(left, right);
  const spelled = differences(found.value[0].text, found.value[1].text).length;
  return (
    <>
      <header class="title">
        <h1>Two events</h1>
        <p>
          {a === b ? "the same event" : differing.length === 0 ? "equal in every value" : `${amount(differing.length)} ${differing.length === 1 ? "value differs" : "values differ"}, and so the ids do`}
          {spelled > differing.length && `; ${amount(spelled - differing.length)} more are only spelled differently`}
        </p>
      </header>
      <div class="scroll" tabIndex={0} role="region" aria-label="differences">
        <table class="plain differences">
          <thead>
            <tr>
              <th scope="col">where</th>
              <th scope="col"><a class="id" href={link(`event/${a}`)}>{a.slice(0, 16)}…</a></th>
              <th scope="col"><a class="id" href={link(`event/${b}`)}>{b.slice(0, 16)}…</a></th>
            </tr>
          </thead>
          <tbody>
            {differing.slice(0, MOST).map(({ path, a, b }) => (
              <tr key={path}>
                <th scope="row"><code>{path}</code></th>
                <td class="mono">{a === undefined ? <span class="muted">absent</span> : cut(a)}</td>
                <td class="mono">{b === undefined ? <span class="muted">absent</span> : cut(b)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {differing.length > MOST && <Nothing>The first {MOST} of {amount(differing.length)} are listed.</Nothing>}
    </>
  );
}

type Side = { text: string; preview: Awaited<ReturnType<typeof core>> extends { preview: (text: string) => infer P } ? P : never };

/** The event with its canonical time and payload, which are what the id depends on. */
function wholeCanonical({ text, preview }: Side): string {
  if ("errors" in preview) return text;
  const { source, event_type, entity_id } = JSON.parse(text) as Record<"source" | "event_type" | "entity_id", string>;
  const rest = JSON.stringify({ source, event_type, entity_id, event_time: preview.event_time });
  return `${rest.slice(0, -1)},"payload":${preview.canonical_payload}}`;
}

function cut(text: string): string {
  return text.length > 300 ? `${text.slice(0, 300)}… (${amount(text.length)} characters)` : text;
}
