/** A shelf in IndexedDB. All pages and workers of an origin share it. */

import { fits, type Bounds, type Load, type Shelf, type Waiting } from "./shelf.js";

/** The events by their places. */
const EVENTS = "events";
/** One record: how much there is. Counted with each change, in the same transaction. */
const LOAD = "load";
const ONLY = 0;

const NOTHING: Load = { events: 0, characters: 0 };

/** Opens the database, and makes it when there is none. */
export async function openIndexedDb(name: string): Promise<Shelf> {
  const opening = indexedDB.open(name, 1);
  opening.onupgradeneeded = () => {
    opening.result.createObjectStore(EVENTS, { keyPath: "place", autoIncrement: true });
    opening.result.createObjectStore(LOAD);
  };
  const database = await answerOf(opening);
  // A later version of this package, in another page, may want to change the database.
  database.onversionchange = () => database.close();
  return new IndexedDbShelf(name, database);
}

class IndexedDbShelf implements Shelf {
  readonly #name: string;
  readonly #database: IDBDatabase;

  constructor(name: string, database: IDBDatabase) {
    this.#name = name;
    this.#database = database;
  }

  async put(text: string, bounds: Bounds): Promise<boolean> {
    return this.#change(async (events, counts) => {
      const load = await loadOf(counts);
      if (!fits(text, load, bounds)) return false;
      events.add({ text });
      counts.put({ events: load.events + 1, characters: load.characters + text.length }, ONLY);
      return true;
    });
  }

  async behind(place: number, count: number): Promise<Waiting[]> {
    const events = this.#database.transaction(EVENTS).objectStore(EVENTS);
    return answerOf(events.getAll(IDBKeyRange.lowerBound(place, true), count) as IDBRequest<Waiting[]>);
  }

  async remove(waiting: readonly Waiting[]): Promise<void> {
    if (waiting.length === 0) return;
    await this.#change(async (events, counts) => {
      const load = await loadOf(counts);
      const there = await Promise.all(waiting.map(({ place }) => answerOf(events.count(place))));
      const gone = waiting.filter((_, index) => there[index] === 1);
      for (const { place } of gone) events.delete(place);
      const characters = gone.reduce((sum, { text }) => sum + text.length, 0);
      counts.put({ events: load.events - gone.length, characters: load.characters - characters }, ONLY);
    });
  }

  async load(): Promise<Load> {
    return loadOf(this.#database.transaction(LOAD).objectStore(LOAD));
  }

  async alone<T>(work: () => Promise<T>): Promise<T> {
    // Pages without a secure origin have no locks. Two may then send the same event, which is stored once all the same.
    const locks = (globalThis.navigator as Navigator | undefined)?.locks as LockManager | undefined;
    return locks === undefined ? work() : locks.request(`pik-client ${this.#name}`, work);
  }

  async close(): Promise<void> {
    this.#database.close();
  }

  /** Runs one transaction; what it did is durable when this returns. */
  async #change<T>(work: (events: IDBObjectStore, counts: IDBObjectStore) => Promise<T>): Promise<T> {
    const transaction = this.#database.transaction([EVENTS, LOAD], "readwrite", { durability: "strict" });
    const complete = new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error ?? new Error("the transaction was aborted"));
    });
    const [result] = await Promise.all([work(transaction.objectStore(EVENTS), transaction.objectStore(LOAD)), complete]);
    return result;
  }
}

async function loadOf(counts: IDBObjectStore): Promise<Load> {
  return ((await answerOf(counts.get(ONLY))) as Load | undefined) ?? NOTHING;
}

function answerOf<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("IndexedDB failed"));
  });
}
