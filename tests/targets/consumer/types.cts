// Compiled with tsc --strict, never run: the same types through require.
import pik = require("pik-client");
import { openQueue } from "pik-client/queue";
import { ready } from "pik-client/streaming";

export const seen: pik.Preview = pik.preview("{}");
export const failed = (error: unknown): readonly pik.Problem[] => (error instanceof pik.EventRejected ? error.errors : []);
// @ts-expect-error not a number
pik.eventId(5);
export const opened = openQueue satisfies (...given: never) => Promise<unknown>;
export const waited = ready() satisfies Promise<void>;
