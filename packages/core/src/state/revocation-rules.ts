import { HopwiseError } from "../errors.ts";
import { checkNames, maybe, members, optionsOf, type Rows, such, text } from "../options/index.ts";
import type { Subject } from "../token/index.ts";
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

/** SHA-256 in base64url. */
const DIGEST = /^[\w-]{43}$/;
/** Records and policies show agents with this prefix; both spellings mean the same agent. */
const AGENT_PREFIX = /^agent:/;
/** As seconds this lies in the year 5138; as milliseconds, in 1973. */
const NO_SECONDS = 1e11;

const SECONDS = such(
  "seconds since the epoch, not milliseconds, such as Math.floor(Date.now() / 1000)",
  (value) => Number.isFinite(value) && Math.abs(value as number) < NO_SECONDS,
);

/** The rows of each kind of target. */
const KINDS: {
  readonly [Kind in RevocationKind]: Rows<Extract<RevocationTarget, { readonly [Name in Kind]: unknown }>>;
} = {
  token: {
    token: text("a token's hash: a delegation's `id` for the chain, never the token's text or its `jti`", (hash) =>
      DIGEST.test(hash),
    ),
  },
  key: {
    key: text("an RFC 7638 thumbprint, such as await thumbprintOf(publicJwk)", (thumbprint) => DIGEST.test(thumbprint)),
  },
  agent: {
    agent: text("an agent's name as in the registry, such as planner", (name) => name.replace(AGENT_PREFIX, "") !== ""),
  },
  user: {
    user: members<Subject>(
      {
        issuer: text("an issuer, such as https://id.acme.example"),
        subject: text("a user of that issuer, such as alice"),
      },
      "a user, { issuer, subject }",
    ),
    notBefore: SECONDS,
  },
};
const EVERY_NAME = Object.assign({}, ...Object.values(KINDS)) as {
  readonly [Name in MemberOf<RevocationTarget>]: true;
};

const readEnd = optionsOf<Pick<Revocation, "untilSeconds">>("revoke", { untilSeconds: maybe(SECONDS) });

/**
 * Reads what somebody wants to revoke.
 *
 * @throws {HopwiseError} `config_invalid` for what would revoke nothing, or something else than was meant
 */
export function readRevocation(target: unknown, untilSeconds: unknown, nowSeconds: number): Revocation {
  checkNames("revoke", target as object, EVERY_NAME);
  const kind = (Object.keys(KINDS) as RevocationKind[]).find((name) => Object.hasOwn(target as object, name));
  if (kind === undefined) return refuse("a target names a token, a key, an agent, or a user");
  // What is kept is a copy: its giver cannot change it any more.
  const read = Object.freeze(plainNamed(optionsOf<RevocationTarget>("revoke", KINDS[kind] as never)(target)));
  const { untilSeconds: until } = readEnd({ untilSeconds });
  if (until === undefined) return { target: read };
  if (until <= nowSeconds) refuse("its end is past, so it would revoke nothing; leave it out to revoke for ever");
  return { target: read, untilSeconds: until };
}

function plainNamed(target: RevocationTarget): RevocationTarget {
  return "agent" in target ? { agent: target.agent.replace(AGENT_PREFIX, "") } : target;
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

function refuse(problem: string): never {
  throw new HopwiseError("config_invalid", `revoke: ${problem}`);
}
