/** Questions about one event, which the core answers. */

import { bodyOf, withPayloadText, type Body } from "./body.js";
import { idOf, previewOf } from "./core.js";
import type { EventInput, Preview } from "./event.js";
import { MORE_THAN_ENOUGH } from "./json-text.js";
import { EventRejected, type Problem } from "./problem.js";

/** A valid event on its way. */
export interface Judged {
  readonly id: string;
  readonly body: Body;
}

/** The event's id and what it is made of. Throws {@link EventRejected}. */
export function preview(event: EventInput): Preview {
  const body = bodyOf(event);
  return ask(previewOf, body);
}

/** The event's id. Throws {@link EventRejected}. */
export function eventId(event: EventInput): string {
  return judge(event).id;
}

/** Everything that is wrong with the event; empty when it is valid. */
export function validate(event: EventInput): Problem[] {
  try {
    judge(event);
    return [];
  } catch (error) {
    if (error instanceof EventRejected) return [...error.errors];
    throw error;
  }
}

/** The event's id and the bytes to send. Throws {@link EventRejected}. */
export function judge(event: EventInput): Judged {
  const body = bodyOf(event);
  return { id: ask(idOf, body), body };
}

function ask<T>(question: (bytes: Uint8Array) => T, body: Body): T {
  const { payload } = body;
  if (payload === undefined) return question(body.bytes);
  if (!isOneValue(payload.text)) throw new EventRejected(problemsBeside(body, payload.text));
  try {
    return question(body.bytes);
  } catch (error) {
    if (error instanceof EventRejected) throw new EventRejected(error.errors.map((problem) => placedInPayload(problem, payload.at)));
    throw error;
  }
}

/** Whether a text is JSON: text that is not could end the payload and go on with other members. */
function isOneValue(text: string): boolean {
  // The core refuses what is too large, and looks no further.
  if (text.length > MORE_THAN_ENOUGH) return true;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** What is wrong with the other members, and then that the payload is no JSON, at a place in its own text. */
function problemsBeside({ text, payload }: Body, given: string): Problem[] {
  const others = validate(`${text.slice(0, text.length - given.length - 1)}null}`);
  const valid = { source: "s", event_type: "t", entity_id: "e", event_time: "2000-01-01T00:00:00Z" };
  const alone = withPayloadText(valid, given);
  let found: Problem | undefined;
  try {
    idOf(alone.bytes);
  } catch (error) {
    if (!(error instanceof EventRejected)) throw error;
    found = error.errors.find(({ code }) => code === "invalid_json");
  }
  const message = found?.message ?? "the payload is more than one JSON value; write one value";
  const problem: Problem = { code: "invalid_json", path: "/payload", message };
  return [...others, placedInPayload(problem, (alone.payload ?? payload)?.at ?? 0)];
}

/** A problem in the payload, with its place told as one counts in the payload's own text. */
function placedInPayload(problem: Problem, before: number): Problem {
  if (!/^\/payload(\/|$)/.test(problem.path)) return problem;
  // What stands before the payload is in the first line.
  const message = problem.message.replace(/\bline 1, column (\d+)/, (place, column) =>
    Number(column) > before ? `line 1, column ${Number(column) - before}` : place,
  );
  return { ...problem, message };
}
