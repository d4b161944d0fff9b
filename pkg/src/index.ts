/** The same for every platform; the entry beside this file that fits the platform loads the wasm. */

export { EventRejected, type Code, type Problem } from "./problem.js";
export { eventId, preview, validate, type IngestEvent, type Preview } from "./event.js";
export { IngestClient, type CallOptions, type IngestClientOptions } from "./client.js";
export { type BatchAnswer, type BatchResult } from "./batch.js";
export { EventIdMismatch, IngestFailed, type Answer, type Failure, type FailureCode } from "./answer.js";
