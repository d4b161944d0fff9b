/**
 * An object as JSON text, and a problem for whatever `JSON.stringify` would silently change or leave out.
 *
 * Where there is no problem the text is `JSON.stringify`'s own. It is written here, and not by a check followed by
 * `JSON.stringify`, so that a getter or a `toJSON` is asked once: what was checked is what is written. Nothing recurses,
 * and a text that no host would take is given up half-way, so depth, cycles and shared parts cost little.
 */

import { EventRejected, type Code, type Problem } from "./problem.js";
import { byteLength } from "./utf8.js";

/** Over every limit on a body, so the core need not see more to refuse it. A text has at least as many bytes as characters. */
export const MORE_THAN_ENOUGH = 2 ** 21;

/** As many as the core lists. */
const MAX_PROBLEMS = 100;

/** As long as the core's pointers. */
const MAX_POINTER_BYTES = 1024;

/** What a string has that does not stand for itself. */
const ESCAPED = /["\\\u0000-\u001f\ud800-\udfff]/;

/** Among what is {@link ESCAPED}. */
const LONE_SURROGATE = /\p{Surrogate}/u;

/** The text of `value`; throws {@link EventRejected} where it holds something that JSON has no form for. */
export function jsonText(value: unknown): string {
  const writer = new Writer();
  writer.write(value);
  if (writer.problems.length > 0) throw new EventRejected(writer.problems);
  return writer.text;
}

type Container = Readonly<Record<string | number, unknown>>;

/** An array or object that is being written. */
interface Level {
  readonly container: Container;
  /** The members' names, `undefined` for an array. */
  readonly names: readonly string[] | undefined;
  readonly size: number;
  next: number;
}

class Writer {
  text = "";
  readonly problems: Problem[] = [];
  readonly #levels: Level[] = [];
  readonly #open = new Set<Container>();
  readonly #names = new Map<string, string>();

  write(root: unknown): void {
    this.#value(root, "");
    for (let level = this.#innermost(); level !== undefined; level = this.#innermost()) {
      if (this.text.length > MORE_THAN_ENOUGH || this.problems.length >= MAX_PROBLEMS) return;
      if (level.next === level.size) this.#close(level);
      else this.#next(level);
    }
  }

  #innermost(): Level | undefined {
    return this.#levels[this.#levels.length - 1];
  }

  #next(level: Level): void {
    const index = level.next++;
    if (index > 0) this.text += ",";
    const name = level.names?.[index];
    if (name === undefined) {
      this.#value(level.container[index], index);
    } else {
      this.text += this.#writtenName(name);
      this.#value(level.container[name], name);
    }
  }

  /** Names recur, in a list of objects most of all. */
  #writtenName(name: string): string {
    let written = this.#names.get(name);
    if (written === undefined) {
      written = this.#quoted(name) + ":";
      this.#names.set(name, written);
    }
    return written;
  }

  #close(level: Level): void {
    this.#levels.pop();
    this.#open.delete(level.container);
    this.text += level.names === undefined ? "]" : "}";
  }

  /** Writes a scalar, or opens a container; `name` is what `toJSON` is told. */
  #value(value: unknown, name: string | number): void {
    if (typeof value === "object" && value !== null) this.#object(value, name);
    else this.#scalar(value);
  }

  #object(value: object, name: string | number): void {
    const ordinary = isOrdinary(value);
    const refusal = ordinary ? undefined : neverJson(value);
    if (refusal !== undefined) return this.#problem("not_json", refusal);
    const toJson = (value as { toJSON?: unknown }).toJSON;
    if (typeof toJson !== "function") return this.#container(value, ordinary);
    const result: unknown = toJson.call(value, String(name));
    if (typeof result === "object" && result !== null) this.#container(result, isOrdinary(result));
    else this.#scalar(result);
  }

  #scalar(value: unknown): void {
    switch (typeof value) {
      case "string":
        this.text += this.#quoted(value);
        return;
      case "boolean":
      case "object": // null
        this.text += String(value);
        return;
      case "number":
        if (!Number.isFinite(value)) {
          this.#problem("not_json", "NaN and Infinity would be sent as null; send null or a string");
        } else if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
          this.#problem(
            "unsafe_integer",
            "an integer beyond 2^53-1 may have lost digits already; send it as a string, or the event as JSON text",
          );
        } else {
          this.text += String(value);
        }
        return;
      case "bigint":
        return this.#problem("not_json", "a BigInt has no form in JSON; send it as a string, or the event as JSON text");
      case "undefined":
        return this.#problem("not_json", "undefined would be left out or sent as null; leave it out or send null");
      case "function":
      case "symbol":
        return this.#problem("not_json", `a ${typeof value} would be left out; leave it out or send what it stands for`);
    }
  }

  #container(value: object, ordinary: boolean): void {
    if (!ordinary) return this.#problem("not_json", instanceMessage(value));
    const container = value as Container;
    if (this.#open.has(container)) return this.#problem("not_json", "a cycle: this is inside itself; send its id instead");
    const names = Object.keys(value);
    const isArray = Array.isArray(value);
    const size = isArray ? value.length : names.length;
    // A hole of an array is met as undefined when it is its turn.
    if (names.length > size || hasSymbol(value)) {
      return this.#problem("not_json", "what is named by a symbol, or by a name in an array, would be left out; remove it");
    }
    this.#open.add(container);
    this.#levels.push({ container, names: isArray ? undefined : names, size, next: 0 });
    this.text += isArray ? "[" : "{";
  }

  /** A string's text. Of one that is too long anyway no more than shows it: quoted, it may be longer than strings can be. */
  #quoted(text: string): string {
    if (text.length > MORE_THAN_ENOUGH) return JSON.stringify(text.slice(0, MORE_THAN_ENOUGH));
    if (!ESCAPED.test(text)) return `"${text}"`;
    if (LONE_SURROGATE.test(text)) {
      this.#problem("invalid_json", "half of a surrogate pair, which UTF-8 cannot carry; remove it or complete the character");
    }
    return JSON.stringify(text);
  }

  #problem(code: Code, message: string): void {
    this.problems.push({ code, path: this.#pointer(), message });
  }

  /** Where the writer is, cut to the longest whole ancestor that fits. */
  #pointer(): string {
    let pointer = "";
    let room = MAX_POINTER_BYTES;
    for (const { names, next } of this.#levels) {
      const name = names === undefined ? String(next - 1) : (names[next - 1] ?? "");
      const segment = "/" + name.replaceAll("~", "~0").replaceAll("/", "~1");
      room -= byteLength(segment);
      if (room < 0) break;
      pointer += segment;
    }
    return pointer;
  }
}

/** Why an instance is refused whatever its `toJSON` says. */
function neverJson(value: object): string | undefined {
  const kind = kindOf(value);
  if (kind === "Date" && Number.isNaN(Number(value))) return "an invalid Date would be sent as null; send a valid one or null";
  if (kind === "ArrayBuffer" || ArrayBuffer.isView(value)) {
    return "binary data would be sent as an object of numbers; send it as base64 text";
  }
  return undefined;
}

function instanceMessage(value: object): string {
  switch (kindOf(value)) {
    case "Map":
      return "a Map would be sent as {}; send Object.fromEntries(map) or an array";
    case "Set":
      return "a Set would be sent as {}; send [...set]";
    case "Promise":
      return "a Promise would be sent as {}; await it first";
    default:
      return "an instance of a class would lose what is not an own property; send a plain object or give it toJSON()";
  }
}

/** The kind of a built-in object, of whatever realm (`instanceof` knows this one's alone). */
function kindOf(value: object): string {
  return Object.prototype.toString.call(value).slice("[object ".length, -1);
}

/** Whether a symbol names something that is not hidden; what is hidden is so on purpose, and is not expected to be sent. */
function hasSymbol(value: object): boolean {
  return Object.getOwnPropertySymbols(value).some((symbol) => Object.prototype.propertyIsEnumerable.call(value, symbol));
}

/** Whether it is an array, an object literal of whatever realm, or an object without a prototype. */
export function isOrdinary(value: object): boolean {
  if (Array.isArray(value)) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === null || prototype === Object.prototype) return true;
  return Object.getPrototypeOf(prototype) === null && "isPrototypeOf" in (prototype as object);
}
