/** JSON on the screen: always text nodes, every digit as it came. */

import { useMemo, useState } from "preact/hooks";

import { lines, type Line } from "../text/json.ts";
import { amount } from "../text/amount.ts";

/** Characters and lines that are laid out at once. A megabyte in one paragraph keeps a browser busy for seconds. */
const CHARACTERS = 50_000;
const LINES = 2_000;
/** A string that is longer is cut, and says so. */
const LONG = 2_000;
/** Deeper levels stand no further to the right. */
const DEEPEST = 40;

/** A text as it is. */
export function RawText({ text }: { text: string }) {
  const [shown, setShown] = useState(CHARACTERS);
  const rest = text.length - shown;
  return (
    <div class="code">
      <pre tabIndex={0} aria-label="text">{text.slice(0, shown)}</pre>
      {rest > 0 && (
        <button type="button" onClick={() => setShown(shown * 4)}>
          {amount(rest)} more characters: show more
        </button>
      )}
    </div>
  );
}

/** A text with a member a line. */
export function JsonText({ text }: { text: string }) {
  const all = useMemo(() => lines(text), [text]);
  const [shown, setShown] = useState(LINES);
  const rest = all.length - shown;
  return (
    <div class="code">
      <pre tabIndex={0} aria-label="formatted event">
        {all.slice(0, shown).map((line, index) => (
          <OneLine key={index} line={line} />
        ))}
      </pre>
      {rest > 0 && (
        <button type="button" onClick={() => setShown(shown * 4)}>
          {amount(rest)} more lines: show more
        </button>
      )}
    </div>
  );
}

function OneLine({ line }: { line: Line }) {
  const named = line.tokens[1]?.kind === "colon";
  return (
    <>
      {"  ".repeat(Math.min(line.depth, DEEPEST))}
      {line.tokens.map((token, index) => {
        if (token.kind === "colon") return ": ";
        if (token.kind === "open" || token.kind === "close" || token.kind === "comma") return token.text;
        const kind = token.kind === "string" && named && index === 0 ? "name" : token.kind;
        return <LongToken key={index} kind={kind} text={token.text} />;
      })}
      {"\n"}
    </>
  );
}

function LongToken({ kind, text }: { kind: string; text: string }) {
  const [whole, setWhole] = useState(false);
  if (whole || text.length <= LONG) return <span class={`t-${kind}`}>{text}</span>;
  return (
    <>
      <span class={`t-${kind}`}>{text.slice(0, LONG)}</span>
      <button type="button" onClick={() => setWhole(true)}>… {amount(text.length - LONG)} more characters</button>
    </>
  );
}
