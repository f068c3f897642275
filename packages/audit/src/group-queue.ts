import { HopwiseError } from "@hopwise/core";
import { MAX_LINE } from "./line.ts";
import type { Entry } from "./stream-writer.ts";

/** How much may wait for a slow disk, and how much goes into one write, in characters. */
const MOST_WAITING = 64 * 1024 * 1024;
const MOST_AT_ONCE = 4 * 1024 * 1024;

export interface GroupQueue {
  /** Resolves when the entry's group was appended. Rejects with `audit_unavailable`. */
  add(entry: Entry): Promise<void>;
  /** Resolves when nothing waits. */
  idle(): Promise<void>;
}

interface Waiting {
  readonly entry: Entry;
  readonly resolve: () => void;
  readonly reject: (fault: HopwiseError) => void;
}

/** Entries that arrive while a group is written form the next group: many callers share one write and one sync. */
export function createGroupQueue(append: (entries: readonly Entry[]) => Promise<void>): GroupQueue {
  let waiting: Waiting[] = [];
  let size = 0;
  let pumping: Promise<void> | undefined;

  const takeGroup = (): Waiting[] => {
    let taken = 0;
    const end = waiting.findIndex(({ entry }) => {
      taken += entry.json.length;
      return taken > MOST_AT_ONCE;
    });
    const group = end === -1 ? waiting : waiting.slice(0, Math.max(end, 1));
    waiting = end === -1 ? [] : waiting.slice(group.length);
    for (const { entry } of group) size -= entry.json.length;
    return group;
  };

  const pump = async (): Promise<void> => {
    await undefined; // what is added in the same breath comes along
    while (waiting.length > 0) {
      const group = takeGroup();
      try {
        await append(group.map(({ entry }) => entry));
        for (const { resolve } of group) resolve();
      } catch (cause) {
        const fault = unavailable("the audit log could not be written", cause);
        for (const { reject } of group) reject(fault);
      }
    }
    pumping = undefined;
  };

  return {
    add: (entry) =>
      new Promise((resolve, reject) => {
        if (entry.json.length > MAX_LINE / 4) return reject(unavailable("an audit record is too large")); // UTF-8, escapes
        if (size + entry.json.length > MOST_WAITING)
          return reject(unavailable("too much waits for the audit log's disk"));
        size += entry.json.length;
        waiting.push({ entry, resolve, reject });
        pumping ??= pump();
      }),
    idle: async () => {
      while (pumping !== undefined) await pumping;
    },
  };
}

export function unavailable(message: string, cause?: unknown): HopwiseError {
  return new HopwiseError("audit_unavailable", message, { cause });
}
