/** The event of the form: what the fields hold, what is wrong with it, and its id. */

import { EventRejected, eventId, type IngestEventWithText, type Problem } from "pik-client";

/** What the fields hold, all of it text. */
export type Fields = IngestEventWithText & { event_time: string };

export type Judgement = { id: string; problems: [] } | { id: undefined; problems: readonly Problem[] };

export const FIELDS = ["source", "event_type", "entity_id", "event_time"] as const;

export function judge(fields: Fields): Judgement {
  try {
    return { id: eventId(fields), problems: [] };
  } catch (error) {
    if (error instanceof EventRejected) return { id: undefined, problems: error.errors };
    throw error;
  }
}

/** The problems at a field, or inside what it holds; those of the whole event stand at `""`. */
export function problemsAt(field: string, problems: readonly Problem[]): Problem[] {
  return problems.filter(({ path }) => (path.split("/")[1] ?? "") === field);
}
