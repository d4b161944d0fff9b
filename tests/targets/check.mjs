// Runs in every target: puts cases to it and compares, byte for byte, with native Rust's answers. Imports nothing.

/** Made when they are needed, for jsdom has none. */
const encoder = () => new TextEncoder();
const strict = () => new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** How many differences are told in full. */
const TOLD = 5;

/** The wasm itself, which takes bytes and gives fields (hosts/wasm/src/lib.rs). */
export const ofCore = ({ preview, eventId }) => ({
  answers: ({ bytes }) => [
    attempt(() => named(fields(preview(bytes)), ["event_id", "payload_hash", "event_time", "canonical_payload", "key_prefix"])),
    attempt(() => named(fields(eventId(bytes)), ["event_id"])),
  ],
  errorsOf: (thrown) => thrown,
});

function fields(answer) {
  const found = [];
  for (let start = 0; start <= answer.length; ) {
    const end = answer.indexOf(0xff, start);
    found.push(strict().decode(answer.subarray(start, end < 0 ? undefined : end)));
    start = (end < 0 ? answer.length : end) + 1;
  }
  return found;
}

/** The fields by their names; throws the problems of a rejection. */
function named([first, ...others], names) {
  if (first !== "") {
    const given = [first, ...others];
    if (given.length !== names.length) throw new Error(`${given.length} fields where ${names.length} are due`);
    return Object.fromEntries(names.map((name, index) => [name, given[index]]));
  }
  const problems = [];
  for (let at = 0; at < others.length; at += 3) problems.push({ code: others[at], path: others[at + 1], message: others[at + 2] });
  throw problems;
}

/** The package, which takes strings: a body that is not UTF-8 is not for it. */
export const ofPackage = ({ preview, eventId, validate, EventRejected }) => ({
  answers: ({ text }) => text === undefined ? undefined : [
    attempt(() => preview(text)),
    attempt(() => ({ event_id: eventId(text) })),
    attempt(() => {
      const errors = validate(text);
      if (errors.length > 0) throw new EventRejected(errors);
      return {};
    }),
  ],
  errorsOf: (thrown) => (thrown instanceof EventRejected ? thrown.errors : undefined),
});

/** Puts the cases, one JSON line each, to a target: how many it answered, how many are not for it, and what differs. */
export function check(lines, { answers, errorsOf }) {
  const result = { compared: 0, notForIt: 0, different: 0, told: [] };
  for (const line of lines.split("\n")) {
    if (line === "") continue;
    const vector = JSON.parse(line);
    const given = answers(bodyOf(vector));
    if (given === undefined) {
      result.notForIt++;
      continue;
    }
    result.compared++;
    const expected = expectedOf(vector);
    for (const { value, thrown } of given) {
      const actual = thrown === undefined ? value : { errors: errorsOf(thrown) ?? `threw ${thrown}` };
      const difference = differs(expected, actual);
      if (difference === undefined) continue;
      result.different++;
      if (result.told.length < TOLD) result.told.push(`${vector.name}: ${difference}`);
    }
  }
  return result;
}

function attempt(question) {
  try {
    return { value: question() };
  } catch (thrown) {
    return { thrown };
  }
}

/** The body of a vector (tests/vectors/README.md): its bytes, and its text if it has one. */
export function bodyOf({ body, body_hex, body_parts }) {
  if (body_hex !== undefined) {
    const bytes = Uint8Array.from(body_hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
    return { bytes, text: attempt(() => strict().decode(bytes)).value };
  }
  const text = body ?? body_parts.map((part) => (typeof part === "string" ? part : part.repeat.repeat(part.times))).join("");
  return { get bytes() { return encoder().encode(text); }, text };
}

function expectedOf({ result, event_id, payload_hash, event_time, canonical_payload, s3_key, errors }) {
  if (result === "reject") return { errors };
  const key_prefix = s3_key.slice(0, s3_key.indexOf("ingest_date="));
  return { event_id, payload_hash, event_time, canonical_payload, key_prefix };
}

/** Every field that the target gives must be the expected one; a rejection has nothing but errors, all of them. */
function differs(expected, actual) {
  if ((expected.errors === undefined) !== (actual.errors === undefined)) return told(expected, actual);
  for (const [field, value] of Object.entries(actual)) {
    // Left out of the vectors where it is long; its hash is there.
    if (field === "canonical_payload" && expected[field] === undefined) continue;
    if (plain(value) !== plain(expected[field])) return told(expected[field], value);
  }
  return undefined;
}

/** Errors with their fields in one order, everything else as it is. */
const plain = (value) =>
  JSON.stringify(Array.isArray(value) ? value.map(({ code, path, message }) => [code, path, message]) : value);

const told = (expected, actual) => `${JSON.stringify(actual)} where native Rust has ${JSON.stringify(expected)}`;
