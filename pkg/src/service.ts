/** One server, and one request to it. */

import { IngestFailed, readEntry, type Failure } from "./answer.js";
import { retryAfterMs } from "./retry.js";

/** An HTTP answer; `json` is `undefined` when it is not JSON. */
export interface Reply {
  readonly status: number;
  readonly json: unknown;
  readonly retryAfterMs: number | undefined;
}

/** How one request is made. */
export interface RequestTerms {
  readonly signal?: AbortSignal | undefined;
  readonly keepalive?: boolean | undefined;
}

/** Where to send, as whom, and by which `fetch`. */
export class Service {
  readonly #base: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #fetch: typeof fetch;

  constructor(url: string | URL, token?: string, given?: typeof fetch) {
    // A page's own address, where there is a page: `url` may be a path there.
    const base = new URL(url, (globalThis as { location?: { href: string } }).location?.href);
    if (!/^https?:$/.test(base.protocol) || base.search || base.hash) {
      throw new TypeError("url is not the address of a server; write it like https://ingest.example, without ? and #");
    }
    this.#base = base.href.replace(/\/+$/, "");
    // What `Headers` would refuse, which jsdom does not have.
    if (token !== undefined && !/^[\x21-\x7e\x80-\xff]+$/.test(token)) throw new TypeError("token is not one word of a header; mend it");
    this.#headers = { "content-type": "application/json", ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) };
    // Looked up at each call, so that a replaced global is used; and never called as a method, which browsers refuse.
    this.#fetch = given ?? ((input, init) => globalThis.fetch(input, init));
  }

  /** Posts once. Throws {@link IngestFailed} when no answer comes back, whatever the reason. */
  async post(path: string, body: Uint8Array, { signal, keepalive }: RequestTerms): Promise<Reply> {
    const send = this.#fetch;
    try {
      const response = await send(this.#base + path, {
        method: "POST",
        headers: this.#headers,
        body: body as BodyInit,
        // Followed, a POST may become a GET, and its answer would tell nothing about the event.
        redirect: "manual",
        ...(signal === undefined ? {} : { signal }),
        ...(keepalive ? { keepalive } : {}),
      });
      const { status, headers } = response;
      const text = await response.text();
      if (response.type === "opaqueredirect" || (status >= 300 && status < 400)) {
        return { status, json: redirected(status, headers.get("location")), retryAfterMs: undefined };
      }
      const json = parsed(text);
      return { status, json, retryAfterMs: retryAfterMs(headers.get("retry-after"), Date.now()) };
    } catch (error) {
      const message = "no answer arrived; check the address, the network, and CORS if this is a page";
      throw new IngestFailed([{ code: "network", path: "", message }], undefined, undefined, error);
    }
  }
}

/** The answer that a redirect stands for. */
function redirected(status: number, location: string | null): { status: "ERROR"; errors: Failure[] } {
  const way = status === 0 ? "" : ` with ${status}${location === null ? "" : ` to ${location}`}`;
  const message = `the server redirects${way}, and a redirected event could get lost; give the final address as url`;
  return { status: "ERROR", errors: [{ code: "redirected", path: "", message }] };
}

/** The path of an ingest. */
export function pathOf(path: string, dryRun: boolean): string {
  return dryRun ? `${path}?dry_run=true` : path;
}

/** The failure that a reply without an answer is. */
export function failureOf({ status, json, retryAfterMs }: Reply): IngestFailed {
  const entry = readEntry(json);
  if (entry?.status === "ERROR") return new IngestFailed(entry.errors, status, retryAfterMs);
  if (status === 413) {
    const message = "a proxy in front of the server takes no request of this size; raise its limit";
    return new IngestFailed([{ code: "proxy_limit", path: "", message }], status);
  }
  const message = `HTTP status ${status} without an answer to the event; check that the address is the server's`;
  return new IngestFailed([{ code: "unexpected_answer", path: "", message }], status, retryAfterMs);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
