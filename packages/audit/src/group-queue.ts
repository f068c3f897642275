import type { HopwiseError } from "@hopwise/core";
import { MAX_LINE } from "./line.ts";
import type { Entry } from "./stream-writer.ts";
import { unavailable } from "./unavailable.ts";

/** How much may wait for a slow disk, and how much goes into one write, in characters. */
const MOST_WAITING = 64 * 1024 * 1024;
const MOST_AT_ONCE = 4 * 1024 * 1024;

export interface GroupQueue {
  /** Resolves when the entry's group was appended. Rejects with `audit_unavailable`. */
  add(entry: Entry): Promise<void>;
  /** The same with no entry: whether the log can be written to. */
  probe(): Promise<void>;
  /** Resolves when nothing waits. */
  idle(): Promise<void>;
}

interface Waiting {
  readonly entry: Entry | undefined;
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
      taken += sizeOf(entry);
      return taken > MOST_AT_ONCE;
    });
    const group = end === -1 ? waiting : waiting.slice(0, Math.max(end, 1));
    waiting = end === -1 ? [] : waiting.slice(group.length);
    for (const { entry } of group) size -= sizeOf(entry);
    return group;
  };

  const pump = async (): Promise<void> => {
    await undefined; // what is added in the same breath comes along
    while (waiting.length > 0) {
      const group = takeGroup();
      try {
        await append(group.flatMap(({ entry }) => entry ?? []));
        for (const { resolve } of group) resolve();
      } catch (cause) {
        const fault = unavailable("the audit log could not be written", cause);
        for (const { reject } of group) reject(fault);
      }
    }
    pumping = undefined;
  };

  const put = (entry: Entry | undefined): Promise<void> =>
    new Promise((resolve, reject) => {
      size += sizeOf(entry);
      waiting.push({ entry, resolve, reject });
      pumping ??= pump();
    });

  return {
    probe: () => put(undefined),
    add: async (entry) => {
      if (entry.json.length > MAX_LINE / 4) throw unavailable("an audit record is too large"); // UTF-8, escapes
      if (size + entry.json.length > MOST_WAITING) throw unavailable("too much waits for the audit log's disk");
      await put(entry);
    },
    idle: async () => {
      while (pumping !== undefined) await pumping;
    },
  };
}

function sizeOf(entry: Entry | undefined): number {
  return entry?.json.length ?? 0;
}
