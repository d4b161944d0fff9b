/** Why an event is refused: codes, places and messages. */

/** What is wrong, as a word a program can match on. The last two are this package's own: no text ever had them. */
export type Code =
  | "too_large"
  | "invalid_json"
  | "not_an_object"
  | "missing_field"
  | "unknown_field"
  | "wrong_type"
  | "duplicate_key"
  | "empty"
  | "forbidden_character"
  | "too_long"
  | "invalid_time"
  | "missing_offset"
  | "time_too_precise"
  | "time_out_of_range"
  | "number_out_of_range"
  | "too_deep"
  | "unsupported_media_type"
  | "not_json"
  | "unsafe_integer";

/** One thing that is wrong, where, and what to do about it. */
export interface Problem {
  code: Code;
  /** A JSON Pointer (RFC 6901) to the place, `""` for the whole event. */
  path: string;
  /** For a person. Never quotes a value. */
  message: string;
}

/** The event breaks the contract; sending it again changes nothing. `errors` has everything that is wrong. */
export class EventRejected extends Error {
  override readonly name = "EventRejected";
  readonly errors: readonly Problem[];

  constructor(errors: readonly Problem[]) {
    super(errors.map(({ code, path, message }) => (path ? `${code} at ${path}: ${message}` : `${code}: ${message}`)).join("; "));
    this.errors = errors;
  }
}
