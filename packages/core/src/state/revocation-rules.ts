import { HopwiseError } from "../errors.ts";
import {
  argumentOf,
  checkNames,
  checkSeconds,
  maybe,
  members,
  mustBe,
  optionsOf,
  type Rows,
  readerOf,
  reading,
  SECONDS,
  type Shape,
  text,
} from "../options/index.ts";
import { AGENT_NAME, isNameOfUser, isWrittenHash, type Subject } from "../token/index.ts";
import type { RevocationQuery, RevocationTarget } from "./revocation.ts";

/** A revocation as a store keeps it. */
export interface Revocation {
  readonly target: RevocationTarget;
  /** When it may be forgotten, in seconds since the epoch. Left out: never. */
  readonly untilSeconds?: number;
}

/** What can be revoked: the name of the member that says it. */
export type RevocationKind = Exclude<MemberOf<RevocationTarget>, "notBefore" | "issuer">;
type MemberOf<T> = T extends unknown ? keyof T : never;

/** What a target is of, which may name an issuer beside it; undefined for what is no target. */
export function revocationKind(target: object): RevocationKind | undefined {
  return KIND_NAMES.find((kind) => Object.hasOwn(target, kind));
}

/** Records and policies show agents with this prefix; both spellings mean the same agent. */
const AGENT_PREFIX = /^agent:/;
/** No token names an agent otherwise, so that another name would revoke nobody. */
const isAgentName = (name: string): boolean => AGENT_NAME.test(name.replace(AGENT_PREFIX, ""));
const ISSUER = text("an issuer, such as https://id.acme.example", isNameOfUser);

/** The rows of each kind of target. */
const KINDS: {
  readonly [Kind in RevocationKind]: Rows<Extract<RevocationTarget, { readonly [Name in Kind]: unknown }>>;
} = {
  token: {
    token: text(
      "a token's hash: a delegation's `id` for the chain, never the token's text or its `jti`",
      isWrittenHash,
    ),
  },
  key: {
    issuer: maybe(ISSUER),
    key: text("an RFC 7638 thumbprint, such as await thumbprintOf(publicJwk)", isWrittenHash),
  },
  agent: {
    issuer: maybe(ISSUER),
    agent: text("an agent's name as in the registry, such as planner, without spaces around it", isAgentName),
  },
  user: {
    user: members<Subject>(
      {
        issuer: ISSUER,
        subject: text("a user of that issuer, such as alice, in whole characters", isNameOfUser),
      },
      "a user, { issuer, subject }",
    ),
    notBefore: SECONDS,
  },
};
const KIND_NAMES = Object.keys(KINDS) as readonly RevocationKind[];

/** Made once: a process reads each entry of the log by one of them. */
const SHAPES = Object.fromEntries(
  Object.entries(KINDS).map(([kind, rows]) => [kind, members<never>(rows as never, "a target")]),
) as { readonly [Kind in RevocationKind]: Shape };
const EVERY_NAME = Object.assign({}, ...Object.values(KINDS)) as {
  readonly [Name in MemberOf<RevocationTarget>]: true;
};

const readEnd = optionsOf<Pick<Revocation, "untilSeconds">>("revoke", { untilSeconds: maybe(SECONDS) });
const readNow = argumentOf<number>("readRevocation", "nowSeconds", SECONDS);

/**
 * Reads what somebody wants to revoke.
 *
 * @param called the function that was called, for the words of errors
 * @throws {HopwiseError} `config_invalid` for what would revoke nothing, or something else than was meant
 */
export function readRevocation(
  target: unknown,
  untilSeconds: unknown,
  nowSeconds: number,
  called = "revoke",
): Revocation {
  readNow(nowSeconds);
  const given = checkNames<{ readonly [Name in MemberOf<RevocationTarget>]?: unknown }>(
    called,
    target as object,
    EVERY_NAME,
  );
  const kind = KIND_NAMES.find((name) => given[name] !== undefined);
  if (kind === undefined) return refuse(called, "a target names a token, a key, an agent, or a user");
  // What is kept is a copy: its giver cannot change it any more.
  const read = Object.freeze(plainNamed(readerOf<RevocationTarget>(called, SHAPES[kind])(target)));
  const { untilSeconds: until } = readEnd({ untilSeconds });
  if (until === undefined) return { target: read };
  if (until <= nowSeconds) refuse(called, "its end, untilSeconds, is past, so it would revoke nothing; leave it out");
  return { target: read, untilSeconds: until };
}

function plainNamed(target: RevocationTarget): RevocationTarget {
  return "agent" in target ? { ...target, agent: target.agent.replace(AGENT_PREFIX, "") } : target;
}

const TARGET = "a target, as readRevocation gave it";
const REVOCATION = "what readRevocation gave";

/**
 * The text under which everything that is revoked for one and the same target is kept.
 *
 * @throws {HopwiseError} `config_invalid` for what is no target
 */
export function revocationKey(target: RevocationTarget): string {
  return reading("revocationKey", "target", TARGET, target, keyOf);
}

function keyOf(target: RevocationTarget): string {
  if ("token" in target) return plainKey("token", target.token);
  if ("key" in target) return issuerKey("key", target.key, target.issuer);
  if ("agent" in target) return issuerKey("agent", target.agent, target.issuer);
  return userKey(target.user);
}

/**
 * The keys that a call can meet.
 *
 * @throws {HopwiseError} `config_invalid` for what is no query
 */
export function revocationKeys(query: RevocationQuery): readonly string[] {
  return reading("revocationKeys", "query", "the query of an authorizer", query, () => [
    userKey(query.user),
    ...query.tokens.map((token) => plainKey("token", token)),
    ...query.keys.flatMap((key) => [plainKey("key", key), issuerKey("key", key, query.user.issuer)]),
    ...query.agents.flatMap((agent) => [plainKey("agent", agent), issuerKey("agent", agent, query.user.issuer)]),
  ]);
}

/**
 * Of two revocations of one target, the stricter of each bound: the later end, the later time before which nothing of a
 * user counts. In whichever order they come, what the one revokes the other cannot give back.
 *
 * @throws {HopwiseError} `config_invalid` for revocations of two targets, or what is none
 */
export function stricterOf(one: Revocation, other: Revocation): Revocation {
  const [key, same] = [checkRevocation("stricterOf", "one", one), checkRevocation("stricterOf", "other", other)];
  if (key !== same) mustBe("stricterOf", "other", "a revocation of the same target", other);
  const { target } = noBefore(other.target) > noBefore(one.target) ? other : one;
  if (one.untilSeconds === undefined || other.untilSeconds === undefined) return { target };
  return { target, untilSeconds: Math.max(one.untilSeconds, other.untilSeconds) };
}

/**
 * Whether a revocation, kept under one of {@link revocationKeys}, holds now, for what was issued then.
 *
 * @throws {HopwiseError} `config_invalid` for what is no revocation, no query, or no time: with any of them, nothing would
 *   be revoked
 */
export function isRevoked(
  revocation: Revocation,
  query: Pick<RevocationQuery, "issuedAt">,
  nowSeconds: number,
): boolean {
  checkRevocation("isRevoked", "revocation", revocation);
  const { issuedAt } = reading("isRevoked", "query", "the query of an authorizer", query, () => ({ ...query }));
  return holds(revocation, issuedAt, nowSeconds);
}

/** The same of a revocation that was read before: it is asked at each call. */
export function holds(
  { target, untilSeconds = Number.POSITIVE_INFINITY }: Revocation,
  issuedAt: number,
  nowSeconds: number,
): boolean {
  checkSeconds("isRevoked", ["query", "issuedAt"], issuedAt);
  checkSeconds("isRevoked", "nowSeconds", nowSeconds);
  return untilSeconds > nowSeconds && issuedAt < noBefore(target);
}

/** Before which time nothing counts; of anything but a user, nothing ever does. */
function noBefore(target: RevocationTarget): number {
  return "user" in target ? target.notBefore : Number.POSITIVE_INFINITY;
}

function userKey({ issuer, subject }: { readonly issuer: string; readonly subject: string }): string {
  if (typeof issuer !== "string" || typeof subject !== "string") throw new TypeError("no user");
  return `user ${JSON.stringify([issuer, subject])}`;
}

function issuerKey(what: string, name: string, issuer: string | undefined): string {
  if (issuer === undefined) return plainKey(what, name);
  if (typeof issuer !== "string") throw new TypeError("no issuer");
  return `${plainKey(what, name)} of ${issuer}`;
}

function plainKey(what: string, name: string): string {
  if (typeof name !== "string") throw new TypeError(`no ${what}`);
  return `${what} ${name}`;
}

/** @returns the key of its target */
function checkRevocation(called: string, name: string, given: Revocation): string {
  return reading(called, name, REVOCATION, given, () => {
    const { target, untilSeconds = 0 } = given;
    const bounds = [untilSeconds, "user" in target ? target.notBefore : 0];
    return bounds.every(Number.isFinite) ? keyOf(target) : mustBe(called, name, REVOCATION, given);
  });
}

function refuse(called: string, problem: string): never {
  throw new HopwiseError("config_invalid", `${called}: ${problem}`);
}
