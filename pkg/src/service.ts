/** One server, and one request to it. */

import { IngestFailed, readEntry } from "./answer.js";
import { retryAfterMs } from "./retry.js";

/** An HTTP answer; `json` is `undefined` when it is not JSON. */
export interface Reply {
  readonly status: number;
  readonly json: unknown;
  readonly retryAfterMs: number | undefined;
}

/** Where to send, as whom, and by which `fetch`. */
export class Service {
  readonly #base: string;
  readonly #headers: Headers;
  readonly #fetch: typeof fetch;

  constructor(url: string | URL, token?: string, given?: typeof fetch) {
    // A page's own address, where there is a page: `url` may be a path there.
    const base = new URL(url, (globalThis as { location?: { href: string } }).location?.href);
    if (!/^https?:$/.test(base.protocol) || base.search || base.hash) {
      throw new TypeError("url is not the address of a server; write it like https://ingest.example, without ? and #");
    }
    this.#base = base.href.replace(/\/+$/, "");
    this.#headers = new Headers({ "content-type": "application/json" });
    if (token !== undefined) this.#headers.set("authorization", `Bearer ${token}`);
    // Looked up at each call, so that a replaced global is used; and never called as a method, which browsers refuse.
    this.#fetch = given ?? ((input, init) => globalThis.fetch(input, init));
  }

  /** Posts once. Throws {@link IngestFailed} when no answer comes back, whatever the reason. */
  async post(path: string, body: Uint8Array, signal?: AbortSignal): Promise<Reply> {
    const send = this.#fetch;
    try {
      const init = { method: "POST", headers: this.#headers, body: body as BodyInit };
      const response = await send(this.#base + path, signal === undefined ? init : { ...init, signal });
      const json = parsed(await response.text());
      return { status: response.status, json, retryAfterMs: retryAfterMs(response.headers.get("retry-after"), Date.now()) };
    } catch (error) {
      const message = "no answer arrived; check the address, the network, and CORS if this is a page";
      throw new IngestFailed([{ code: "network", path: "", message }], undefined, undefined, error);
    }
  }
}

/** The failure that a reply without an answer is. */
export function failureOf({ status, json, retryAfterMs }: Reply): IngestFailed {
  const entry = readEntry(json);
  if (entry?.status === "ERROR") return new IngestFailed(entry.errors, status, retryAfterMs);
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
