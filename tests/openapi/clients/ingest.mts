/** Ingests and asks, with the types that openapi-typescript makes out of /openapi.json. */
import createClient from "openapi-fetch";

import type { components, paths } from "./api.js";

type Event = components["schemas"]["Event"];

declare const process: { argv: string[] };

const baseUrl = process.argv[2] ?? "";
const client = createClient<paths>({ baseUrl });

/** The 9 digits of the time show that nothing on the way takes it for a number of milliseconds. */
const event = (entity: string): Event => ({
  source: "openapi-typescript",
  event_type: "tested",
  entity_id: entity,
  event_time: "2025-12-29T20:15:35.123456789+01:00",
  payload: { entity, list: [1, 2.5, null, "é"] },
});

function same(what: string, found: unknown, expected: unknown): void {
  if (JSON.stringify(found) !== JSON.stringify(expected)) {
    throw new Error(`${what}: ${JSON.stringify(found)} is not ${JSON.stringify(expected)}`);
  }
}

const first = await client.POST("/ingest", { body: event("ts one") });
same("one event", first.data?.status, "ACCEPTED");

const array = await client.POST("/ingest/batch", { body: [event("ts one"), event("ts two")] });
same("an array", [array.data?.accepted, array.data?.duplicate], [1, 1]);

const events = Array.from({ length: 2_500 }, (_, n) => event(`ts line ${n}`));
const lines = await client.POST("/ingest/batch", {
  body: events.map((one) => JSON.stringify(one)).join("\n"),
  bodySerializer: (body) => body as string,
  headers: { "content-type": "application/x-ndjson" },
});
same("lines", [lines.data?.accepted, lines.data?.results.length], [2_500, 2_500]);

const refused = await client.POST("/ingest", { body: { ...event("ts three"), event_time: "2025-12-29T20:15:35" } });
same("a refused event", refused.error?.errors.map(({ code, path }) => [code, path]), [["missing_offset", "/event_time"]]);

const entity = await client.GET("/events", { params: { query: { entity_id: "ts two" } } });
same("an entity", entity.data?.events.map((record) => record.event_time), ["2025-12-29T19:15:35.123456789Z"]);

if (first.data === undefined) throw new Error("there is no event");
const id = first.data.event_id;
const found = await client.GET("/events/{event_id}", { params: { path: { event_id: id } } });
same("an event with its duplicates", [found.data?.event.status, found.data?.duplicates.length], ["ACCEPTED", 1]);
