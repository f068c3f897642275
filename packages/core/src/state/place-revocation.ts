import { HopwiseError } from "../errors.ts";
import type { Chain, Link, VerifiedRevocation } from "../token/index.ts";
import type { FollowedLog } from "./follow-log.ts";
import type { RevocationTarget } from "./revocation.ts";
import type { RevocationEntry } from "./revocation-entry.ts";
import type { RevocationIndex } from "./revocation-index.ts";
import { endOf, revoking } from "./shared-revocations.ts";

/** How much of a log one signer may fill. */
export interface LogShares {
  readonly mostBelowOne: number;
  readonly mostOfIssuer: number;
}

/** What a revocation came to. */
export interface Placed {
  /**
   * `revoked`: it was written. `known`: what it says was in force already, at least as strictly. `expired`: the token has
   * expired for everybody.
   */
  readonly outcome: "revoked" | "known" | "expired";
  /** What is revoked: what was asked for, or the signer's own token above it. */
  readonly target: RevocationTarget;
}

/** Below one root, whoever signs. */
const ROOT_TIMES = 10;

interface Clocks {
  readonly now: () => number;
  readonly limits: { readonly skewSeconds: number };
}

/**
 * Writes a verified revocation into the log. Its id there is the statement's hash: the same statement is known.
 *
 * @throws {HopwiseError} `state_unavailable`
 */
export async function writeRevocation(
  verified: VerifiedRevocation,
  log: FollowedLog,
  shares: LogShares,
  { now: clock, limits }: Clocks,
): Promise<Placed> {
  const index = await log.current();
  const now = clock();
  const { target, untilSeconds, countsFor, reason } = placeOf(verified, index, shares, now, limits.skewSeconds);
  if (untilSeconds !== undefined && untilSeconds <= now) return { outcome: "expired", target };
  const said = { untilSeconds, by: verified.by, reason };
  const entry: RevocationEntry = { ...revoking(target, said, now), id: verified.hash, countsFor };
  if (index.inForce(now, target).some((known) => covers(known, entry))) return { outcome: "known", target };
  refuseFull(verified, index, shares, now);
  await log.append(entry);
  return { outcome: "revoked", target };
}

interface Place {
  readonly target: RevocationTarget;
  readonly untilSeconds: number | undefined;
  readonly countsFor: readonly string[];
  readonly reason: string | undefined;
}

function placeOf(
  verified: VerifiedRevocation,
  index: RevocationIndex,
  { mostBelowOne }: LogShares,
  now: number,
  skewSeconds: number,
): Place {
  const { by, evidence, target } = verified;
  const wide = { countsFor: [wideShare(verified)], reason: undefined };
  if (!("token" in target)) return { ...wide, target, untilSeconds: undefined };
  // A token is revoked with evidence, a chain that ends with it.
  const { links } = evidence as Chain;
  const last = links.at(-1) as Link;
  // An issuer holds no token: what it made is the root.
  const own = links["hop" in by ? by.hop - 1 : 0] as Link;
  // The clocks of all enforcement points lie within the skew: what has expired by it has expired for everybody.
  const place = ({ hash, expiresAt }: Link) => ({ target: { token: hash }, untilSeconds: expiresAt + skewSeconds });
  if (own === last) return { ...wide, ...place(last) };
  const below = `below ${own.hash}`;
  if (!index.reached(below, mostBelowOne, now)) {
    return { ...wide, ...place(last), countsFor: [below, ...wide.countsFor] };
  }
  return { ...wide, ...place(own), reason: `more than ${mostBelowOne} tokens below it were revoked` };
}

/** What everything counts for that this signer signs, or that stands below this root: an agent signs with evidence. */
function wideShare({ by, evidence }: VerifiedRevocation): string {
  return "issuer" in by ? `issuer ${by.issuer}` : `root ${(evidence as Chain).id}`;
}

/**
 * An agent can make tokens for keys of its own, each of which may revoke: so a root has a bound, too. Whoever holds the root
 * cannot be kept from revoking by what those below do.
 */
function refuseFull(
  verified: VerifiedRevocation,
  index: RevocationIndex,
  { mostBelowOne, mostOfIssuer }: LogShares,
  now: number,
): void {
  const { by } = verified;
  if ("hop" in by && by.hop === 1) return;
  const most = "issuer" in by ? mostOfIssuer : ROOT_TIMES * mostBelowOne;
  if (!index.reached(wideShare(verified), most, now)) return;
  const what =
    "issuer" in by ? "of this issuer: revoke a user, a key or an agent" : "below one root: have the root revoked";
  throw new HopwiseError("state_unavailable", `more than ${most} living revocations ${what} instead`);
}

/** Whether an entry revokes all that another of the same target would. */
function covers(known: RevocationEntry, { target, untilSeconds }: RevocationEntry): boolean {
  // What a user was issued before a time is over at one time, whenever somebody says so.
  const end = "user" in target ? endOf(target, target.notBefore) : untilSeconds;
  const [had = Number.POSITIVE_INFINITY, needed = Number.POSITIVE_INFINITY] = [known.untilSeconds, end];
  const isAsLate = !("user" in target && "user" in known.target) || known.target.notBefore >= target.notBefore;
  return isAsLate && had >= needed;
}
