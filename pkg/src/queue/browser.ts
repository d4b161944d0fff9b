/** `pik-client/queue` in browsers, on IndexedDB. */

import { openIndexedDb } from "./indexed-db.js";
import { EventQueue, type QueueOptions } from "./queue.js";

export { type Added, type Dropped, type EventQueue, type QueueOptions } from "./queue.js";

/** Opens the queue of a name, with what waits there since earlier, and begins to send. */
export async function openQueue(options: QueueOptions): Promise<EventQueue> {
  return new EventQueue(await openIndexedDb(options.name ?? "pik-events"), options);
}
