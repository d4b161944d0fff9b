/**
 * Which process has a queue's file. The file system has no locks that Node.js can ask for, so a process announces itself,
 * with a file beside the queue's, and then looks for others. If there are none, it has the file, and says so in its announcement.
 *
 * An announcement's name is never used twice. So what a dead process left can be removed by anyone at any time, and nobody
 * removes what a living one has. Of two processes that announce themselves at once, the later one sees the earlier one's
 * file: they never both go on. If both see each other, both step back and come again after a while.
 */

import { randomUUID } from "node:crypto";
import { readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/** How often a process comes again that met others who had not got the file either. */
const TRIES = 100;
/** The longest pause between. */
const PAUSE_MS = 50;

export interface Lock {
  release(): Promise<void>;
}

/** The paths that this thread has open, in whatever copy of this module: CommonJS and ES modules are two. */
const OPEN = Symbol.for("pik-client/queue open files");

function openHere(): Set<string> {
  return ((globalThis as { [OPEN]?: Set<string> })[OPEN] ??= new Set());
}

/** Has the queue's file to itself, or throws and says who has it. */
export async function lockOf(path: string): Promise<Lock> {
  if (openHere().has(path)) throw new Error(`${path} is open already, in this process; use one queue for each file`);
  openHere().add(path);
  try {
    for (let tries = 1; ; tries++) {
      const own = `${path}.lock-${process.pid}-${randomUUID()}`;
      await writeFile(own, "", { flag: "wx" });
      const other = await otherThan(own, path);
      if (other === undefined) {
        // On a full disk nobody has it.
        await writeFile(own, HELD).catch(async (error: unknown) => {
          await rm(own, { force: true });
          throw error;
        });
        return { release: async () => void (await rm(own, { force: true }), openHere().delete(path)) };
      }
      await rm(own, { force: true });
      if (other.holds || tries === TRIES) {
        const where = other.pid === process.pid ? "another thread of this process" : `process ${other.pid}`;
        throw new Error(`${path} is open in ${where}; give each one a file of its own, or end it`);
      }
      await new Promise((done) => setTimeout(done, Math.random() * PAUSE_MS));
    }
  } catch (error) {
    openHere().delete(path);
    throw error;
  }
}

/** What stands in the announcement of a process that has the file. */
const HELD = "held";

/** Another process that is alive and has announced itself, one that has the file before others. */
async function otherThan(own: string, path: string): Promise<{ pid: number; holds: boolean } | undefined> {
  const prefix = `${basename(path)}.lock-`;
  let met: { pid: number; holds: boolean } | undefined;
  for (const name of await readdir(dirname(path))) {
    const file = join(dirname(path), name);
    const [, digits] = name.startsWith(prefix) ? (/^(\d+)-[0-9a-f-]{36}$/.exec(name.slice(prefix.length)) ?? []) : [];
    if (digits === undefined || file === own) continue;
    const pid = Number(digits);
    if (pid === process.pid ? await isOfThisProcess(file) : isAlive(pid)) {
      const holds = (await readFile(file, "utf8").catch(() => "")) === HELD;
      if (met === undefined || holds) met = { pid, holds };
    } else {
      await rm(file, { force: true });
    }
  }
  return met;
}

/** Whether a file with our own number is another thread's, and not of an earlier process: a container's first one has 1 each time. */
async function isOfThisProcess(file: string): Promise<boolean> {
  const made = await stat(file).catch(() => undefined);
  return made !== undefined && made.mtimeMs >= Date.now() - process.uptime() * 1000;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // There is one, and it belongs to another user.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
