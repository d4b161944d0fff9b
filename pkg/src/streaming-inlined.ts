/** `pik-client/streaming` where files are not fetched, such as on a server: the main entry, which is always ready. */

export * from "./index.js";

/** Nothing to wait for. */
export async function ready(): Promise<void> {}
