/** What stands where an answer is not there yet, or will not be. */

import type { ComponentChildren } from "preact";

import { ApiError } from "../api/request.ts";

/** What went wrong, with the request's id, which is in the server's log. */
export function Failure({ error }: { error: unknown }) {
  if (error instanceof ApiError && error.isUnknownHere) {
    return (
      <p class="notice" role="status">
        This host does not answer this question: its program is older than this page. Update the host; the other views work meanwhile.
      </p>
    );
  }
  const message = error instanceof Error ? error.message : String(error);
  return (
    <p class="notice bad" role="alert">
      {message}
      {error instanceof ApiError && error.requestId !== undefined && (
        <span class="beside">
          {" "}
          request <code>{error.requestId}</code>
        </span>
      )}
    </p>
  );
}

/** Grey lines in the place of what comes. They appear after a fifth of a second, by style. */
export function Skeleton({ lines = 6 }: { lines?: number }) {
  return (
    <div class="skeleton" role="status" aria-label="asking the server">
      {Array.from({ length: lines }, (_, index) => (
        <i key={index} />
      ))}
    </div>
  );
}

/** A sentence where a list would be empty. */
export function Nothing({ children }: { children: ComponentChildren }) {
  return <p class="notice">{children}</p>;
}
