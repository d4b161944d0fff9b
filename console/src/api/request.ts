/** Requests to the API, with the token of this session. */

import { signal } from "@preact/signals";

const KEPT = "pik.token";

/** The token, which lives as long as the tab. */
export const token = signal(sessionStorage.getItem(KEPT) ?? "");

/** Whether the API asked for a token, or refused the one it got. */
export const refusedToken = signal(false);

/** Keeps a token for this tab; what failed without it is asked again. */
export function useToken(given: string): void {
  if (given) sessionStorage.setItem(KEPT, given);
  else sessionStorage.removeItem(KEPT);
  refusedToken.value = false;
  token.value = given;
}

/** Where the API is: beside the page. */
export const base = new URL("../", location.href.replace(/#.*/s, "")).href;

/** An answer that is not the one asked for. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly status: number;
  readonly code: string;
  readonly requestId: string | undefined;

  constructor(status: number, code: string, message: string, requestId: string | undefined) {
    super(message);
    this.status = status;
    this.code = code;
    this.requestId = requestId;
  }

  /** Whether this host has no such question: its program is older than the page. */
  get isUnknownHere(): boolean {
    return this.status === 404 && this.message.startsWith("no such path");
  }
}

/** Parameters of a question. */
export type Question = Readonly<Record<string, string | number | undefined>>;

/** The address of a question. */
export function urlOf(path: string, question: Question = {}): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(question)) if (value !== undefined) query.set(name, String(value));
  const text = query.toString();
  return `${base}${path}${text ? `?${text}` : ""}`;
}

/** Asks, and returns the answer; throws {@link ApiError}. */
export async function ask(path: string, question: Question, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  if (token.value) headers.set("authorization", `Bearer ${token.value}`);
  let response: Response;
  try {
    response = await fetch(urlOf(path, question), { ...init, headers, cache: "no-store", credentials: "same-origin" });
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new ApiError(0, "no_answer", "the server does not answer; is it running, and is there a network?", undefined);
  }
  if (response.ok) return response;
  throw await failure(response);
}

/** Asks for JSON. */
export async function askJson<T>(path: string, question: Question, init: RequestInit = {}): Promise<T> {
  return (await (await ask(path, question, init)).json()) as T;
}

async function failure(response: Response): Promise<ApiError> {
  const requestId = response.headers.get("x-request-id") ?? undefined;
  if (response.status === 401) refusedToken.value = true;
  const text = await response.text();
  try {
    const { errors } = JSON.parse(text) as { errors: { code: string; message: string }[] };
    const messages = errors.map(({ message }) => message).join("; ");
    return new ApiError(response.status, errors[0]?.code ?? "error", messages, requestId);
  } catch {
    return new ApiError(response.status, "not_a_host", `an answer ${response.status} that is not this service's`, requestId);
  }
}
