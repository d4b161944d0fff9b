/** `pik-client/queue` in Node.js, on a file. */

import { openFile } from "./file.js";
import { EventQueue, type QueueOptions } from "./queue.js";

export { type Added, type Dropped, type EventQueue, type QueueOptions } from "./queue.js";

/** Opens the queue in a file, with what waits there since earlier, and begins to send. */
export async function openQueue(options: QueueOptions): Promise<EventQueue> {
  return new EventQueue(await openFile(options.name ?? "pik-events"), options);
}
