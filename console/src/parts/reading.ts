/** The answer to a question, read page by page. Only what is near the screen stays in memory, however long the answer is. */

import { PAGE, events, type Occurrence } from "../api/record.ts";
import type { Question } from "../api/request.ts";

/** The first page is short, so that it is there soon. */
const FIRST = 200;
/** The first pages stay: charts show them, and other conditions are applied to them without asking again. */
const HEAD = 11;
/** Pages that stay before and after those on the screen. */
const BESIDE = 2;
/** Pages that are read in any case, for the charts. */
const CHARTED = 2;
/** How many rows before the end the next page is asked for. */
const AHEAD = 60;

/** Which occurrences are rows. */
export type Keeps = ((record: Occurrence) => boolean) | undefined;

interface Page {
  /** What asks for it; the first page needs nothing. */
  readonly cursor: string | undefined;
  /** How many occurrences it has. */
  readonly read: number;
  /** All of them, of the first pages. */
  readonly records: readonly Occurrence[] | undefined;
  /** Those that are rows; `undefined` once they were let go. */
  rows: readonly Occurrence[] | undefined;
  /** The number of its first row, and how many it has. */
  start: number;
  count: number;
}

/** An answer, as far as it was read at one moment. */
export interface Read {
  /** The first occurrences, whether they are rows or not. */
  readonly head: readonly Occurrence[];
  /** Whether `head` is the whole answer. */
  readonly isShort: boolean;
  /** How many rows there are so far. */
  readonly count: number;
  /** How many occurrences were read. */
  readonly read: number;
  readonly complete: boolean;
  readonly settledUntil: string | undefined;
  readonly error: unknown;
  readonly busy: boolean;
  /** What stands in a row; `undefined` while its page is read again. */
  readonly row: (index: number) => Occurrence | undefined;
  /** Tells which rows are on the screen: theirs are the pages that are read, and others are let go. */
  readonly see: (first: number, last: number) => void;
  /** Goes on after a failure. */
  readonly retry: () => void;
}

/** Reads an answer. */
export class Reading {
  readonly #question: Question;
  readonly #changed: () => void;
  #keeps: Keeps;
  #pages: Page[] = [];
  /** The cursor of the page that was not read yet; null behind the last one. */
  #next: string | undefined | null;
  #seen: readonly [number, number] = [0, 0];
  #abort: AbortController | undefined;
  #head: readonly Occurrence[] = [];
  #settledUntil: string | undefined;
  #error: unknown;
  #busy = false;

  constructor(question: Question, changed: () => void) {
    this.#question = question;
    this.#changed = changed;
  }

  /** What there is now. */
  look(): Read {
    const complete = this.#next === null;
    return {
      head: this.#head,
      isShort: complete && this.#pages.length <= HEAD,
      count: this.#rows,
      read: this.#pages.reduce((sum, { read }) => sum + read, 0),
      complete,
      settledUntil: this.#settledUntil,
      error: this.#error,
      busy: this.#busy,
      row: (index) => {
        const page = this.#pages[this.#at(index)];
        return page?.rows?.[index - page.start];
      },
      see: (first, last) => {
        this.#seen = [first, last];
        void this.#go();
      },
      retry: () => {
        this.#error = undefined;
        void this.#go();
      },
    };
  }

  start(): void {
    this.#abort = new AbortController();
    void this.#go();
  }

  stop(): void {
    this.#abort?.abort();
    this.#abort = undefined;
    this.#busy = false;
  }

  /** Applies other conditions to the first pages. What follows is read again when it is scrolled to. */
  narrow(keeps: Keeps): void {
    if (keeps === this.#keeps) return;
    this.stop();
    this.#keeps = keeps;
    const beyond = this.#pages[HEAD];
    if (beyond !== undefined) {
      this.#next = beyond.cursor;
      this.#pages.length = HEAD;
    }
    for (const page of this.#pages) page.rows = this.#rowsOf(page.records ?? []);
    this.#count();
  }

  get #rows(): number {
    const last = this.#pages.at(-1);
    return last === undefined ? 0 : last.start + last.count;
  }

  #rowsOf(records: readonly Occurrence[]): readonly Occurrence[] {
    return this.#keeps === undefined ? records : records.filter(this.#keeps);
  }

  /** The page that has a row; the last one for rows that are not there yet. */
  #at(row: number): number {
    const behind = this.#pages.findIndex(({ start, count }) => row < start + count);
    return behind < 0 ? this.#pages.length - 1 : behind;
  }

  #count(): void {
    let start = 0;
    for (const page of this.#pages) {
      if (page.rows !== undefined) page.count = page.rows.length;
      page.start = start;
      start += page.count;
    }
  }

  /** Which page to read: one that is seen again, or the next one; -1 for none. */
  #wanted(): number {
    const [first, last] = this.#seen;
    const again = this.#pages.findIndex(({ rows, start, count }) => rows === undefined && start < last && start + count > first && count > 0);
    if (again >= 0) return again;
    return this.#next !== null && (this.#pages.length < CHARTED || last + AHEAD >= this.#rows) ? this.#pages.length : -1;
  }

  async #go(): Promise<void> {
    const abort = this.#abort;
    if (abort === undefined || this.#busy || this.#error !== undefined) return;
    for (let index = this.#wanted(); index >= 0; index = this.#wanted()) {
      this.#busy = true;
      this.#changed();
      try {
        await this.#ask(index, abort.signal);
      } catch (error) {
        if (!abort.signal.aborted) this.#error = error;
      }
      if (abort.signal.aborted) return;
      this.#busy = false;
      this.#changed();
      if (this.#error !== undefined) return;
    }
  }

  async #ask(index: number, signal: AbortSignal): Promise<void> {
    const cursor = index < this.#pages.length ? this.#pages[index]?.cursor : (this.#next ?? undefined);
    const page = await events({ ...this.#question, limit: cursor === undefined ? FIRST : PAGE, cursor }, signal);
    if (signal.aborted) return;
    // A page that ends elsewhere than before has got new events: what followed it is read again, so that none is passed over.
    const expected = index + 1 < this.#pages.length ? this.#pages[index + 1]?.cursor : this.#next;
    if (index < this.#pages.length && expected !== page.next_cursor) this.#pages.length = index + 1;
    if (index + 1 >= this.#pages.length) this.#next = page.next_cursor;
    const records = index < HEAD ? page.events : undefined;
    this.#pages[index] = { cursor, read: page.events.length, records, rows: this.#rowsOf(page.events), start: 0, count: 0 };
    this.#settledUntil = page.settled_until ?? this.#settledUntil;
    if (index < HEAD) this.#head = this.#pages.slice(0, HEAD).flatMap(({ records }) => records ?? []);
    this.#count();
    const [from, to] = this.#seen.map((row) => this.#at(row)) as [number, number];
    for (const [at, page] of this.#pages.entries()) {
      if (at >= HEAD && (at < from - BESIDE || at > to + BESIDE)) page.rows = undefined;
    }
  }
}
