import type { FeedEntry, FeedTarget, Thumbprint, TokenHash } from "../token/index.ts";
import type { RevocationTarget } from "./revocation.ts";
import type { RevocationEntry } from "./revocation-entry.ts";

/** An entry as the feed has it: who wrote it, and why, is nobody's business there. Times are rounded to the stricter side. */
export function feedEntry({ id, atSeconds, target, lifts, untilSeconds }: RevocationEntry): FeedEntry {
  return {
    id,
    at: Math.max(0, Math.floor(atSeconds)),
    target: feedTarget(target),
    ...(lifts !== undefined && { lifts }),
    ...(untilSeconds !== undefined && { until: Math.max(0, Math.ceil(untilSeconds)) }),
  };
}

function feedTarget(target: RevocationTarget): FeedTarget {
  if ("token" in target) return { token: target.token };
  if ("user" in target) {
    const { issuer, subject } = target.user;
    return { user: { iss: issuer, sub: subject }, not_before: Math.max(0, Math.ceil(target.notBefore)) };
  }
  const issuer = target.issuer === undefined ? {} : { iss: target.issuer };
  return "key" in target ? { key: target.key, ...issuer } : { agent: target.agent, ...issuer };
}

/** An entry as it came by the feed. */
export function entryOfFeed({ id, at, target, lifts, until }: FeedEntry): RevocationEntry {
  return {
    id,
    atSeconds: at,
    target: targetOfFeed(target),
    by: { operator: "the feed" },
    ...(lifts !== undefined && { lifts }),
    ...(until !== undefined && { untilSeconds: until }),
  };
}

function targetOfFeed(target: FeedTarget): RevocationTarget {
  if ("token" in target) return { token: target.token as TokenHash };
  if ("user" in target) {
    return { user: { issuer: target.user.iss, subject: target.user.sub }, notBefore: target.not_before };
  }
  const issuer = target.iss === undefined ? {} : { issuer: target.iss };
  return "key" in target ? { key: target.key as Thumbprint, ...issuer } : { agent: target.agent, ...issuer };
}
