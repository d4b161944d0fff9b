/**
 * An object as JSON text, and a problem for whatever `JSON.stringify` would silently change or leave out.
 *
 * Where there is no problem the text is `JSON.stringify`'s own. It is written here, and not by a check followed by
 * `JSON.stringify`, so that a getter or a `toJSON` is asked once: what was checked is what is written. Nothing recurses,
 * and a text that no host would take is given up half-way, so depth, cycles and shared parts cost little.
 *
 * It is written as UTF-8 at once: most of an event is short ASCII, which is copied faster than strings are joined.
 */

import { EventRejected, type Code, type Problem } from "./problem.js";
import { byteLength, encoded } from "./utf8.js";

/** Over every limit on a body, so the core need not see more to refuse it. A text has at least as many bytes as characters. */
export const MORE_THAN_ENOUGH = 2 ** 21;

/** As many as the core lists. */
const MAX_PROBLEMS = 100;

/** As long as the core's pointers. */
const MAX_POINTER_BYTES = 1024;

/** Strings up to here are copied character by character. */
const SHORT = 256;

/** Cycles among the outer levels are found by looking through these. */
const OUTER_LEVELS = 32;

const LONE_SURROGATE = /\p{Surrogate}/u;

/** The UTF-8 text of `value`; throws {@link EventRejected} where it holds something that JSON has no form for. */
export function jsonBytes(value: unknown): Uint8Array {
  const writer = new Writer();
  writer.write(value);
  if (writer.problems.length > 0) throw new EventRejected(writer.problems);
  return writer.bytes();
}

/** Names as they are written, with quotes and colon: events of one program have the same ones. */
const names = new Map<string, Uint8Array>();
const MAX_NAMES = 1000;

/** Room for events of usual size, taken by the writer at work and given back. */
let room: Uint8Array | undefined;
const ROOM = 16_384;
const MOST_ROOM = 1_048_576;

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
  readonly problems: Problem[] = [];
  #room: Uint8Array;
  #length = 0;
  readonly #levels: Level[] = [];
  /** The containers of the inner levels. */
  #inner: Set<Container> | undefined;

  constructor() {
    // A getter may ask for an id while this one is at work.
    this.#room = room ?? new Uint8Array(ROOM);
    room = undefined;
  }

  write(root: unknown): void {
    this.#value(root, "");
    for (let level = this.#innermost(); level !== undefined; level = this.#innermost()) {
      if (this.#isOver()) return;
      this.#members(level);
    }
  }

  /** What was written; the writer is at its end. */
  bytes(): Uint8Array {
    const bytes = this.#room.slice(0, this.#length);
    if (this.#room.length <= MOST_ROOM) room = this.#room;
    return bytes;
  }

  #isOver(): boolean {
    return this.#length > MORE_THAN_ENOUGH || this.problems.length >= MAX_PROBLEMS;
  }

  #innermost(): Level | undefined {
    return this.#levels[this.#levels.length - 1];
  }

  /** Writes the members of a level up to the next container, or to its end. */
  #members(level: Level): void {
    const { container, names, size } = level;
    while (level.next < size) {
      const index = level.next++;
      if (index > 0) this.#byte(0x2c); // ,
      let name: string | number = index;
      if (names !== undefined) {
        name = names[index] as string;
        this.#name(name);
      }
      const value = container[name];
      if (typeof value === "string") this.#string(value);
      else if (this.#value(value, name)) return;
      if (this.#isOver()) return;
    }
    this.#levels.pop();
    this.#inner?.delete(container);
    this.#byte(names === undefined ? 0x5d : 0x7d); // ] or }
  }

  /** Writes a scalar, or opens a container and returns true; `name` is what `toJSON` is told. */
  #value(value: unknown, name: string | number): boolean {
    if (typeof value === "object" && value !== null) return this.#object(value, name);
    this.#scalar(value);
    return false;
  }

  #object(value: object, name: string | number): boolean {
    const ordinary = isOrdinary(value);
    const refusal = ordinary ? undefined : neverJson(value);
    if (refusal !== undefined) return this.#problem("not_json", refusal);
    const toJson = (value as { toJSON?: unknown }).toJSON;
    if (typeof toJson !== "function") return this.#container(value, ordinary);
    const result: unknown = toJson.call(value, String(name));
    if (typeof result === "object" && result !== null) return this.#container(result, isOrdinary(result));
    this.#scalar(result);
    return false;
  }

  #scalar(value: unknown): void {
    switch (typeof value) {
      case "string":
        this.#string(value);
        return;
      case "boolean":
      case "object": // null
        this.#ascii(String(value));
        return;
      case "number":
        if (Number.isSafeInteger(value)) {
          this.#ascii(String(value));
        } else if (!Number.isFinite(value)) {
          this.#problem("not_json", "NaN and Infinity would be sent as null; send null or a string");
        } else if (Number.isInteger(value)) {
          this.#problem(
            "unsafe_integer",
            "an integer beyond 2^53-1 may have lost digits already; send it as a string, or the event as JSON text",
          );
        } else {
          this.#ascii(String(value));
        }
        return;
      case "bigint":
        this.#problem("not_json", "a BigInt has no form in JSON; send it as a string, or the event as JSON text");
        return;
      case "undefined":
        this.#problem("not_json", "undefined would be left out or sent as null; leave it out or send null");
        return;
      case "function":
      case "symbol":
        this.#problem("not_json", `a ${typeof value} would be left out; leave it out or send what it stands for`);
        return;
    }
  }

  #container(value: object, ordinary: boolean): boolean {
    if (!ordinary) return this.#problem("not_json", instanceMessage(value));
    const container = value as Container;
    if (this.#isOpen(container)) return this.#problem("not_json", "a cycle: this is inside itself; send its id instead");
    const names = Object.keys(value);
    const isArray = Array.isArray(value);
    const size = isArray ? value.length : names.length;
    // A hole of an array is met as undefined when it is its turn.
    if (names.length > size || hasSymbol(value)) {
      return this.#problem("not_json", "what is named by a symbol, or by a name in an array, would be left out; remove it");
    }
    if (this.#levels.length >= OUTER_LEVELS) (this.#inner ??= new Set()).add(container);
    this.#levels.push({ container, names: isArray ? undefined : names, size, next: 0 });
    this.#byte(isArray ? 0x5b : 0x7b); // [ or {
    return true;
  }

  #isOpen(container: Container): boolean {
    for (let at = Math.min(this.#levels.length, OUTER_LEVELS) - 1; at >= 0; at--) {
      if (this.#levels[at]?.container === container) return true;
    }
    return this.#inner?.has(container) ?? false;
  }

  #byte(byte: number): void {
    this.#reserve(1);
    this.#room[this.#length++] = byte;
  }

  #name(name: string): void {
    let written = names.get(name);
    if (written === undefined) {
      const start = this.#length;
      this.#string(name);
      this.#byte(0x3a); // :
      if (name.length > SHORT || LONE_SURROGATE.test(name)) return;
      if (names.size >= MAX_NAMES) names.clear();
      written = this.#room.slice(start, this.#length);
      names.set(name, written);
      return;
    }
    const { length } = written;
    this.#reserve(length);
    const room = this.#room;
    const start = this.#length;
    for (let at = 0; at < length; at++) room[start + at] = written[at] as number;
    this.#length = start + length;
  }

  /** A short text of ASCII characters that stand for themselves. */
  #ascii(text: string): void {
    this.#reserve(text.length);
    const room = this.#room;
    const start = this.#length;
    for (let at = 0; at < text.length; at++) room[start + at] = text.charCodeAt(at);
    this.#length = start + text.length;
  }

  #string(text: string): void {
    const { length } = text;
    if (length > SHORT) return this.#quoted(text);
    this.#reserve(length + 2);
    const room = this.#room;
    let end = this.#length;
    room[end++] = 0x22;
    for (let at = 0; at < length; at++) {
      const character = text.charCodeAt(at);
      // What does not stand for itself, or is more than one byte.
      if (character < 0x20 || character > 0x7e || character === 0x22 || character === 0x5c) return this.#quoted(text);
      room[end++] = character;
    }
    room[end++] = 0x22;
    this.#length = end;
  }

  /** Any string. Of one that is too long anyway no more than shows it: quoted, it may be longer than strings can be. */
  #quoted(text: string): void {
    const enough = text.length > MORE_THAN_ENOUGH ? text.slice(0, MORE_THAN_ENOUGH) : text;
    if (enough === text && LONE_SURROGATE.test(text)) {
      this.#problem("invalid_json", "half of a surrogate pair, which UTF-8 cannot carry; remove it or complete the character");
    }
    const bytes = encoded(JSON.stringify(enough));
    this.#reserve(bytes.length);
    this.#room.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** Makes room for so many bytes more. */
  #reserve(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#room.length) return;
    const larger = new Uint8Array(Math.max(needed, 2 * this.#room.length));
    larger.set(this.#room.subarray(0, this.#length));
    this.#room = larger;
  }

  /** Nothing is opened. */
  #problem(code: Code, message: string): false {
    this.problems.push({ code, path: this.#pointer(), message });
    return false;
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
  const symbols = Object.getOwnPropertySymbols(value);
  return symbols.length > 0 && symbols.some((symbol) => Object.prototype.propertyIsEnumerable.call(value, symbol));
}

/** Whether it is an array, an object literal of whatever realm, or an object without a prototype. */
export function isOrdinary(value: object): boolean {
  if (Array.isArray(value)) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === null || prototype === Object.prototype) return true;
  return Object.getPrototypeOf(prototype) === null && "isPrototypeOf" in (prototype as object);
}
