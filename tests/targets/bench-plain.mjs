// The id in plain JavaScript, with which the package is compared.
import { createHash } from "node:crypto";
import canonicalize from "canonicalize";

const sha256 = (text) => createHash("sha256").update(text).digest("hex");

/** The id of an event, given as text or as an object, that is valid and has its time in canonical form: nothing is checked. */
export function plainId(event) {
  const { source, event_type, entity_id, event_time, payload } = typeof event === "string" ? JSON.parse(event) : event;
  const payload_hash = sha256(canonicalize(payload));
  return sha256(canonicalize({ source, event_type, entity_id, event_time, payload_hash }));
}
