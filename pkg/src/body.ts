/** The text and the bytes of an event: what is hashed is what is sent. */

import type { EventInput, IngestEventWithText } from "./event.js";
import { MORE_THAN_ENOUGH, isOrdinary, jsonBytes } from "./json-text.js";
import { byteLength, decoded, encoded } from "./utf8.js";

const LONE_SURROGATE = /\p{Surrogate}/u;

/** An event on its way to the core and to the server. */
export interface Body {
  readonly text: string;
  readonly bytes: Uint8Array;
  /** The payload's own text, and how many bytes of the body stand before it; absent unless it was given as text. */
  readonly payload?: { readonly text: string; readonly at: number };
}

/** The body that says what `event` says; a string is taken exactly as it is. Throws `EventRejected` where JSON has no form. */
export function bodyOf(event: EventInput): Body {
  if (typeof event === "string") return ofText(event);
  if (hasPayloadText(event)) return withPayload(event);
  return new Written(jsonBytes(event));
}

/** A body of which mostly the bytes are wanted. Engines take a microsecond for a getter in a literal, and none for a class's. */
class Written implements Body {
  constructor(readonly bytes: Uint8Array) {}

  get text(): string {
    return decoded(this.bytes);
  }
}

/** The body with this text for a payload, which may be no JSON. */
export function withPayloadText(members: object, payload: string): Body {
  const rest = decoded(jsonBytes(members));
  const before = `${rest.slice(0, -1)}${rest === "{}" ? "" : ","}"payload":`;
  return { ...ofText(`${before}${payload}}`), payload: { text: payload, at: byteLength(before) } };
}

function hasPayloadText(event: object | null): event is IngestEventWithText {
  return (
    typeof event === "object" &&
    event !== null &&
    isOrdinary(event) &&
    typeof (event as { payloadText?: unknown }).payloadText === "string" &&
    !("payload" in event)
  );
}

function withPayload({ payloadText, ...members }: IngestEventWithText): Body {
  return withPayloadText(members, payloadText);
}

function ofText(given: string): Body {
  const text = given.length > MORE_THAN_ENOUGH ? given.slice(0, MORE_THAN_ENOUGH) : given;
  const bytes = encoded(text);
  if (!isWellFormed(text)) {
    // The encoder has put U+FFFD there, and the text would pass for another. A byte that UTF-8 does not know makes the
    // core refuse it, at the right place.
    bytes[byteLength(text.slice(0, text.search(LONE_SURROGATE)))] = 0xff;
  }
  return { text, bytes };
}

function isWellFormed(text: string & { isWellFormed?(): boolean }): boolean {
  return text.isWellFormed?.() ?? !LONE_SURROGATE.test(text);
}
