// Compiled with tsc --strict, never run: what the types promise, and what they refuse.
import {
  EventIdMismatch,
  EventRejected,
  IngestClient,
  IngestFailed,
  eventId,
  preview,
  validate,
  type Answer,
  type BatchAnswer,
  type EventInput,
  type IngestEvent,
  type Preview,
  type Problem,
} from "pik-client";
import { openQueue, type Dropped, type EventQueue } from "pik-client/queue";
import { ready } from "pik-client/streaming";

interface Cart {
  items: string[];
}
const cart: Cart = { items: [] };
const event: IngestEvent = { source: "shop", event_type: "cart", entity_id: "u1", event_time: new Date(), payload: cart };

export const seen: Preview = preview(event);
export const id: string = eventId(JSON.stringify(event));
export const problems: Problem[] = validate(event);
export const isTime: boolean = problems.some(({ code }) => code === "missing_offset" || code === "unsafe_integer");

export const typed: EventInput = { source: "s", event_type: "t", entity_id: "e", event_time: "2025-12-28T23:59:59Z", payloadText: "{}" };
// @ts-expect-error either payload or payloadText
eventId({ source: "s", event_type: "t", entity_id: "e", event_time: new Date() });

export async function keep(client: IngestClient, lost: (dropped: Dropped) => void): Promise<EventQueue> {
  await ready(new URL("https://cdn.example/pik_wasm_bg.wasm"));
  const queue = await openQueue({ client, name: "events", maxEvents: 100, onDrop: lost, onFailure: (errors) => errors[0]?.code satisfies string | undefined });
  const { event_id, kept } = await queue.add(event);
  await client.ingest(event, { keepalive: kept });
  console.log(event_id satisfies string, (await queue.flush()).events satisfies number);
  // @ts-expect-error nothing is dropped silently
  await openQueue({ client });
  return queue;
}

export async function send(signal: AbortSignal): Promise<Answer | undefined> {
  const client = new IngestClient({ url: new URL("https://ingest.example"), token: "t", fetch, retries: 1, verify: true });
  const batch: BatchAnswer = await client.ingestBatch(new Set([event, "{}"]), { signal });
  for (const result of batch.results) {
    if (result.status === "REJECTED") console.log(result.index, result.errors[0]?.path);
    else if (result.status === "ERROR") console.log(result.errors[0]?.code satisfies string | undefined);
    else console.log(result.event_id);
  }
  try {
    return await client.dryRun(event);
  } catch (error) {
    if (error instanceof EventRejected) console.log(error.errors[0]?.code);
    else if (error instanceof IngestFailed) console.log(error.status, error.retryAfterMs, error.errors[0]?.message);
    else if (error instanceof EventIdMismatch) console.log(error.expected, error.received);
    return undefined;
  }
}

// @ts-expect-error four members are missing
preview({ source: "shop" });
// @ts-expect-error event_id is the server's
preview({ ...event, event_id: id, source: 5 });
// @ts-expect-error no such code
export const never = problems[0]?.code === "no_such_code";
// @ts-expect-error an address is needed
new IngestClient({});
