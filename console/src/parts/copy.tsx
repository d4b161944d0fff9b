/** A button that copies. */

import { useState } from "preact/hooks";

/** Copies a text, and says so for a moment. */
export function Copy({ what, text }: { what: string; text: string }) {
  const [said, setSaid] = useState<string>();
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setSaid("copied");
    } catch {
      setSaid("the browser refused");
    }
    setTimeout(() => setSaid(undefined), 1_500);
  };
  return (
    <button type="button" onClick={copy} aria-live="polite">
      {said ?? what}
    </button>
  );
}
