/** Values that a list is narrowed to, or that are left out; they stand in the address as `is.NAME` and `not.NAME`. */

import { address, go, link } from "../address.ts";
import type { Occurrence } from "../api/record.ts";

/** The members that a value may be picked of. */
export type Member = "source" | "event_type" | "entity_id" | "status";

/** One condition. */
export interface Condition {
  readonly member: Member;
  readonly value: string;
  readonly keeps: boolean;
}

const NAME = /^(is|not)\.(source|event_type|entity_id|status)$/;

/** The conditions in the address. */
export function conditions(): Condition[] {
  const found: Condition[] = [];
  for (const [name, value] of address.value.parameters) {
    const parts = NAME.exec(name);
    if (parts !== null) found.push({ member: parts[2] as Member, value, keeps: parts[1] === "is" });
  }
  return found;
}

/** Whether an occurrence meets all of them. */
export function meets(record: Occurrence, wanted: readonly Condition[]): boolean {
  return wanted.every(({ member, value, keeps }) => (record[member] === value) === keeps);
}

/** Adds a condition; one that was there already goes. */
export function toggle({ member, value, keeps }: Condition): void {
  const { view, parameters } = address.value;
  const next = new URLSearchParams(parameters);
  const name = `${keeps ? "is" : "not"}.${member}`;
  const there = next.getAll(name).includes(value);
  if (there) next.delete(name, value);
  else next.append(name, value);
  const text = next.toString();
  go(text ? `${link(view)}?${text}` : link(view));
}
