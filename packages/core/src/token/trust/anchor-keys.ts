import type { PublicJwk } from "../../crypto/index.ts";
import { faultOf, HopwiseError, isOwn } from "../../errors.ts";
import { isThenable, settleInTime } from "../../lib/index.ts";
import { isKeySource, type KeySource, type KnownKey, parsePublishedJwk, type TrustedKey } from "../keys/index.ts";
import type { AnchorsNow } from "./changing-trust.ts";
import { MAX_KEYS_PER_KID, type TrustAnchor } from "./trust.ts";

type Known = readonly KnownKey[];

/** What one anchor has under a `kid`. Each anchor answers for itself: none waits for another, nor fails with it. */
export interface AnchorAnswer {
  readonly anchor: TrustAnchor;
  /**
   * Its usable keys of this `kid`, at most four. Those that are known are there at once; else it rejects with
   * `issuer_keys_unavailable`, within the deadline.
   */
  readonly keys: Known | Promise<Known>;
  /**
   * Asks once more, after none of `keys` made a signature, and gives what came since. Left out where its keys are a list.
   */
  readonly renewed?: () => Promise<Known>;
}

/** The keys of all anchors, by `kid`. */
export interface AnchorKeys {
  /** Asks all anchors at once, or those of one issuer. The answers stand in the order of the anchors. */
  ask(kid: string, issuer?: string): readonly AnchorAnswer[];
}

/**
 * Reads the keys of trust anchors: keys that are given once, keys that are published anew each time.
 *
 * @param importKey imports a key, remembering those it saw before
 * @param deadlineMs how long the keys of an anchor may take; a second, where nobody says otherwise
 */
export function createAnchorKeys(
  anchors: AnchorsNow,
  importKey: (jwk: PublicJwk) => Promise<KnownKey>,
  deadlineMs = 1000,
): AnchorKeys {
  /** What was made of each key; a promise only until that is known, since every call of a known chain looks here. */
  const imported = new WeakMap<PublicJwk, KnownKey | undefined | Promise<KnownKey | undefined>>();

  /** A key that cannot be used is as good as not there: it must not cost the keys beside it. */
  const usable = (jwk: PublicJwk): KnownKey | undefined | Promise<KnownKey | undefined> => {
    if (Object(jwk) !== jwk || imported.has(jwk)) return imported.get(jwk);
    const fresh = Promise.resolve()
      .then(() => importKey(parsePublishedJwk(jwk)))
      .catch(() => undefined)
      .then((key) => {
        imported.set(jwk, key);
        return key;
      });
    imported.set(jwk, fresh);
    return fresh;
  };

  const usableOf = (given: readonly TrustedKey[], kid: string): Known | Promise<Known> => {
    const named = given.filter((key) => key.kid === kid).slice(0, MAX_KEYS_PER_KID);
    const keys = named.map(({ jwk }) => usable(jwk));
    return keys.some(isThenable) ? Promise.all(keys).then(present) : present(keys as (KnownKey | undefined)[]);
  };

  const published = (source: KeySource, kid: string, issuer: string, before?: () => unknown): Promise<Known> => {
    const asked = async (): Promise<Known> => {
      await settleInTime(deadlineMs, before?.());
      return usableOf(await settleInTime(deadlineMs, source.find(kid)), kid);
    };
    return asked().catch((cause) => notHad(issuer, cause));
  };

  const renewed = async (source: KeySource, kid: string, issuer: string, keys: Promise<Known>): Promise<Known> => {
    const known = new Set((await keys).map(({ thumbprint }) => thumbprint));
    // For a `kid` without a key, all of them have just been asked.
    if (known.size === 0) return [];
    const now = await published(source, kid, issuer, () => source.renew?.(kid));
    // Compared: another call may have had them fetched meanwhile.
    return now.filter(({ thumbprint }) => !known.has(thumbprint));
  };

  const answerOf = (anchor: TrustAnchor, kid: string): AnchorAnswer => {
    const { issuer, keys: source } = anchor;
    if (!isKeySource(source)) return { anchor, keys: usableOf(source, kid) };
    const keys = mayFail(published(source, kid, issuer));
    if (source.renew === undefined) return { anchor, keys };
    return { anchor, keys, renewed: () => mayFail(renewed(source, kid, issuer, keys)) };
  };

  return {
    ask: (kid, issuer) => {
      const asked = issuer === undefined ? anchors() : anchors().filter((anchor) => anchor.issuer === issuer);
      return asked.map((anchor) => answerOf(anchor, kid));
    },
  };
}

/** Nobody waits for an anchor whose answer is not needed. */
function mayFail<T>(answer: Promise<T>): Promise<T> {
  answer.catch(() => {});
  return answer;
}

function notHad(issuer: string, cause: unknown): never {
  // Not an outage: the source has keys, and may not ask yet whether there is a new one.
  const isUnknown = isOwn(cause) && cause.code === "issuer_key_unknown";
  if (isUnknown) throw new HopwiseError(cause.code, `the kid is not one of "${issuer}": ${cause.message}`, { cause });
  const message = `the keys of "${issuer}" cannot be had: ${faultOf(cause, "their source")}`;
  throw new HopwiseError("issuer_keys_unavailable", message, { cause });
}

function present(keys: readonly (KnownKey | undefined)[]): Known {
  return keys.filter((key) => key !== undefined);
}
