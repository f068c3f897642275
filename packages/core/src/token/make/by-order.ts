import { HopwiseError } from "../../errors.ts";
import { saysForMore } from "../../lib/index.ts";

/** The member of an order that stands behind a claim, and the option of `createIssuer` that bounds it. */
const BEHIND: readonly (readonly [claim: string, member: string, bound?: string])[] = [
  ["/sub", "subject", "subjects"],
  ["/act", "agent"],
  ["/aud", "audience", "audiences"],
  ["/exp", "lifetimeSeconds", "lifetimeSeconds"],
  ["/iat", "clock"],
  ["/del_max_depth", "maxDepth", "maxDepth"],
  ["/cnf", "holder"],
  ["/txn", "txn"],
  ["/hw_src", "login"],
  ["/budget", "budget", "sharedBudgets"],
  ["/authorization_details", "grant", "tools"],
];

/** How verifiers begin to speak of a token that somebody sent. Here nobody sent one. */
const OF_A_TOKEN =
  /^(?:the issuer may not say this|the token is broken at "[^"]*"|the chain breaks at hop \d+, "[^"]*"): /;

/**
 * Holds what was ordered against the rules of a verifier. What these refuse is told in words of the order: who ordered knows no
 * claims, and no hops yet.
 *
 * @param called the function that was called with the order
 */
export function byOrder<T>(called: "issue" | "delegate", rules: () => T): T {
  try {
    return rules();
  } catch (cause) {
    if (!(cause instanceof HopwiseError)) throw cause;
    const { code, message, pointer = "", rule } = cause;
    const [, named, bound] = BEHIND.find(([claim]) => pointer === claim || pointer.startsWith(`${claim}/`)) ?? [];
    if (named === undefined) throw cause;
    const member = called === "delegate" && named === "agent" ? "to" : named;
    // Where one of `limits` is the tighter bound, the rule names it: to raise the other one would change nothing.
    const isAnchors = code === "token_untrusted_issuer" && !saysForMore(message);
    const see = isAnchors ? `; createIssuer bounds it by ${bound}` : "";
    const words = `${called}: ${member}: ${message.replace(OF_A_TOKEN, "")}${see}`;
    throw new HopwiseError(code, words, { pointer, rule, cause });
  }
}
