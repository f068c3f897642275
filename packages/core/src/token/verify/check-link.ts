import type { CodesOf } from "../../codes.ts";
import { HopwiseError } from "../../errors.ts";
import { wideningOf } from "../../grant/index.ts";
import { forMore, timeAway } from "../../lib/index.ts";
import {
  type Budget,
  type DerivedClaims,
  grantOf,
  type RootClaims,
  TOOLS_POINTER,
  type TokenClaims,
} from "../claims/index.ts";
import { grantedProblem, type KnownKey, type Limits, thumbprintUri } from "../keys/index.ts";
import type { OpenedToken } from "./open-token.ts";

/**
 * Step 4 for a root (AAT draft, section 7, steps 3c to 3n); the issuer applies the same before it signs.
 *
 * @param expiry what is made of a token's end, in its place among the rules
 */
export function checkRoot(
  claims: RootClaims,
  limits: Limits,
  now: number,
  expiry: typeof checkAlive = checkAlive,
): void {
  if (claims.del_depth !== 0) broken("chain_link_broken", "/del_depth", "a root has depth 0", 1);
  if (claims.del_max_depth >= limits.chainTokens) {
    const most = `a depth of ${limits.chainTokens - 1} is the most; ${forMore("chainTokens")}`;
    broken("chain_depth_exceeded", "/del_max_depth", most, 1);
  }
  checkTimes(claims, now, limits, expiry);
  for (const id of Object.keys(grantOf(claims))) {
    const problem = toolIdProblem(id, claims.aud);
    if (problem !== undefined) broken("token_malformed", TOOLS_POINTER, problem, 1);
  }
}

/** Why a text is no tool's id in a chain whose root has this audience. */
export function toolIdProblem(id: string, rootAudience: readonly string[]): string | undefined {
  return rootAudience.length > 1 ? qualifiedProblem(id, rootAudience) : bareProblem(id);
}

function bareProblem(id: string): string | undefined {
  return id.includes("#") ? "with one audience, tools have bare names (grant, not grantFor)" : grantedProblem(id);
}

function qualifiedProblem(id: string, audience: readonly string[]): string | undefined {
  const prefix = audience.map((name) => `${name}#`).find((candidate) => id.startsWith(candidate));
  if (prefix === undefined) return "with several audiences, tools are named <audience>#<tool> (grantFor)";
  return grantedProblem(id.slice(prefix.length));
}

/** The values that a child is checked against: its parent, the parent's holder, and the chain so far. */
export interface Above extends OpenedToken {
  /** The holder's key. */
  readonly key: KnownKey;
  readonly root: RootClaims;
  /** Where the parent may be presented. */
  readonly audience: readonly string[];
  /** What the parent may spend, with what it has from its own parents. */
  readonly budget: Budget | undefined;
}

/** Step 5: a child says no more than its parent (AAT draft, section 4, invariants I1 to I5). */
export function checkLink(
  { claims }: OpenedToken<DerivedClaims>,
  { claims: up, root, audience, ...parent }: Above,
  limits: Limits,
  now: number,
  expiry: typeof checkAlive = checkAlive,
): void {
  const hop = up.del_depth + 2;
  if (claims.iss !== thumbprintUri(parent.key.thumbprint))
    broken("chain_link_broken", "/iss", "a child is issued by its parent's holder", hop);
  if (claims.par_hash !== parent.hash)
    broken("chain_link_broken", "/par_hash", "a child names its parent by hash", hop);
  if (claims.del_depth !== up.del_depth + 1) broken("chain_link_broken", "/del_depth", "each link is one deeper", hop);
  const deepest = Math.min(up.del_max_depth, claims.del_max_depth);
  if (claims.del_depth > deepest) broken("chain_depth_exceeded", "/del_depth", `the chain may be ${deepest} deep`, hop);
  if (claims.del_max_depth > up.del_max_depth)
    broken("chain_widened", "/del_max_depth", "the depth ceiling may only fall", hop);
  if (claims.exp > up.exp) broken("chain_widened", "/exp", "a child may not outlive its parent", hop);
  if (claims.iat < up.iat) broken("chain_widened", "/iat", "a child is not older than its parent", hop);
  checkTimes(claims, now, limits, expiry);
  if (claims.sub !== undefined && claims.sub !== root.sub)
    broken("principal_changed", "/sub", "the subject stays the root's", hop);
  if (claims.txn !== undefined && claims.txn !== root.txn)
    broken("principal_changed", "/txn", "the transaction stays the root's", hop);
  if (claims.aud !== undefined && !claims.aud.every((name) => audience.includes(name))) {
    broken("chain_widened", "/aud", "a child's audience is part of its parent's", hop);
  }
  const widening = wideningOf(grantOf(up), grantOf(claims));
  if (widening !== undefined) broken("chain_widened", TOOLS_POINTER + widening.pointer, widening.rule, hop);
}

function checkTimes(claims: TokenClaims, now: number, limits: Limits, expiry: typeof checkAlive): void {
  if (claims.exp <= claims.iat)
    broken("token_malformed", "/exp", "a token expires after it was issued", claims.del_depth + 1);
  expiry(claims.exp, now);
  if (claims.iat > now + limits.skewSeconds) {
    const rule = `an iat may be ${limits.skewSeconds} seconds ahead of the verifier's clock; see whether that is behind, or the signer's fast`;
    broken("token_not_yet_valid", "/iat", rule, claims.del_depth + 1, timeAway(claims.iat - now));
  }
}

/** @throws {HopwiseError} `token_expired` */
export function checkAlive(expiresAt: number, now: number): void {
  if (expiresAt <= now) {
    const message = `the chain has expired${timeAway(expiresAt - now)}; have it delegated anew`;
    throw new HopwiseError("token_expired", message, { pointer: "/exp" });
  }
}

/** Ends the verification with the place, the rule, and the hop whose token breaks it. */
export function broken(code: CodesOf<"token">, pointer: string, rule: string, hop: number, detail = ""): never {
  throw new HopwiseError(code, `the chain breaks at hop ${hop}, "${pointer}": ${rule}${detail}`, {
    pointer,
    rule,
    hop,
  });
}
