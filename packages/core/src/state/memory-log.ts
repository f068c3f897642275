import { secondsBy } from "../options/index.ts";
import { createForgetting, isForgotten, roomBeside } from "./forgetting.ts";
import { readStep } from "./read-step.ts";
import type { LogEntry, RevocationLog } from "./revocation-log.ts";

const PAGE = 1000;

/** A {@link RevocationLog} in memory, for one process. Nobody else writes to it, so that its number tells each head. */
export function memoryLog(clock: () => number): RevocationLog {
  const epoch = crypto.randomUUID();
  const forgetting = createForgetting();
  let forgettingBy = Number.NEGATIVE_INFINITY;
  /** From its first step on, as far as anybody can tell. */
  let born: number | undefined;
  let entries: (LogEntry & { readonly n: number })[] = [];
  const ids = new Set<string>();
  let n = 0;
  let room = roomBeside(0);
  let head = headAt(epoch, 0);

  /** Each step asks for the time, which may be refused. */
  const ageAt = (now: number): number => {
    forgettingBy = forgetting(now);
    born ??= now;
    return Math.max(0, now - born);
  };

  const forget = (): void => {
    for (const entry of entries) if (isForgotten(entry, forgettingBy)) ids.delete(entry.id);
    entries = entries.filter((entry) => !isForgotten(entry, forgettingBy));
    room = roomBeside(entries.length);
  };

  return {
    head: () => {
      ageAt(secondsBy(clock));
      return head;
    },
    append: (...given) => {
      const [entry] = readStep.append(...given);
      ageAt(secondsBy(clock));
      if (ids.has(entry.id)) return;
      if (entries.length >= room) forget();
      n++;
      ids.add(entry.id);
      entries.push({ ...entry, n });
      head = headAt(epoch, n);
    },
    read: (...given) => {
      const [after] = readStep.read(...given);
      const ageSeconds = ageAt(secondsBy(clock));
      const named = Number(after?.slice(epoch.length + 1));
      const at = after !== undefined && named <= n && headAt(epoch, named) === after ? named : undefined;
      let first = entries.length;
      while (first > 0 && (entries[first - 1]?.n ?? 0) > (at ?? 0)) first--;
      const page = entries.slice(first, first + PAGE);
      const complete = first + page.length === entries.length;
      return {
        epoch,
        ageSeconds,
        continues: after === undefined || at !== undefined,
        entries: page.map(({ n: _, ...entry }) => entry),
        head: complete ? head : headAt(epoch, page.at(-1)?.n ?? 0),
        complete,
      };
    },
  };
}

function headAt(epoch: string, n: number): string {
  return `${epoch}:${n}`;
}
