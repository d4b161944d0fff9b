import assert from "node:assert/strict";
import { test } from "node:test";
import { EventRejected, eventId, preview, validate } from "../dist/index.js";
import { event, eventText } from "./example.mjs";

test("an object and its text have one id", () => {
  const known = {
    event_id: "59a3f098414a504e256530ab459d1f7e63f9c3c089ddee6fd42ba77525e14bec",
    payload_hash: "2c789a8611e9a36b1e8e5ee714886ab3e7efa24325c1f7cac0b5c75b56e6d881",
    event_time: "2025-12-28T23:59:59Z",
    canonical_payload: '{"steps":10}',
    key_prefix: "raw/source=demo/event_type=heartbeat/event_date=2025-12-28/",
  };
  assert.deepEqual(preview(event()), known);
  assert.deepEqual(preview(eventText()), known);
  assert.equal(eventId(event()), known.event_id);
  assert.deepEqual(validate(eventText()), []);
});

test("a Date is its ISO text", () => {
  assert.equal(preview(event({ event_time: new Date("2025-12-29T01:59:59.500+02:00") })).event_time, "2025-12-28T23:59:59.5Z");
  assert.deepEqual(preview(event({ payload: [new Date(0)] })).canonical_payload, '["1970-01-01T00:00:00.000Z"]');
});

test("digits in a text survive that no double holds", () => {
  const { canonical_payload } = preview(eventText("[9007199254740993,1e400,0.1000]"));
  assert.equal(canonical_payload, "[9007199254740993,1e+400,0.1]");
  assert.equal(preview(event({ payload: -0 })).canonical_payload, "0");
});

test("everything that is wrong is told at once, and thrown by the others", () => {
  const broken = event({ source: "", event_time: "2025-12-28T23:59:59", extra: 1 });
  delete broken.entity_id;
  const expected = [
    { code: "empty", path: "/source", message: "`source` is empty; give it a value" },
    { code: "missing_field", path: "/entity_id", message: "`entity_id` is missing; add it" },
    {
      code: "missing_offset",
      path: "/event_time",
      message: "the UTC offset is missing and would be a guess; add Z or an offset such as +02:00",
    },
    {
      code: "unknown_field",
      path: "/extra",
      message: `an unknown member at line 1, column ${1 + JSON.stringify(broken).indexOf('"extra"')}; leave it out, or put it into the payload`,
    },
  ];
  assert.deepEqual(validate(broken), expected);
  for (const question of [preview, eventId]) {
    assert.throws(() => question(broken), (error) => {
      assert(error instanceof EventRejected && error instanceof Error);
      assert.equal(error.name, "EventRejected");
      assert.deepEqual(error.errors, expected);
      assert.match(error.message, /^empty at \/source: `source` is empty; give it a value; missing_field at/);
      return true;
    });
  }
});

test("what is no event at all", () => {
  const codes = (input) => validate(input).map(({ code, path }) => [code, path]);
  for (const [input, code] of [
    ["", "invalid_json"],
    ["null", "not_an_object"],
    [null, "not_an_object"],
    [5, "not_an_object"],
    [[], "not_an_object"],
    [undefined, "not_json"],
    [() => 1, "not_json"],
    [new String(eventText()), "not_json"],
  ]) {
    assert.deepEqual(codes(input), [[code, ""]]);
  }
});

test("a lone surrogate is invalid_json where it stands, in a text and in an object", () => {
  for (const lone of ["\ud800", "\udfff", "\udc00\ud800"]) {
    const text = eventText(`"€${lone}😀"`);
    const [problem, ...others] = validate(text);
    assert.deepEqual(others, []);
    assert.equal(problem.code, "invalid_json");
    assert.equal(problem.path, "");
    // Columns count bytes, and the euro sign has three.
    assert(problem.message.endsWith(`(line 1, column ${1 + text.indexOf(lone) + 2})`), problem.message);
    const places = (broken) => validate(broken).map(({ code, path }) => [code, path]);
    assert.deepEqual(places(event({ payload: [{ a: "€" }, { a: lone }] })), [["invalid_json", "/payload/1/a"]]);
    assert.deepEqual(places(event({ payload: { deep: { [lone]: 1 } } })), [["invalid_json", `/payload/deep/${lone}`]]);
    assert.deepEqual(places(event({ entity_id: `a${lone}`, payload: lone })), [["invalid_json", "/entity_id"], ["invalid_json", "/payload"]]);
    assert.deepEqual(places(event({ [lone]: 1 })), [["invalid_json", `/${lone}`]]);
  }
  assert.deepEqual(validate(eventText('"😀"')), []);
});

test("a lone surrogate is found by an engine without isWellFormed too", () => {
  const { isWellFormed } = String.prototype;
  delete String.prototype.isWellFormed;
  try {
    assert.equal(validate(eventText('"\ud800"'))[0].code, "invalid_json");
    assert.deepEqual(validate(eventText('"😀"')), []);
  } finally {
    String.prototype.isWellFormed = isWellFormed;
  }
});

test("a byte-order mark is refused, white space is not", () => {
  assert.match(validate(`\ufeff${eventText()}`)[0].message, /byte-order mark/);
  assert.deepEqual(validate(`\r\n\t ${eventText()} \n`), []);
  assert.equal(preview(eventText('"\ufeff"')).canonical_payload, '"\ufeff"');
});

test("the limit counts bytes, not characters", () => {
  const most = 1_048_576;
  const around = new TextEncoder().encode(eventText('""')).length;
  for (const [unit, bytes] of [["a", 1], ["é", 2], ["€", 3], ["😀", 4]]) {
    const room = most - around;
    const fits = unit.repeat(room / bytes) + "a".repeat(room % bytes);
    assert.deepEqual(validate(eventText(`"${fits}"`)), [], unit);
    assert.equal(validate(eventText(`"${fits}a"`))[0].code, "too_large", unit);
    assert.equal(validate(event({ payload: `${fits}a` }))[0].code, "too_large", unit);
  }
});

test("a text of any size gets an answer, before any other fault", () => {
  const huge = "\ud800".repeat(100_000_000);
  assert.equal(validate(huge)[0].code, "too_large");
  assert.equal(validate(event({ payload: huge }))[0].code, "too_large");
  assert.equal(validate("[".repeat(1_048_576))[0].code, "invalid_json");
});

test("ten thousand calls leave the memory as it was", () => {
  const large = eventText(`"${"x".repeat(500_000)}"`);
  eventId(large);
  const before = process.memoryUsage().arrayBuffers;
  for (let call = 0; call < 10_000; call++) {
    preview(eventText(String(call)));
    validate("{");
    if (call % 100 === 0) eventId(large);
  }
  globalThis.gc?.();
  assert(process.memoryUsage().arrayBuffers - before < 64 * 1024 * 1024);
});

const withText = (payloadText, changes) => {
  const { payload, ...members } = event(changes);
  return { ...members, payloadText };
};

test("a payload given as text is judged as it is written", () => {
  assert.equal(eventId(withText('{"steps":10}')), eventId(event()));
  assert.equal(eventId(withText(' {"steps": 1e1}\n')), eventId(event()));
  assert.equal(preview(withText("[9007199254740993, 1e400]")).canonical_payload, "[9007199254740993,1e+400]");
  const [repeated] = validate(withText('{"a":1,\n "a":2}'));
  assert.deepEqual([repeated.code, repeated.path], ["duplicate_key", "/payload/a"]);
  assert.deepEqual(validate(withText("1e9999999")).map(({ code, path }) => [code, path]), [["number_out_of_range", "/payload"]]);
  const when = { event_time: new Date("2025-12-28T23:59:59Z") };
  assert.equal(eventId(withText('{"steps":10}', when)), eventId(event()));
});

test("places in a payload's text are told as its own lines and columns", () => {
  const place = (text) => /line (\d+), column (\d+)/.exec(validate(withText(text)).find(({ path }) => path.startsWith("/payload")).message)?.slice(1).map(Number);
  // With what the same text has as the payload of a whole text, less what stands before it.
  for (const text of ['{"a":1,"a":2}', '["€", {"b":0,"b":0}]', '{"a":1,\n  "a":2}', "1e9999999"]) {
    const whole = /line (\d+), column (\d+)/.exec(validate(eventText(text))[0].message)?.slice(1).map(Number);
    if (whole?.[0] === 1) whole[1] -= eventText("").length - 1;
    assert.deepEqual(place(text), whole, text);
  }
  assert.deepEqual(place('{"a": tru}'), [1, 7]);
  assert.deepEqual(place('{"a":\n tru}'), [2, 2]);
  assert.deepEqual(place("€"), [1, 1]);
});

test("a payload's text that is not one JSON value is told at /payload, beside all other problems", () => {
  for (const text of ["", "{", "1 2", "tru", "{}}", '1,"source":"x"', '1},"a":{"b":1', "\u00a01", "\ufeff1", "NaN", "'a'", '1,"payload":2']) {
    assert.deepEqual(validate(withText(text)).map(({ code, path }) => [code, path]), [["invalid_json", "/payload"]], text);
    const broken = withText(text, { source: "" });
    assert.deepEqual(validate(broken).map(({ code, path }) => [code, path]), [["empty", "/source"], ["invalid_json", "/payload"]], text);
  }
  // A member that is missing cannot come in with the payload.
  const { source, ...rest } = withText('1,"source":"x"');
  assert.deepEqual(validate(rest).map(({ code, path }) => [code, path]), [["missing_field", "/source"], ["invalid_json", "/payload"]]);
});

test("a payload's text of any size gets an answer", () => {
  assert.deepEqual(validate(withText("[".repeat(1_000_000) )).map(({ code }) => code), ["invalid_json"]);
  assert.deepEqual(validate(withText(`"${"x".repeat(1_048_576)}"`)).map(({ code }) => code), ["too_large"]);
  assert.deepEqual(validate(withText(`"${"x".repeat(10_000_000)}"`)).map(({ code }) => code), ["too_large"]);
  assert.equal(validate(withText(`${"[".repeat(129)}${"]".repeat(129)}`))[0].code, "too_deep");
});

test("payload and payloadText together are one too many", () => {
  assert.deepEqual(validate(event({ payloadText: "1" })).map(({ code, path }) => [code, path]), [["unknown_field", "/payloadText"]]);
});
