import { HopwiseError } from "../errors.ts";
import { isThenable } from "../lib/index.ts";
import { answerOf, isObject } from "../options/index.ts";
import type { LogPage, RevocationLog } from "./revocation-log.ts";

type Awaitable<T> = T | Promise<T>;

/** How long a store may take for one step that no authorizer's deadline ends, in milliseconds, as when an operator revokes. */
export const ANSWER_MS = 5000;

/**
 * A driver's log that answers by its type, and in time. A driver may lose an answer: whoever revokes would wait for ever, and
 * so would all callers who share a step. A log that gives nothing for its head would stand where an empty copy does, and
 * nothing would be revoked. What answers at once does so still.
 */
export function behavedLog(log: RevocationLog): RevocationLog {
  return {
    head: () => asked(() => log.head(), readHead),
    read: (after) => asked(() => log.read(after), readPage),
    append: (entry) =>
      asked(
        () => log.append(entry),
        () => {},
      ),
  };
}

function asked<T>(ask: () => unknown, read: (answer: unknown) => T): Awaitable<T> {
  let answer: unknown;
  try {
    answer = ask();
    if (!isThenable(answer)) return read(answer);
  } catch (cause) {
    answer = Promise.reject(cause);
  }
  return answerOf(ANSWER_MS, "state_unavailable", "the store of revocations", async () => read(await answer));
}

function readHead(head: unknown): string {
  return typeof head === "string" ? head : nonsense("no text for the head of its log");
}

function readPage(page: unknown): LogPage {
  const { epoch, ageSeconds, continues, entries, head, complete } = { ...(page as LogPage) };
  const areTexts = typeof epoch === "string" && typeof head === "string";
  const areFlags = typeof continues === "boolean" && typeof complete === "boolean";
  const areEntries = Array.isArray(entries) && (entries as readonly unknown[]).every(isObject);
  const isPage = areTexts && areFlags && areEntries && ageSeconds >= 0;
  return isPage ? { epoch, ageSeconds, continues, entries, head, complete } : nonsense("no page of its log");
}

function nonsense(what: string): never {
  throw new HopwiseError("state_unavailable", `the store of revocations gave ${what}`);
}
