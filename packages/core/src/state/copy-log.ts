import { HopwiseError } from "../errors.ts";
import { type Awaitable, andThen, isThenable } from "../lib/index.ts";
import { secondsBy } from "../options/index.ts";
import { entryText, type RevocationEntry, readEntry } from "./revocation-entry.ts";
import { createIndex, type RevocationIndex } from "./revocation-index.ts";
import type { LogEntry, LogPage, RevocationLog } from "./revocation-log.ts";

/** A copy of a log, as far as it was read. */
export interface LogCopy {
  readonly index: RevocationIndex;
  /** Where it stands; undefined before it was read. */
  readonly head: string | undefined;
  /**
   * Reads what it lacks, and gives the log back what that lost. Callers at once share one reading, which began after they
   * came: one that was under way before may have been answered before what they know of was written.
   */
  catchUp(): Awaitable<void>;
}

/**
 * Copies a log. One that does not go on where the copy stands is read from its beginning; what it lost meanwhile is in force
 * all the same, and is appended to it again.
 *
 * @param read told of each page that made the copy whole
 */
export function copyLog(
  log: Pick<RevocationLog, "read" | "append">,
  clock: () => number,
  read: (page: LogPage) => void,
): LogCopy {
  let index = createIndex(clock);
  let head: string | undefined;
  /** How often reading began. */
  let begun = 0;
  /** What is under way, and by which beginning. */
  let catching: { readonly began: number; readonly end: Promise<void> } | undefined;

  const readOn = (after: string | undefined, into: RevocationIndex): Awaitable<void> =>
    andThen(log.read(after), (page) => {
      checkGoesOn(page, after);
      const target = page.continues ? into : createIndex(clock);
      for (const entry of page.entries) target.add(readEntry(entry));
      return page.complete ? adopt(page, target) : readOn(page.head, target);
    });

  const adopt = (page: LogPage, whole: RevocationIndex): Awaitable<void> => {
    const lost = whole === index ? [] : index.all(secondsBy(clock)).filter(({ id }) => !whole.has(id));
    for (const entry of lost) whole.add(entry);
    index = whole;
    read(page);
    // Not before: where the log takes them only in part, it is compared with what it lost once more.
    return andThen(giveBack(log, lost), () => {
      head = page.head;
    });
  };

  const begin = (): Awaitable<void> => {
    const began = ++begun;
    const caught = readOn(head, index);
    if (!isThenable(caught)) return caught;
    const end = caught.finally(() => {
      catching = undefined;
    });
    catching = { began, end };
    return end;
  };

  const catchUp = (after: number): Awaitable<void> => {
    if (catching === undefined) return begin();
    return catching.began > after ? catching.end : catching.end.then(() => catchUp(after));
  };

  return {
    get index() {
      return index;
    },
    get head() {
      return head;
    },
    catchUp: () => catchUp(begun),
  };
}

/** It would be asked for ever, and where it answers at once nothing else would ever run. @throws {HopwiseError} `state_unavailable` */
function checkGoesOn({ complete, entries, head }: LogPage, after: string | undefined): void {
  if (complete || (entries.length > 0 && head !== after)) return;
  throw new HopwiseError("state_unavailable", "the log of revocations says that there is more, and does not go on");
}

/** A loop where the log answers at once, as a feed does, which is not written: there may be a hundred thousand. */
function giveBack(log: Pick<RevocationLog, "append">, lost: readonly RevocationEntry[], from = 0): Awaitable<void> {
  for (let i = from; i < lost.length; i++) {
    const appended = log.append(keptOf(lost[i] as RevocationEntry));
    if (isThenable(appended)) return appended.then(() => giveBack(log, lost, i + 1));
  }
  return undefined;
}

/** An entry as a store keeps it. */
export function keptOf(entry: RevocationEntry): LogEntry {
  const { id, untilSeconds } = entry;
  return { id, text: entryText(entry), ...(untilSeconds !== undefined && { untilSeconds }) };
}
