/** A time, absolute with the relative one beside it. */

import { now, zone } from "../time/clock.ts";
import { instant, relative } from "../time/instant.ts";

/** A time; its title has the text of the API. */
export function Time({ at, beside = false }: { at: string; beside?: boolean }) {
  return (
    <time dateTime={at} title={`${at} · ${relative(at, now.value)}`} class="time">
      {instant(at, zone.value)}
      {beside && <span class="beside"> {relative(at, now.value)}</span>}
    </time>
  );
}

/** A relative time; its title has the absolute one. */
export function Ago({ at }: { at: string }) {
  return (
    <time dateTime={at} title={instant(at, zone.value)}>
      {relative(at, now.value)}
    </time>
  );
}
