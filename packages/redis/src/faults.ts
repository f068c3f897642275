import { HopwiseError } from "@hopwise/core";
import { inOwnWords } from "@hopwise/core/adapter";
import { lacksRights, NO_RIGHTS } from "./rights.ts";

const DOWN = "cannot be reached";

/** What an answer of Redis that is an error means, by its first word. */
const REPLIES: { readonly [word: string]: string } = {
  OOM: "is full: raise maxmemory, or wait until proofs have ended",
  READONLY: "is a read-only replica: the client must be sent to the master",
  MASTERDOWN: "is a replica that has lost its master",
  NOREPLICAS: "has too few replicas that follow it (min-replicas-to-write)",
  LOADING: "is loading its data",
  BUSY: "is busy with a script",
  MISCONF: "cannot write to its disk",
  CLUSTERDOWN: "is a cluster that is down: some of its slots have no master",
  TRYAGAIN: "is moving these slots to another node",
  NOPERM: NO_RIGHTS,
  NOAUTH: "wants a password",
  WRONGPASS: "refuses the client's user name or password",
};

/** What an error of the client means, by its class. */
const ERRORS: { readonly [name: string]: string } = {
  ClientOfflineError: DOWN,
  ClientClosedError: "is not connected: the client was closed",
  RootNodesUnavailableError: DOWN,
  ConnectionTimeoutError: DOWN,
  MaxCommandRedirectionsError: "is a cluster whose slots move faster than they are followed",
};

/** A connection that broke with a question on its way: nobody knows whether it was done. */
export function isBroken(error: unknown): boolean {
  const { name, code, text } = partsOf(error);
  return (
    /^Socket(ClosedUnexpectedly|Timeout)/.test(name) ||
    /^(ECONNRESET|EPIPE|ETIMEDOUT)$/.test(code) ||
    /^Disconnects/.test(name) ||
    text === "Socket closed unexpectedly"
  );
}

/** Raised in the place of a client that would wait until it is connected. */
export class NotConnected extends Error {}

/** Nothing was sent. */
export function isOffline(error: unknown): boolean {
  return error instanceof NotConnected || partsOf(error).name === "ClientOfflineError";
}

/** What went wrong, in words that begin after the store's name. Never the text of a reply: it may quote what was sent. */
export function wordsOf(error: unknown): string {
  const { name, code, text } = partsOf(error);
  const word = lacksRights(error) ? "NOPERM" : firstWordOf(text);
  if (Object.hasOwn(REPLIES, word)) return REPLIES[word] as string;
  if (isBroken(error)) return "lost its connection, and it is not known whether this was done";
  if (Object.hasOwn(ERRORS, name)) return ERRORS[name] as string;
  if (text === "The queue is full") return "is asked more than it answers: the client's queue is full";
  if (/^E[A-Z]+$/.test(code)) return `${DOWN} (${code})`;
  if (/sentinels/i.test(text)) return DOWN;
  return word === "" ? `failed (${name})` : `answered ${word}`;
}

/**
 * What is wrong with a server to which nothing could be sent.
 *
 * @param last what the client said of its connection: its commands do not tell
 */
export function offlineWordsOf(last: unknown): string {
  const { code, text } = partsOf(last);
  const word = firstWordOf(text);
  if (Object.hasOwn(REPLIES, word)) return REPLIES[word] as string;
  return /^E[A-Z]+$/.test(code) ? `${DOWN} (${code})` : DOWN;
}

/** Whether it is a replica that answers. */
export function isReplica(error: unknown): boolean {
  return firstWordOf(partsOf(error).text) === "READONLY";
}

/** Whether nobody is let in who comes like this: that does not go by itself. */
export function isRefusedLogin(error: unknown): boolean {
  return /^(NOAUTH|WRONGPASS)\b/.test(partsOf(error).text);
}

function firstWordOf(text: string): string {
  return /^[A-Z]{2,20}\b/.exec(text)?.[0] ?? "";
}

function partsOf(error: unknown): { readonly name: string; readonly code: string; readonly text: string } {
  if (!(error instanceof Error)) return { name: typeof error, code: "", text: "" };
  const { code } = error as { readonly code?: unknown };
  return { name: error.constructor.name, code: typeof code === "string" ? code : "", text: error.message };
}

/** JSON that this package wrote, unless somebody else did. @throws {HopwiseError} `state_unavailable` */
export function storedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw unavailable(
      "under this prefix Redis holds what another program wrote: give this one a prefix of its own",
      cause,
    );
  }
}

export function unavailable(message: string, cause?: unknown): HopwiseError {
  return inOwnWords(new HopwiseError("state_unavailable", message, { cause }));
}

export function clocksApart(name: string): HopwiseError {
  return unavailable(`the clock of ${name} and that of this machine differ by more than 5 seconds`);
}
