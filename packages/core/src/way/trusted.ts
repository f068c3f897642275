import { HopwiseError } from "../errors.ts";
import { isListOf, listed, quietly, warner } from "../lib/index.ts";
import { answerOf } from "../options/index.ts";
import { checkLaterIssuers } from "../principal/index.ts";
import {
  type AnchorsNow,
  anchorsOf,
  type Check,
  isChanging,
  isKeySource,
  type KeySource,
  type TrustAnchor,
  type TrustedKey,
} from "../token/index.ts";
import type { AuthorizerOptions } from "./options.ts";

/** Refuses anchors that would change what policies see of users. */
export function trustCheck({ trust, users }: Pick<AuthorizerOptions, "trust" | "users">): Check {
  const began = issuersOf(anchorsOf(trust)());
  return (next) => checkLaterIssuers(began, issuersOf(next), users);
}

export function issuersOf(anchors: readonly TrustAnchor[]): readonly string[] {
  return anchors.map(({ issuer }) => issuer);
}

/**
 * Tells of anchors that may name other enforcement points and not this one: every chain of theirs would be refused. An anchor
 * that lets its issuer approve is of use all the same; and anchors that can change may be those of several enforcement points.
 */
export function warnOfElsewhere({
  trust,
  audience,
  onWarning,
}: Pick<AuthorizerOptions, "trust" | "audience" | "onWarning">): void {
  if (isChanging(trust)) return;
  const own = [audience].flat();
  const elsewhere = trust.filter(
    ({ audiences, approvals }) => approvals !== true && !audiences.some((name) => own.includes(name)),
  );
  if (elsewhere.length === 0) return;
  const [issuers, theirs] = [issuersOf(elsewhere), elsewhere.flatMap(({ audiences }) => audiences)].map(listed);
  const text = `no chain of ${issuers} is ever taken here: trust lets it name ${theirs}, and this enforcement point is ${listed(own)}. Names are compared as they are written, with each slash`;
  warner(onWarning)(text);
}

/** The anchors of the moment, whose key sources behave: another list once they were replaced, and only then. */
export function trustedBy(options: Pick<AuthorizerOptions, "trust">, deadlineMs: number): AnchorsNow {
  const trust = anchorsOf(options.trust);
  let given: readonly TrustAnchor[] | undefined;
  let behaved: readonly TrustAnchor[] = [];
  return () => {
    const now = trust();
    if (now !== given) {
      given = now;
      behaved = now.map((anchor) => {
        const { keys } = anchor;
        if (!isKeySource(keys)) return anchor;
        // Nobody waits: what fails is told by its health, and by the call that needs it.
        quietly(() => keys.begin?.());
        return { ...anchor, keys: behavedKeys(keys, deadlineMs) };
      });
    }
    return behaved;
  };
}

function behavedKeys(source: KeySource, deadlineMs: number): KeySource {
  return {
    find: async (kid) => {
      const found = await answerOf(
        deadlineMs,
        "issuer_keys_unavailable",
        "the issuer's source of keys",
        () => source.find(kid),
        "issuer_key_unknown",
      );
      const keys = keysFrom(found);
      if (keys !== undefined) return keys;
      throw new HopwiseError("issuer_keys_unavailable", "the issuer's source of keys gave no list of { kid, jwk }");
    },
    ...(source.renew !== undefined && {
      renew: (kid: string) =>
        answerOf(deadlineMs, "issuer_keys_unavailable", "the issuer's source of keys", () => source.renew?.(kid)),
    }),
    health: async () => (await source.health?.()) ?? { ok: true },
  };
}

/** The keys that a source gave, each read once; undefined where it gave something else. */
function keysFrom(found: unknown): readonly TrustedKey[] | undefined {
  const keys: TrustedKey[] = [];
  const isList = isListOf(found, (key) => {
    const { kid, jwk } = Object(key) as TrustedKey;
    keys.push({ kid, jwk });
    return typeof kid === "string" && typeof jwk === "object";
  });
  return isList ? keys : undefined;
}
