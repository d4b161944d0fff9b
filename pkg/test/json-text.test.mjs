import assert from "node:assert/strict";
import { test } from "node:test";
import vm from "node:vm";
import { IngestClient, validate } from "../dist/index.js";
import { event, fakeFetch } from "./example.mjs";

const problemsOf = (payload) => validate(event({ payload })).map(({ code, path }) => `${code} ${path}`);

/** The text that is sent for an event. */
async function sent(event) {
  const { fetch, requests } = fakeFetch(() => ({ json: { status: "ACCEPTED", event_id: "" } }));
  await new IngestClient({ url: "http://localhost", fetch, verify: false }).ingest(event);
  return requests[0].text;
}

class Point {
  #hidden = 1;
  x = 1;
}

test("what JSON would silently change or leave out is refused where it stands", () => {
  const sparse = [1, , 3];
  const named = Object.assign([1], { name: "x" });
  const inherited = Object.create({ a: 1 });
  const cycle = { list: [{}] };
  cycle.list[0].again = cycle;
  const refused = {
    "NaN": NaN,
    "Infinity": Infinity,
    "-Infinity": -Infinity,
    "undefined": undefined,
    "a function": () => 1,
    "a class": Point,
    "a symbol": Symbol("s"),
    "a BigInt": 1n,
    "an invalid Date": new Date(NaN),
    "a Map": new Map([[1, 2]]),
    "a Set": new Set([1]),
    "a WeakMap": new WeakMap(),
    "a Promise": Promise.resolve(1),
    "a typed array": new Uint8Array(2),
    "a Buffer": Buffer.from("x"),
    "a DataView": new DataView(new ArrayBuffer(1)),
    "an ArrayBuffer": new ArrayBuffer(1),
    "an Error": new Error("x"),
    "a RegExp": /x/,
    "URLSearchParams": new URLSearchParams("a=1"),
    "a boxed number": new Number(1),
    "a boxed string": new String("x"),
    "a boxed boolean": new Boolean(false),
    "a boxed BigInt": Object(1n),
    "an instance": new Point(),
    "an object that inherits": inherited,
    "a symbol's property": { [Symbol("s")]: 1 },
    "an array's named property": named,
    "toJSON that returns undefined": { toJSON() {} },
    "toJSON that returns an instance": { toJSON: () => new Point() },
    "another realm's invalid Date": vm.runInNewContext("new Date(NaN)"),
    "another realm's Map": vm.runInNewContext("new Map()"),
  };
  for (const [what, value] of Object.entries(refused)) {
    assert.deepEqual(problemsOf(value), ["not_json /payload"], what);
    assert.deepEqual(problemsOf({ deep: [0, { "a/b~": value }] }), ["not_json /payload/deep/1/a~1b~0"], what);
  }
  assert.deepEqual(problemsOf(sparse), ["not_json /payload/1"]);
  assert.deepEqual(problemsOf(cycle), ["not_json /payload/list/0/again"]);
  for (const unsafe of [2 ** 53, -(2 ** 53), 1e21, 1.7e308]) {
    assert.deepEqual(problemsOf([unsafe]), ["unsafe_integer /payload/0"]);
  }
});

test("any member may be at fault, and one that is not the contract's", () => {
  const problems = validate({ source: NaN, event_type: undefined, entity_id: 1n, event_time: new Date(NaN), payload: [() => 1], a: 2 ** 60 });
  assert.deepEqual(
    problems.map(({ code, path }) => `${code} ${path}`),
    ["not_json /source", "not_json /event_type", "not_json /entity_id", "not_json /event_time", "not_json /payload/0", "unsafe_integer /a"],
  );
  for (const { message } of problems) assert.match(message, /^[a-zA-Z].*; .*[^.]$/);
});

test("what is accepted is written as JSON.stringify writes it", async () => {
  const shared = { a: [1] };
  const odd = JSON.parse('{"__proto__":1,"toJSON":2,"":3,"10":4,"9":5}');
  const hidden = Object.defineProperties({ a: 1 }, { b: { value: NaN }, [Symbol("s")]: { value: 1 } });
  const accepted = [
    hidden,
    null, true, 0, -0, 1.5, 5e-324, 2 ** 53 - 1, 1e-7, 123456.789e3, "", "\u2028\u0000\"\\/é😀\x7f", [], {}, [[]], { a: {} }, odd,
    [shared, shared], Object.create(null), new Date(1e12), new URL("http://localhost/x"), vm.runInNewContext("({a: [1, new Date(0)]})"),
    { toJSON: (name) => ({ name }) }, [{ toJSON: (name) => name }], { get a() { return 1; } }, new (class { toJSON() { return [1]; } })(),
  ];
  for (const payload of accepted) assert.equal(await sent(event({ payload })), JSON.stringify(event({ payload })));
});

test("random values are written as JSON.stringify writes them", async () => {
  let state = 42;
  const below = (limit) => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return (state >> 8) % limit;
  };
  const text = () => String.fromCodePoint(...Array.from({ length: below(6) }, () => [below(128), below(0xd800), 0x10000 + below(0xfffff)][below(3)]));
  const value = (level) => {
    switch (below(level < 6 ? 7 : 4)) {
      case 0: return [null, true, false][below(3)];
      case 1: return (below(2 ** 20) - 2 ** 19) / 10 ** below(9);
      case 2: return text();
      case 3: return new Date(below(2 ** 22) * 1e5);
      case 4: return Array.from({ length: below(5) }, () => value(level + 1));
      default: return Object.fromEntries(Array.from({ length: below(5) }, () => [text(), value(level + 1)]));
    }
  };
  for (let round = 0; round < 2000; round++) {
    const payload = value(0);
    assert.equal(await sent(event({ payload })), JSON.stringify(event({ payload })));
  }
});

test("a getter, a toJSON and a proxy are asked once, so that what was checked is what is sent", async () => {
  let asked = 0;
  const turns = () => (asked++ === 0 ? 1 : NaN);
  assert.match(await sent(event({ payload: { get a() { return turns(); } } })), /"payload":{"a":1}}$/);
  asked = 0;
  assert.match(await sent(event({ payload: { toJSON: turns } })), /"payload":1}$/);
  asked = 0;
  const proxy = new Proxy({ a: 0 }, { get: (_, name) => (name === "a" ? turns() : undefined) });
  assert.match(await sent(event({ payload: proxy })), /"payload":{"a":1}}$/);
});

test("hostile depth, breadth and sharing get an answer", () => {
  let deep = 0;
  for (let level = 0; level < 200_000; level++) deep = level % 2 ? [deep] : { a: deep };
  const [problem, ...others] = validate(event({ payload: deep }));
  assert.deepEqual(others, []);
  assert.equal(problem.code, "too_deep");
  assert.equal(problem.path.split("/").length - 2, 128);
  for (let level = 0; level < 3_000_000; level++) deep = [deep];
  assert.equal(validate(event({ payload: deep }))[0].code, "too_large");

  let doubled = [0];
  for (let level = 0; level < 100; level++) doubled = [doubled, doubled];
  assert.equal(validate(event({ payload: doubled }))[0].code, "too_large");

  const endless = { toJSON: () => ({ endless }) };
  assert.equal(validate(event({ payload: endless }))[0].code, "too_large");
});

test("no more problems than the server would list, and no longer pointers", () => {
  assert.equal(validate(event({ payload: new Array(2 ** 32 - 1) })).length, 100);
  assert.deepEqual(problemsOf({ a: { ["é".repeat(600)]: { b: NaN } } }), ["not_json /payload/a"]);
});

test("what a getter or a toJSON throws comes out as it is", () => {
  const fault = new RangeError("mine");
  const thrower = () => { throw fault; };
  assert.throws(() => validate(event({ payload: { toJSON: thrower } })), fault);
  assert.throws(() => validate(event({ payload: { get a() { return thrower(); } } })), fault);
});
