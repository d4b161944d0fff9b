// Compiled with tsc --strict, never run: the same types through require.
import pik = require("pik-client");

export const seen: pik.Preview = pik.preview("{}");
export const failed = (error: unknown): readonly pik.Problem[] => (error instanceof pik.EventRejected ? error.errors : []);
// @ts-expect-error not a number
pik.eventId(5);
