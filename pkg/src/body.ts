/** The bytes of an event: what is hashed is what is sent. */

import type { IngestEvent } from "./event.js";
import { MORE_THAN_ENOUGH, jsonText } from "./json-text.js";

const LONE_SURROGATE = /\p{Surrogate}/u;

const encoder = new TextEncoder();

/** The body that says what `event` says; a string is taken exactly as it is. */
export function bodyOf(event: IngestEvent | string): Uint8Array {
  const text = (typeof event === "string" ? event : jsonText(event)).slice(0, MORE_THAN_ENOUGH);
  const body = encoder.encode(text);
  if (!isWellFormed(text)) {
    // The encoder has put U+FFFD there, and the text would pass for another. A byte that UTF-8 does not know makes the
    // core refuse it, at the right place.
    body[encoder.encode(text.slice(0, text.search(LONE_SURROGATE))).length] = 0xff;
  }
  return body;
}

function isWellFormed(text: string & { isWellFormed?(): boolean }): boolean {
  return text.isWellFormed?.() ?? !LONE_SURROGATE.test(text);
}
