/**
 * A shelf in a file, for one process at a time.
 *
 * The file is a journal: a line `+PLACE TEXT` for each event that came, with its text as a JSON string, and `-PLACE` for
 * each that went. What waits is in memory too. The journal is written anew when most of it is gone.
 */

import { open, readFile, rename, type FileHandle } from "node:fs/promises";
import { dirname, resolve } from "node:path";

import { lockOf, type Lock } from "./lock.js";
import { fits, type Bounds, type Load, type Shelf, type Waiting } from "./shelf.js";

/** A journal with less that is gone is not written anew. */
const WORTH_IT = 1_000_000;

/** Opens the file, and makes it when there is none. */
export async function openFile(name: string): Promise<Shelf> {
  const path = resolve(name);
  const lock = await lockOf(path);
  try {
    const { texts, next, length } = await read(path);
    const journal = await open(path, "a");
    // A line that a kill cut short was never answered for.
    await journal.truncate(length);
    await journal.datasync();
    await syncFolder(path);
    return new FileShelf(path, journal, lock, texts, next, length);
  } catch (error) {
    await lock.release();
    throw error;
  }
}

class FileShelf implements Shelf {
  readonly #path: string;
  #journal: FileHandle;
  readonly #lock: Lock;
  readonly #texts: Map<number, string>;
  #next: number;
  #written: number;
  #characters = 0;
  /** Lines that wait to be written, and those who wait for them. */
  #lines: { readonly line: string; readonly done: () => void; readonly failed: (error: unknown) => void }[] = [];
  #writing: Promise<void> | undefined;

  constructor(path: string, journal: FileHandle, lock: Lock, texts: Map<number, string>, next: number, written: number) {
    this.#path = path;
    this.#journal = journal;
    this.#lock = lock;
    this.#texts = texts;
    this.#next = next;
    this.#written = written;
    for (const text of texts.values()) this.#characters += text.length;
  }

  async put(text: string, bounds: Bounds): Promise<boolean> {
    if (!fits(text, this.#load(), bounds)) return false;
    const place = this.#next++;
    this.#texts.set(place, text);
    this.#characters += text.length;
    try {
      await this.#write(`+${place} ${JSON.stringify(text)}\n`);
    } catch (error) {
      this.#forget(place);
      throw error;
    }
    return true;
  }

  async behind(place: number, count: number): Promise<Waiting[]> {
    const found: Waiting[] = [];
    for (const [at, text] of this.#texts) {
      if (found.length === count) break;
      if (at > place) found.push({ place: at, text });
    }
    return found;
  }

  async remove(waiting: readonly Waiting[]): Promise<void> {
    const gone = waiting.filter(({ place }) => this.#texts.has(place));
    if (gone.length === 0) return;
    await this.#write(gone.map(({ place }) => `-${place}\n`).join(""));
    for (const { place } of gone) this.#forget(place);
    if (this.#written - this.#characters > WORTH_IT && this.#written > 2 * this.#characters) await this.#rewrite();
  }

  async load(): Promise<Load> {
    return this.#load();
  }

  async alone<T>(work: () => Promise<T>): Promise<T> {
    // The lock is held as long as the file is open.
    return work();
  }

  async close(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
    await this.#journal.close();
    await this.#lock.release();
  }

  /** At once: nothing may come between looking and keeping. */
  #load(): Load {
    return { events: this.#texts.size, characters: this.#characters };
  }

  #forget(place: number): void {
    const text = this.#texts.get(place);
    if (this.#texts.delete(place)) this.#characters -= text?.length ?? 0;
  }

  /** Appends, and returns when it is on the disk. All that waits meanwhile shares the next sync. */
  #write(line: string): Promise<void> {
    return new Promise((done, failed) => {
      this.#lines.push({ line, done, failed });
      this.#writing ??= this.#writeAll();
    });
  }

  async #writeAll(): Promise<void> {
    while (this.#lines.length > 0) {
      const lines = this.#lines;
      this.#lines = [];
      const text = Buffer.from(lines.map(({ line }) => line).join(""));
      try {
        await this.#append(text);
        for (const { done } of lines) done();
      } catch (error) {
        for (const { failed } of lines) failed(error);
      }
    }
    this.#writing = undefined;
  }

  async #append(bytes: Uint8Array): Promise<void> {
    try {
      await this.#journal.appendFile(bytes);
      await this.#journal.datasync();
      this.#written += bytes.length;
    } catch (error) {
      // Half a line, on a full disk say, would spoil the next one.
      await this.#journal.truncate(this.#written);
      throw error;
    }
  }

  /** Writes what waits into a new file, which takes the old one's place at once or not at all. */
  async #rewrite(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
    const rewriting = this.#replace();
    this.#writing = rewriting.then(() => this.#writeAll());
    await rewriting;
  }

  async #replace(): Promise<void> {
    const lines = [...this.#texts].map(([place, text]) => `+${place} ${JSON.stringify(text)}\n`);
    const bytes = Buffer.from(lines.join(""));
    const made = await open(`${this.#path}.new`, "w");
    await made.appendFile(bytes);
    await made.datasync();
    await made.close();
    await rename(`${this.#path}.new`, this.#path);
    await syncFolder(this.#path);
    await this.#journal.close();
    this.#journal = await open(this.#path, "a");
    this.#written = bytes.length;
  }
}

interface Journal {
  readonly texts: Map<number, string>;
  /** The place of the next event. */
  readonly next: number;
  /** How many bytes of the file are whole lines. */
  readonly length: number;
}

async function read(path: string): Promise<Journal> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return Buffer.alloc(0);
    throw error;
  });
  const length = bytes.lastIndexOf(0x0a) + 1;
  const texts = new Map<number, string>();
  let next = 1;
  for (const [index, line] of bytes.subarray(0, length).toString().split("\n").slice(0, -1).entries()) {
    const [, sign, digits, json] = /^([+-])(\d+)(?: (".*"))?$/s.exec(line) ?? [];
    if (digits === undefined || (sign === "+") !== (json !== undefined)) {
      throw new Error(`line ${index + 1} of ${path} is not a queue's; move the file away, or name another`);
    }
    const place = Number(digits);
    if (json === undefined) texts.delete(place);
    else texts.set(place, JSON.parse(json) as string);
    next = Math.max(next, place + 1);
  }
  return { texts, next, length };
}

/** Makes a new name in a folder durable. Windows has no way to do that, and no need. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === "win32") return;
  const folder = await open(dirname(path), "r");
  await folder.sync();
  await folder.close();
}
