import assert from "node:assert/strict";
import { test } from "node:test";
import { EventRejected, eventId, preview, validate } from "../dist/index.js";
import { event, eventText } from "./example.mjs";

test("without TextEncoder and TextDecoder, as in jsdom, everything is the same", (t) => {
  const asked = () => [
    preview(event({ payload: "aé€😀\u0000\ufeff" })),
    preview(eventText('"\ufeffé"')),
    validate(event({ source: "", payload: { "é😀": "\ud800" } })),
    validate(eventText('"\ud800€"')),
    validate(eventText('{"é😀":1,"é😀":2}')),
    validate(`\ufeff${eventText()}`),
    validate(`${eventText()}%41`),
    eventId(event()),
  ];
  const expected = asked();
  const { TextEncoder, TextDecoder } = globalThis;
  t.after(() => Object.assign(globalThis, { TextEncoder, TextDecoder }));
  delete globalThis.TextEncoder;
  delete globalThis.TextDecoder;
  assert.deepEqual(asked(), expected);
  assert(expected[2].length > 0 && EventRejected !== undefined);
});
