import { isListOf } from "../lib/index.ts";
import { isObject } from "../options/index.ts";
import { answerOfStore, gaveNonsense, readNothing } from "./answer-of-store.ts";
import type { LogPage, RevocationLog } from "./revocation-log.ts";

/** How long a store may take for one step that no authorizer's deadline ends, in milliseconds, as when an operator revokes. */
export const ANSWER_MS = 5000;

/**
 * A driver's log that answers by its type, and in time. A driver may lose an answer: whoever revokes would wait for ever, and
 * so would all callers who share a step. A log that gives nothing for its head would stand where an empty copy does, and
 * nothing would be revoked. What answers at once does so still.
 */
export function behavedLog(log: RevocationLog): RevocationLog {
  return {
    head: () => answerOfStore(ANSWER_MS, STORE, () => log.head(), readHead),
    read: (after) => answerOfStore(ANSWER_MS, STORE, () => log.read(after), readPage),
    append: (entry) => answerOfStore(ANSWER_MS, STORE, () => log.append(entry), readNothing),
  };
}

const STORE = "revocations";

function readHead(head: unknown): string {
  return typeof head === "string" ? head : gaveNonsense(STORE, "no text for the head of its log");
}

function readPage(page: unknown): LogPage {
  const { epoch, ageSeconds, continues, entries, head, complete } = { ...(page as LogPage) };
  const areTexts = typeof epoch === "string" && typeof head === "string";
  const areFlags = typeof continues === "boolean" && typeof complete === "boolean";
  const areEntries = isListOf(entries, isObject);
  const isPage = areTexts && areFlags && areEntries && ageSeconds >= 0;
  return isPage ? { epoch, ageSeconds, continues, entries, head, complete } : gaveNonsense(STORE, "no page of its log");
}
