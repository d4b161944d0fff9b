/** The core's answers to a body. */

import { core } from "./instance/inlined.js";
import type { Preview } from "./event.js";
import { EventRejected, type Code, type Problem } from "./problem.js";
import { decoded } from "./utf8.js";

/** What stands between two fields of an answer: a byte that UTF-8 never has. */
const BETWEEN = 0xff;

/** The id of the event in a body. Throws {@link EventRejected}. */
export function idOf(body: Uint8Array): string {
  const answer = core().eventId(body);
  return answer[0] === BETWEEN ? rejected(answer) : decoded(answer);
}

/** What is known of the event in a body. Throws {@link EventRejected}. */
export function previewOf(body: Uint8Array): Preview {
  const answer = core().preview(body);
  if (answer[0] === BETWEEN) return rejected(answer);
  const [event_id, payload_hash, event_time, canonical_payload, key_prefix] = fields(answer) as [string, string, string, string, string];
  return { event_id, payload_hash, event_time, canonical_payload, key_prefix };
}

function rejected(answer: Uint8Array): never {
  const [, ...told] = fields(answer);
  const problems: Problem[] = [];
  for (let at = 0; at < told.length; at += 3) {
    const [code, path, message] = told.slice(at, at + 3) as [Code, string, string];
    problems.push({ code, path, message });
  }
  throw new EventRejected(problems);
}

function fields(answer: Uint8Array): string[] {
  const fields: string[] = [];
  for (let start = 0; start <= answer.length; ) {
    const found = answer.indexOf(BETWEEN, start);
    const end = found < 0 ? answer.length : found;
    fields.push(decoded(answer.subarray(start, end)));
    start = end + 1;
  }
  return fields;
}
