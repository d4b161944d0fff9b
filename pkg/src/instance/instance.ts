/** What each way to the wasm leads to. */

/** The core's two questions (hosts/wasm/src/lib.rs). */
export interface Core {
  eventId(body: Uint8Array): Uint8Array;
  preview(body: Uint8Array): Uint8Array;
}
