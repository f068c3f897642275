import type { PublicJwk } from "../../crypto/index.ts";
import { HopwiseError } from "../../errors.ts";
import { isJsonObject, type JsonObject, type JsonValue, pointerTo } from "../../json/index.ts";
import { namesAnother, timeAway } from "../../lib/index.ts";
import { agentNameOf, integerOf, isWrittenHash, LONGEST_NAME, refuseClaim, textOf } from "../claims/index.ts";
import { DEFAULT_LIMITS, keyAmong, type Signer } from "../keys/index.ts";
import { openStatement, signStatement, splitStatement } from "./statement.ts";

/** What an entry of the feed is about, as it is written there. */
export type FeedTarget =
  | { readonly token: string }
  | { readonly key: string; readonly iss?: string }
  | { readonly agent: string; readonly iss?: string }
  | { readonly user: { readonly iss: string; readonly sub: string }; readonly not_before: number };

/** One entry of the log, as it is given to others: without who wrote it, and why. */
export interface FeedEntry {
  readonly id: string;
  /** Seconds since the epoch. */
  readonly at: number;
  readonly target: FeedTarget;
  /** The ids of the entries that this one lifts. */
  readonly lifts?: readonly string[];
  /** From when on it may be forgotten. */
  readonly until?: number;
}

/** One page of the feed. */
export interface FeedPage {
  readonly epoch: string;
  /** The head that was asked for, where the page goes on from there; empty for the first page of all. */
  readonly since: string;
  readonly head: string;
  /** Whether the head is the newest. */
  readonly complete: boolean;
  readonly entries: readonly FeedEntry[];
}

/** Most entries of a page. */
export const FEED_PAGE = 1000;
/** Longest text of an epoch, a head or an id. */
export const FEED_NAME = 512;
/** Most entries that one lifts. */
const LIFTS = 100_000;
const CLAIMS = ["epoch", "since", "head", "complete", "entries"];

/** Signs a page of the feed. @throws {HopwiseError} `signing_failed` */
export async function signFeedPage(
  page: FeedPage,
  { signer, audience, nowMs }: { readonly signer: Signer; readonly audience: string; readonly nowMs: number },
): Promise<string> {
  return signStatement("hw-revocations+jwt", { ...page, aud: audience } as unknown as JsonObject, { signer }, nowMs);
}

/** How a page is read. */
export interface FeedReading {
  /** The keys that may sign the feed. */
  readonly keys: readonly PublicJwk[];
  /** The name of the log. */
  readonly audience: string;
  /** What was asked for: a head, or empty. */
  readonly since: string;
  readonly nowSeconds: number;
  readonly maxBytes: number;
}

/**
 * Reads a page of the feed: signed by one of these keys, of this log, an answer to this question (F1 of
 * `spec/statements.md`). How old it may be is for whoever follows the feed.
 *
 * @throws {HopwiseError} `token_…`, `audience_mismatch`, the first rule that fails
 */
export async function readFeedPage(
  text: unknown,
  { keys, audience, since, nowSeconds, maxBytes }: FeedReading,
): Promise<FeedPage & { readonly issuedAt: number }> {
  const limits = { ...DEFAULT_LIMITS, tokenBytes: maxBytes };
  const jws = splitStatement(text, "hw-revocations+jwt", limits);
  const statement = await openStatement(jws, {
    trust: [],
    keyOf: async (thumbprint) => (await keyAmong(keys, thumbprint)) ?? refuseKey(),
    claimsOf: () => CLAIMS,
    maxDepth: 5,
  });
  const page = readPage(statement.claims);
  if (statement.audience !== audience) {
    const message = `the feed is that of another log: ${namesAnother(statement.audience, [audience])}`;
    throw new HopwiseError("audience_mismatch", message, { pointer: "/aud" });
  }
  if (page.since !== since && page.since !== "") refuseClaim("/since", "it answers another question");
  const ahead = statement.issuedAt - nowSeconds;
  if (ahead > limits.skewSeconds) {
    const message = `the feed was signed ahead of its reader's clock; check both${timeAway(ahead)}`;
    throw new HopwiseError("token_not_yet_valid", message, { pointer: "/iat" });
  }
  return { ...page, issuedAt: statement.issuedAt };
}

function refuseKey(): never {
  const message = "the feed is signed by a key that is not one of its reader's";
  throw new HopwiseError("token_untrusted_issuer", message, { pointer: "/jkt" });
}

function readPage(claims: JsonObject): FeedPage {
  const { since, complete, entries } = claims;
  if (typeof since !== "string" || since.length > FEED_NAME)
    return refuseClaim("/since", "a head, or empty, is expected");
  if (typeof complete !== "boolean") return refuseClaim("/complete", "true or false is expected");
  if (!Array.isArray(entries) || entries.length > FEED_PAGE)
    return refuseClaim("/entries", `a list of at most ${FEED_PAGE} is expected`);
  return {
    epoch: textOf(claims, "epoch", FEED_NAME),
    since,
    head: textOf(claims, "head", FEED_NAME),
    complete,
    entries: entries.map((entry: JsonValue, i) => readEntry(entry, `/entries/${i}`)),
  };
}

function readEntry(entry: JsonValue, at: string): FeedEntry {
  const read = objectOf(entry, at, ["id", "at", "target"], ["lifts", "until"]);
  const { lifts } = read;
  if (lifts !== undefined && !areNames(lifts)) return refuseClaim(`${at}/lifts`, "a list of ids is expected");
  return {
    id: textOf(read, "id", FEED_NAME, at),
    at: integerOf(read, "at", at),
    target: readTarget(read["target"], `${at}/target`),
    ...(lifts !== undefined && { lifts }),
    ...(read["until"] !== undefined && { until: integerOf(read, "until", at) }),
  };
}

function areNames(value: JsonValue): value is readonly string[] {
  return (
    Array.isArray(value) &&
    value.length <= LIFTS &&
    value.every((name) => typeof name === "string" && name !== "" && name.length <= FEED_NAME)
  );
}

/** One that is of no known form may revoke anything: the page is refused. */
function readTarget(value: JsonValue | undefined, at: string): FeedTarget {
  const [kind] = isJsonObject(value) ? KINDS.filter((name) => Object.hasOwn(value, name)) : [];
  if (kind === "token") return { token: hashOf(objectOf(value, at, ["token"]), "token", at) };
  if (kind === "user") {
    const target = objectOf(value, at, ["user", "not_before"]);
    const user = objectOf(target["user"], `${at}/user`, ["iss", "sub"]);
    return {
      user: {
        iss: textOf(user, "iss", LONGEST_NAME, `${at}/user`),
        sub: textOf(user, "sub", LONGEST_NAME, `${at}/user`),
      },
      not_before: integerOf(target, "not_before", at),
    };
  }
  if (kind === undefined)
    return refuseClaim(at, "an object with token, key, agent, or user and not_before, is expected");
  const target = objectOf(value, at, [kind], ["iss"]);
  const issuer = target["iss"] === undefined ? {} : { iss: textOf(target, "iss", LONGEST_NAME, at) };
  if (kind === "key") return { key: hashOf(target, "key", at), ...issuer };
  return { agent: agentNameOf(target, "agent", at), ...issuer };
}

function hashOf(target: JsonObject, name: string, at: string): string {
  const hash = textOf(target, name, 43, at);
  return isWrittenHash(hash) ? hash : refuseClaim(`${at}/${name}`, "43 characters of base64url are expected");
}

const KINDS = ["token", "key", "agent", "user"] as const;

function objectOf(
  value: JsonValue | undefined,
  at: string,
  needed: readonly string[],
  further: readonly string[] = [],
): JsonObject {
  if (!isJsonObject(value)) return refuseClaim(at, "an object is expected");
  for (const name of Object.keys(value)) {
    if (!needed.includes(name) && !further.includes(name))
      refuseClaim(pointerTo(at, name), "a member that is not known");
  }
  for (const name of needed) if (!Object.hasOwn(value, name)) refuseClaim(pointerTo(at, name), "the member is missing");
  return value;
}
