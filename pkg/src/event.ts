/** What may be given as an event, and what is known of it before it is sent. */

/** What every form of an event has. */
interface EventMembers {
  /** The origin system. */
  source: string;
  /** The logical event type. */
  event_type: string;
  /** The user, device, account… */
  entity_id: string;
  /** When it happened: ISO 8601 with a UTC offset, or a `Date`. */
  event_time: string | Date;
}

/** An event as an object. Everything in it must have a form in JSON; a `Date` has one. */
export interface IngestEvent extends EventMembers {
  /** Any JSON value. */
  payload: unknown;
}

/** An event whose payload is JSON text, such as a person types: repeated names and numbers of any length are judged as written. */
export interface IngestEventWithText extends EventMembers {
  /** The JSON text of the payload. */
  payloadText: string;
}

/** An event, or an event's whole JSON text, which is taken exactly as it is. */
export type EventInput = IngestEvent | IngestEventWithText | string;

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
