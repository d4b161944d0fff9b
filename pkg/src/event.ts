/** Questions about one event, which the core answers. */

import * as core from "../wasm/pik_wasm.js";
import { bodyOf } from "./body.js";
import { EventRejected, type Problem } from "./problem.js";

/** An event as an object. Everything in it must have a form in JSON; a `Date` has one. */
export interface IngestEvent {
  /** The origin system. */
  source: string;
  /** The logical event type. */
  event_type: string;
  /** The user, device, account… */
  entity_id: string;
  /** When it happened: ISO 8601 with a UTC offset, or a `Date`. */
  event_time: string | Date;
  /** Any JSON value. */
  payload: unknown;
}

/** What is known of an event before it is sent. */
export interface Preview {
  event_id: string;
  payload_hash: string;
  /** The UTC instant in its canonical form. */
  event_time: string;
  /** What `payload_hash` is the hash of. */
  canonical_payload: string;
  /** The raw object's key as far as it does not depend on the arrival. */
  key_prefix: string;
}

/** The event's id and what it is made of. Throws {@link EventRejected}. */
export function preview(event: IngestEvent | string): Preview {
  return ask(core.preview, bodyOf(event)) as unknown as Preview;
}

/** The event's id. Throws {@link EventRejected}. */
export function eventId(event: IngestEvent | string): string {
  return eventIdOf(bodyOf(event));
}

/** The id of the event in a body. */
export function eventIdOf(body: Uint8Array): string {
  return ask(core.eventId, body);
}

/** Everything that is wrong with the event; empty when it is valid. */
export function validate(event: IngestEvent | string): Problem[] {
  try {
    eventId(event);
    return [];
  } catch (error) {
    if (error instanceof EventRejected) return [...error.errors];
    throw error;
  }
}

function ask<T>(question: (body: Uint8Array) => T, body: Uint8Array): T {
  try {
    return question(body);
  } catch (thrown) {
    if (Array.isArray(thrown)) throw new EventRejected(thrown as Problem[]);
    throw thrown;
  }
}
