// A server component.
import { eventId } from "pik-client";
import { example } from "./example.mjs";

export default function Page() {
  return <output>{eventId(example)}</output>;
}
