/** Where a queue keeps its events. */

/** An event that waits. */
export interface Waiting {
  /** Its place in the order of arrival. Never used twice. */
  readonly place: number;
  /** Its text, exactly as it is sent. */
  readonly text: string;
}

/** The most that is kept. */
export interface Bounds {
  readonly events: number;
  /** UTF-16 code units of all texts. */
  readonly characters: number;
}

/** How much is kept. */
export type Load = Bounds;

/** A durable list of events. */
export interface Shelf {
  /** Keeps a text as the last, unless that would go over the bounds. It is durable when `true` is returned. */
  put(text: string, bounds: Bounds): Promise<boolean>;
  /** The first `count` events behind a place, in order. */
  behind(place: number, count: number): Promise<Waiting[]>;
  /** Removes events; those that are not there are no error, for another page may have removed them. */
  remove(waiting: readonly Waiting[]): Promise<void>;
  load(): Promise<Load>;
  /** Runs `work` while no other page or process does the same on this shelf, as far as the platform can tell. */
  alone<T>(work: () => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** Whether one more text fits. */
export function fits(text: string, load: Load, bounds: Bounds): boolean {
  return load.events + 1 <= bounds.events && load.characters + text.length <= bounds.characters;
}
