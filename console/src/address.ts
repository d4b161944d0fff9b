/** The address bar is the state: what is shown is what its fragment says. A fragment never reaches a server or its log. */

import { signal } from "@preact/signals";

/** A view and its parameters. */
export interface Address {
  readonly view: string;
  readonly parameters: URLSearchParams;
}

/** Parameters to set; `undefined` takes one away. */
export type Changes = Readonly<Record<string, string | undefined>>;

function read(): Address {
  const [path = "", query = ""] = location.hash.replace(/^#\/?/, "").split(/\?(.*)/s);
  return { view: path || "streams", parameters: new URLSearchParams(query) };
}

/** What the address bar says. */
export const address = signal(read());

addEventListener("hashchange", () => {
  address.value = read();
});

/** One parameter of the address. */
export function parameter(name: string): string | undefined {
  return address.value.parameters.get(name) ?? undefined;
}

/** The link to a view. */
export function link(view: string, parameters: Changes = {}): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) query.set(name, value);
  const text = query.toString();
  return `#/${view}${text ? `?${text}` : ""}`;
}

/** The link to this very view with something changed. */
export function changed(changes: Changes): string {
  const { view, parameters } = address.value;
  return link(view, { ...Object.fromEntries(parameters), ...changes });
}

/** Goes to a link, as a click does; `replace` leaves no step to go back to. */
export function go(href: string, replace = false): void {
  if (replace) history.replaceState(null, "", href);
  else history.pushState(null, "", href);
  address.value = read();
}
addEventListener("popstate", () => {
  address.value = read();
});
