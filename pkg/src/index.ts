/** What the package offers; each platform's build has its own way to the wasm (`instance/`). */

export { EventRejected, type Code, type Problem } from "./problem.js";
export { type EventInput, type IngestEvent, type IngestEventWithText, type Preview } from "./event.js";
export { eventId, preview, validate } from "./judge.js";
export { IngestClient, type BatchOptions, type CallOptions, type IngestClientOptions, type Prepared } from "./client.js";
export { type BatchAnswer, type BatchResult } from "./batch.js";
export { EventIdMismatch, IngestFailed, type Answer, type Failure, type FailureCode } from "./answer.js";
