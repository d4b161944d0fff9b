/** The views, and the paths that lead to them. */

import type { JSX } from "preact";

import { Nothing } from "../parts/state.tsx";
import { Arrivals } from "../views/arrivals.tsx";
import { Check } from "../views/check.tsx";
import { Compare } from "../views/compare.tsx";
import { Entity } from "../views/entity.tsx";
import { OneEvent } from "../views/event.tsx";
import { WorstLag } from "../views/lag.tsx";
import { Live } from "../views/live.tsx";
import { Rejected } from "../views/rejected.tsx";
import { StreamDays } from "../views/stream.tsx";
import { Streams } from "../views/streams.tsx";

/** A view. */
interface View {
  readonly path: string;
  readonly name: string;
  /** Whether the top of the page leads there. */
  readonly listed: boolean;
  readonly content: (rest: string) => JSX.Element;
}

/** All of them, in the order of the menu. */
export const VIEWS: readonly View[] = [
  { path: "streams", name: "Streams", listed: true, content: () => <Streams /> },
  { path: "live", name: "Live", listed: true, content: () => <Live /> },
  { path: "arrivals", name: "Arrivals", listed: true, content: () => <Arrivals /> },
  { path: "lag", name: "Worst lag", listed: true, content: () => <WorstLag /> },
  { path: "rejected", name: "Rejected", listed: true, content: () => <Rejected /> },
  { path: "check", name: "Check", listed: true, content: () => <Check /> },
  { path: "stream", name: "Stream", listed: false, content: () => <StreamDays /> },
  { path: "entity", name: "Entity", listed: false, content: () => <Entity /> },
  { path: "event", name: "Event", listed: false, content: (id) => <OneEvent key={id} id={id} /> },
  { path: "compare", name: "Compare", listed: false, content: () => <Compare /> },
];

/** The view at a path. */
export function viewOf(path: string): { name: string; content: JSX.Element } {
  const [first = "", rest = ""] = path.split(/\/(.*)/s);
  const view = VIEWS.find((view) => view.path === first);
  if (view === undefined) return { name: "Nothing", content: <Nothing>There is no such view; choose one at the top.</Nothing> };
  return { name: view.name, content: view.content(rest) };
}
