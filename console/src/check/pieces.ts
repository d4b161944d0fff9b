/** A text as the events in it: a JSON array, lines, or one event over several lines. */

import { isJson } from "../text/json.ts";

/** One event's text, and the line on which it begins. */
export interface Piece {
  readonly line: number;
  readonly text: string;
}

/** What a text is taken for. */
export type Shape = "array" | "lines" | "one";

/** The events of a text. */
export function pieces(text: string): { readonly shape: Shape; readonly pieces: readonly Piece[] } {
  const start = text.search(/\S/);
  if (start < 0) return { shape: "lines", pieces: [] };
  if (text[start] === "[") {
    const found = elements(text, start);
    // An array that is not JSON has no known elements: the core tells where it breaks.
    return found === undefined ? { shape: "one", pieces: [whole(text, start)] } : { shape: "array", pieces: found };
  }
  const end = text.indexOf("\n", start);
  if (end >= 0 && !closes(text.slice(start, end)) && isJson(text)) return { shape: "one", pieces: [whole(text, start)] };
  return { shape: "lines", pieces: byLine(text) };
}

function whole(text: string, start: number): Piece {
  return { line: text.slice(0, start).split("\n").length, text: text.slice(start) };
}

function byLine(text: string): Piece[] {
  const found: Piece[] = [];
  let line = 1;
  for (let start = 0; start < text.length; line++) {
    const at = text.indexOf("\n", start);
    const end = at < 0 ? text.length : at;
    const one = text.slice(start, end).trimEnd();
    if (one.trim() !== "") found.push({ line, text: one });
    start = end + 1;
  }
  return found;
}

/** Whether every bracket that is opened here is closed here. */
function closes(text: string): boolean {
  let depth = 0;
  for (const found of text.matchAll(/"(?:[^"\\]|\\.)*"|[[\]{}]/gs)) {
    if (found[0] === "{" || found[0] === "[") depth += 1;
    else if (found[0] === "}" || found[0] === "]") depth -= 1;
  }
  return depth === 0;
}

/** The elements of an array, `undefined` if its brackets do not fit. */
function elements(text: string, start: number): Piece[] | undefined {
  const found: Piece[] = [];
  const signs = /"(?:[^"\\]|\\.)*"|[[\]{},\n]/gs;
  signs.lastIndex = start;
  let depth = 0;
  let line = text.slice(0, start).split("\n").length;
  let from = start + 1;
  let fromLine = line;
  const end = (at: number, isLast: boolean) => {
    const one = text.slice(from, at);
    if (isLast && one.trim() === "" && found.length === 0) return;
    found.push({ line: fromLine + (one.slice(0, one.search(/\S|$/)).split("\n").length - 1), text: one.trim() });
    from = at + 1;
    fromLine = line;
  };
  for (let sign = signs.exec(text); sign !== null; sign = signs.exec(text)) {
    switch (sign[0]) {
      case "[": case "{":
        depth += 1;
        break;
      case "]": case "}":
        depth -= 1;
        if (depth === 0) {
          end(sign.index, true);
          return text.slice(sign.index + 1).trim() === "" ? found : undefined;
        }
        break;
      case ",":
        if (depth === 1) end(sign.index, false);
        break;
      case "\n":
        line += 1;
        break;
      default:
        break;
    }
  }
  return undefined;
}
