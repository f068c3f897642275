import { HopwiseError } from "@hopwise/core";
import { inOwnWords } from "@hopwise/core/adapter";
import { isKind } from "@hopwise/core/options";
import { lacksRights, NO_RIGHTS } from "./rights.ts";

const DOWN = "cannot be reached";
const OTHERS = "holds what another program wrote under this prefix: give this one a prefix of its own";
const MOVING = "is moving these slots to another node";

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
  TRYAGAIN: MOVING,
  ASK: MOVING,
  NOPERM: NO_RIGHTS,
  WRONGTYPE: OTHERS,
};

/** What Redis answers to whatever is asked within a transaction. */
export const QUEUED = "QUEUED";
const OWN_CLIENT = "give this one a client of its own";

/** What a text says that is the mistake of whoever made the client: it does not go by itself. */
const MISTAKES: readonly (readonly [RegExp, string])[] = [
  [/^(NOAUTH|WRONGPASS)\b/, "refuses the login: give the client a username and password that it knows"],
  [
    /^ERR (DB index is out of range|SELECT is not allowed)/,
    "has no database of the number that the client names: leave it out, or name one that is there",
  ],
  [/^MOVED\b/, "keeps these slots on another node: for a cluster, make the client with createCluster"],
  [/^ERR This instance has cluster support disabled/, "is no cluster: make the client with createClient"],
  [
    /^ERR unknown command|Unknown Redis command|Invalid command passed/,
    "does not know all commands that this needs: it must be Redis itself, 7 or newer, with no command renamed, and neither a Sentinel nor a proxy",
  ],
  [
    /^ERR No such master with that name/,
    "has no master of the name that the client asks for: give it the one that Sentinel has",
  ],
  [/^Unknown RESP type/, "does not speak as Redis does: is something else at this address?"],
  [
    /^DENIED\b/,
    "is in protected mode, and takes clients of its own machine alone: give it users with passwords (requirepass, ACL)",
  ],
  [/ are allowed in this context/, `is asked by a client that subscribes to channels: ${OWN_CLIENT}`],
  [/^ERR Replica can't interact with the keyspace/, `is asked by a client that monitors (MONITOR): ${OWN_CLIENT}`],
  [/^QUEUED$/, `is asked by a client that is in a transaction of somebody else (MULTI): ${OWN_CLIENT}`],
];

/** The same of a code of TLS. */
const TLS_MISTAKES: readonly (readonly [RegExp, string])[] = [
  [
    /SELF_SIGNED_CERT|^UNABLE_TO_(VERIFY_LEAF_SIGNATURE|GET_ISSUER_CERT)/,
    "shows a certificate that is not trusted here: give the client that of whoever signed it (socket.ca), or name its file in NODE_EXTRA_CA_CERTS",
  ],
  [
    /^ERR_TLS_CERT_ALTNAME_INVALID$/,
    "shows a certificate for another name: connect by that name, or give it to the client (socket.servername)",
  ],
  [
    /^ERR_SSL_.*ALERT_(CERTIFICATE_REQUIRED|UNKNOWN_CA|BAD_CERTIFICATE|CERTIFICATE_)/,
    "takes no client without a certificate that it trusts: give the client one (socket.cert, socket.key)",
  ],
];

const ENDED =
  "it ends the connection; where it is well, do both sides speak TLS, of one version, and does it want a certificate?";

const NO_SENTINEL = /^None of the sentinels are available/;

/** What an error says by its text alone. */
const TEXTS: readonly (readonly [RegExp, string])[] = [
  ...MISTAKES,
  [/^ERR max number of clients/, "takes no more clients (maxclients)"],
  [/user_script|is not an integer/, OTHERS],
  [NO_SENTINEL, DOWN],
  [/^no valid master node$|^Master Node Not Enumerated$/, "has no master that Sentinel knows: it looks for one"],
  [/^The queue is full$/, "is asked more than it answers: the client's queue is full"],
];

/** What an error says by its text, or by its code of TLS, where that is known. */
function saidIn(error: unknown): string | undefined {
  const { text } = partsOf(error);
  const word = firstWordOf(text);
  if (Object.hasOwn(REPLIES, word)) return REPLIES[word];
  return TEXTS.find(([says]) => says.test(text))?.[1] ?? mistakeIn(error);
}

const SILENT = `${DOWN}: nobody answered in time; where it is well, does only one side speak TLS?`;

/**
 * The client's own errors that carry no code. They are told by their texts: a bundler that minifies gives their classes other names.
 */
const OFFLINE = /^The client is offline$/;
const CLOSED = /^The client is closed$/;
const TIMED_OUT = /^Socket timeout\b/;
const BROKEN = /^(Socket closed unexpectedly|Disconnects client)$/;

/** What the others mean. */
const ERRORS: readonly (readonly [RegExp, string])[] = [
  [OFFLINE, DOWN],
  [CLOSED, "is not connected: the client was closed"],
  [/^All the root nodes are unavailable$/, DOWN],
  [/^Connection timeout$/, SILENT],
  [/^Too many Cluster redirections$/, "is a cluster whose slots move faster than they are followed"],
];

function meantBy(text: string): string | undefined {
  return ERRORS.find(([says]) => says.test(text))?.[1];
}

/** A connection that broke with a question on its way: nobody knows whether it was done. */
export function isBroken(error: unknown): boolean {
  const { code, text } = partsOf(error);
  return BROKEN.test(text) || TIMED_OUT.test(text) || /^(ECONNRESET|EPIPE|ETIMEDOUT)$/.test(code);
}

/** That a connection broke, or that no Sentinel was of use, says less than what came before it. */
export function saysLittle(error: unknown): boolean {
  return isBroken(error) || NO_SENTINEL.test(partsOf(error).text);
}

/** Raised in the place of a client that would wait until it is connected. */
export class NotConnected extends Error {}

/** Nothing was sent. */
export function isOffline(error: unknown): boolean {
  return error instanceof NotConnected || OFFLINE.test(partsOf(error).text);
}

/** It is not trying either: its program closed it, or the client of a cluster found nobody and is between two tries. */
export function isClosed(error: unknown): boolean {
  return CLOSED.test(partsOf(error).text);
}

/** What went wrong, in words that begin after the store's name. Never the text of a reply: it may quote what was sent. */
export function wordsOf(error: unknown): string {
  const { name, code, text } = partsOf(error);
  const said = lacksRights(error) ? NO_RIGHTS : saidIn(error);
  if (said !== undefined) return said;
  if (isBroken(error)) return "lost its connection, and it is not known whether this was done";
  const meant = meantBy(text);
  if (meant !== undefined) return meant;
  if (isCode(code)) return `${DOWN} (${code})`;
  const word = firstWordOf(text);
  return word === "" ? `failed (${name})` : `answered ${word}`;
}

/**
 * What is wrong with a server to which nothing could be sent.
 *
 * @param last what the client said of its connection: its commands do not tell
 */
export function offlineWordsOf(last: unknown): string {
  const { code, text } = partsOf(last);
  const known = saidIn(last) ?? meantBy(text);
  if (known !== undefined) return known;
  if (TIMED_OUT.test(text)) return SILENT;
  const down = isCode(code) ? `${DOWN} (${code})` : DOWN;
  return isBroken(last) || code.startsWith("ERR_SSL_") ? `${down}: ${ENDED}` : down;
}

/** Of the system, or of TLS. */
function isCode(code: string): boolean {
  return /^[A-Z][A-Z\d_/]*$/.test(code);
}

/** Whether it is a replica that answers. */
export function isReplica(error: unknown): boolean {
  return firstWordOf(partsOf(error).text) === "READONLY";
}

/** The mistake of whoever made the client, in words that begin after the store's name; undefined for any other error. */
export function mistakeIn(error: unknown): string | undefined {
  const { code, text } = partsOf(error);
  return (MISTAKES.find(([says]) => says.test(text)) ?? TLS_MISTAKES.find(([says]) => says.test(code)))?.[1];
}

function firstWordOf(text: string): string {
  return /^[A-Z]{2,20}\b/.exec(text)?.[0] ?? "";
}

function partsOf(error: unknown): { readonly name: string; readonly code: string; readonly text: string } {
  if (!isKind(error, "Error")) return { name: typeof error, code: "", text: "" };
  const { code } = error as { readonly code?: unknown };
  return { name: error.constructor.name, code: typeof code === "string" ? code : "", text: error.message };
}

/** JSON that this package wrote, unless somebody else did. @throws {HopwiseError} `state_unavailable` */
export function storedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw unavailable(`Redis ${OTHERS}`, cause);
  }
}

export function unavailable(message: string, cause?: unknown): HopwiseError {
  return inOwnWords(new HopwiseError("state_unavailable", message, { cause }));
}

export function clocksApart(name: string): HopwiseError {
  return unavailable(`the clock of ${name} and that of this machine differ by more than 5 seconds`);
}
