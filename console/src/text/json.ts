/** JSON text read without changing it: numbers keep every digit, and names keep their order. */

/** A piece of JSON text. */
export interface Token {
  readonly kind: "open" | "close" | "comma" | "colon" | "string" | "number" | "word";
  readonly text: string;
}

/** Blanks, a string, a number, a word, or a sign. The text was ingested, so it is JSON. */
const NEXT = /[\t\n\r ]*(?:("(?:[^"\\]|\\.)*")|(-?\d[\d.eE+-]*)|(true|false|null)|([[{])|([\]}])|(,)|(:))/gsy;

/** The tokens of a text; ends where the text is no JSON. */
export function* tokens(text: string): Generator<Token> {
  NEXT.lastIndex = 0;
  const pattern = new RegExp(NEXT);
  for (let found = pattern.exec(text); found !== null; found = pattern.exec(text)) {
    const [, string, number, word, open, close, comma] = found;
    if (string !== undefined) yield { kind: "string", text: string };
    else if (number !== undefined) yield { kind: "number", text: number };
    else if (word !== undefined) yield { kind: "word", text: word };
    else if (open !== undefined) yield { kind: "open", text: open };
    else if (close !== undefined) yield { kind: "close", text: close };
    else yield comma !== undefined ? { kind: "comma", text: "," } : { kind: "colon", text: ":" };
  }
}

/** Whether a text is one JSON value. */
export function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** A line of formatted JSON. */
export interface Line {
  readonly depth: number;
  readonly tokens: readonly Token[];
}

/** The lines of a formatted text. */
export function lines(text: string): Line[] {
  const done: Line[] = [];
  let depth = 0;
  let line: Token[] = [];
  let before: Token | undefined;
  const end = () => {
    if (line.length > 0) done.push({ depth, tokens: line });
    line = [];
  };
  for (const token of tokens(text)) {
    if (token.kind === "close") {
      // `{}` and `[]` stay on the line that opened them.
      const opened = before?.kind === "open" ? done.pop() : undefined;
      if (opened !== undefined) {
        depth = opened.depth;
        line = [...opened.tokens, token];
      } else {
        end();
        depth -= 1;
        line.push(token);
      }
    } else if (token.kind === "open") {
      line.push(token);
      end();
      depth += 1;
    } else if (token.kind === "comma") {
      line.push(token);
      end();
    } else {
      line.push(token);
    }
    before = token;
  }
  end();
  return done;
}

/** Every scalar and empty container of a text, under its JSON Pointer. */
export function leaves(text: string): Map<string, string> {
  const found = new Map<string, string>();
  const path: (string | number)[] = [];
  const kinds: string[] = [];
  let before: Token | undefined;
  let expectsName = false;
  const pointer = () => path.map((part) => `/${String(part).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
  for (const token of tokens(text)) {
    if (token.kind === "open") {
      kinds.push(token.text);
      path.push(0);
      expectsName = token.text === "{";
    } else if (token.kind === "close") {
      path.pop();
      kinds.pop();
      if (before?.kind === "open") found.set(pointer(), token.text === "]" ? "[]" : "{}");
    } else if (token.kind === "comma") {
      expectsName = kinds.at(-1) === "{";
      if (!expectsName) path[path.length - 1] = Number(path.at(-1)) + 1;
    } else if (token.kind === "colon") {
      expectsName = false;
    } else if (expectsName) {
      path[path.length - 1] = JSON.parse(token.text) as string;
    } else {
      found.set(pointer(), token.text);
    }
    before = token;
  }
  return found;
}
