import { HopwiseError } from "../errors.ts";
import type { RevocationQuery, RevocationTarget } from "./revocation.ts";

/** A revocation as a store keeps it. */
export interface Revocation {
  readonly target: RevocationTarget;
  /** When it may be forgotten, in seconds since the epoch. Left out: never. */
  readonly untilSeconds?: number;
}

/** What can be revoked: the name of the member that says it. */
export type RevocationKind = Exclude<MemberOf<RevocationTarget>, "notBefore">;
type MemberOf<T> = T extends unknown ? keyof T : never;

type Fields = { readonly [name: string]: unknown };

/** SHA-256 in base64url. */
const DIGEST = /^[\w-]{43}$/;
/** Records and policies show agents with this prefix; both spellings mean the same agent. */
const AGENT_PREFIX = /^agent:/;
/** As seconds this lies in the year 5138; as milliseconds, in 1973. */
const NO_SECONDS = 1e11;

/** How each kind of target is read. What is kept is a copy: its giver cannot change it any more. */
const READERS: { readonly [Kind in RevocationKind]: (given: Fields) => RevocationTarget } = {
  token: ({ token, ...more }) => {
    if (typeof token !== "string" || !DIGEST.test(token)) {
      refuse("a token is named by its hash: a delegation's `id` for the chain, never the token's text or its `jti`");
    }
    return closed({ token } as RevocationTarget, more);
  },
  key: ({ key, ...more }) => {
    if (typeof key !== "string" || !DIGEST.test(key)) {
      refuse("a key is named by its RFC 7638 thumbprint: await thumbprintOf(publicJwk)");
    }
    return closed({ key } as RevocationTarget, more);
  },
  agent: ({ agent, ...more }) => {
    const name = typeof agent === "string" ? agent.replace(AGENT_PREFIX, "") : "";
    if (name === "") refuse("an agent is named as in the registry");
    return closed({ agent: name }, more);
  },
  user: ({ user, notBefore, ...more }) => {
    const { issuer, subject } = Object(user) as Fields;
    if (typeof issuer !== "string" || issuer === "" || typeof subject !== "string" || subject === "") {
      refuse("a user is { issuer, subject }");
    }
    if (notBefore === undefined) {
      refuse("a user needs notBefore: what was issued before this time is revoked, in seconds since the epoch");
    }
    return closed({ user: { issuer, subject } as never, notBefore: seconds("notBefore", notBefore) }, more);
  },
};

/**
 * Reads what somebody wants to revoke.
 *
 * @throws {HopwiseError} `config_invalid` for what would revoke nothing, or something else than was meant
 */
export function readRevocation(target: unknown, untilSeconds: unknown, nowSeconds: number): Revocation {
  const given = Object(target) as Fields;
  const kind = (Object.keys(READERS) as RevocationKind[]).find((name) => Object.hasOwn(given, name));
  if (kind === undefined) return refuse("a target names a token, a key, an agent, or a user");
  const read = READERS[kind](given);
  if (untilSeconds === undefined) return { target: read };
  const until = seconds("the end", untilSeconds);
  if (until <= nowSeconds) refuse("its end is past, so it would revoke nothing; leave it out to revoke for ever");
  return { target: read, untilSeconds: until };
}

/** The text under which everything that is revoked for one and the same target is kept. */
export function revocationKey(target: RevocationTarget): string {
  if ("token" in target) return `token ${target.token}`;
  if ("key" in target) return `key ${target.key}`;
  if ("agent" in target) return `agent ${target.agent}`;
  return userKey(target.user);
}

/** The keys that a call can meet. */
export function revocationKeys({ tokens, keys, agents, user }: RevocationQuery): readonly string[] {
  return [
    userKey(user),
    ...tokens.map((token) => revocationKey({ token })),
    ...keys.map((key) => revocationKey({ key })),
    ...agents.map((agent) => revocationKey({ agent })),
  ];
}

/**
 * Of two revocations of one target, the stricter of each bound: the later end, the later time before which nothing of a
 * user counts. In whichever order they come, what the one revokes the other cannot give back.
 */
export function stricterOf(one: Revocation, other: Revocation): Revocation {
  const { target } = noBefore(other) > noBefore(one) ? other : one;
  if (one.untilSeconds === undefined || other.untilSeconds === undefined) return { target };
  return { target, untilSeconds: Math.max(one.untilSeconds, other.untilSeconds) };
}

/** Whether a revocation, kept under one of {@link revocationKeys}, holds now, for what was issued then. */
export function isRevoked(
  { target, untilSeconds = Number.POSITIVE_INFINITY }: Revocation,
  { issuedAt }: Pick<RevocationQuery, "issuedAt">,
  nowSeconds: number,
): boolean {
  return untilSeconds > nowSeconds && issuedAt < noBefore({ target });
}

/** Before which time nothing counts; of anything but a user, nothing ever does. */
function noBefore({ target }: Revocation): number {
  return "user" in target ? target.notBefore : Number.POSITIVE_INFINITY;
}

function userKey({ issuer, subject }: { readonly issuer: string; readonly subject: string }): string {
  return `user ${JSON.stringify([issuer, subject])}`;
}

function closed(target: RevocationTarget, more: Fields): RevocationTarget {
  const [stray] = Object.keys(more);
  if (stray !== undefined) refuse(`"${stray}" does not belong to it; revoke one target at a time`);
  return Object.freeze(target);
}

function seconds(what: string, value: unknown): number {
  if (typeof value !== "number" || !Number.isFinite(value)) return refuse(`${what} is no time; give a number`);
  if (Math.abs(value) >= NO_SECONDS) refuse(`${what} is in milliseconds; give seconds since the epoch`);
  return value;
}

function refuse(problem: string): never {
  throw new HopwiseError("config_invalid", `revoke: ${problem}`);
}
