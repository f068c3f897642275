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
 * @param deadlineMs how long the keys of an anchor may take
 */
export function createAnchorKeys(
  anchors: AnchorsNow,
  importKey: (jwk: PublicJwk) => Promise<KnownKey>,
  deadlineMs: number,
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

  const keysOf = ({ issuer, keys }: TrustAnchor, kid: string): Known | Promise<Known> => {
    const fail = (cause: unknown): never => {
      // Not an outage: the source has keys, and may not ask yet whether there is a new one.
      const isUnknown = isOwn(cause) && cause.code === "issuer_key_unknown";
      if (isUnknown)
        throw new HopwiseError(cause.code, `the kid is not one of "${issuer}": ${cause.message}`, { cause });
      const message = `the keys of "${issuer}" cannot be had: ${faultOf(cause, "their source")}`;
      throw new HopwiseError("issuer_keys_unavailable", message, { cause });
    };
    const published = async (source: KeySource): Promise<Known> =>
      usableOf(await settleInTime(deadlineMs, source.find(kid)), kid);
    return isKeySource(keys) ? published(keys).catch(fail) : usableOf(keys, kid);
  };

  return {
    ask: (kid, issuer) => {
      const asked = issuer === undefined ? anchors() : anchors().filter((anchor) => anchor.issuer === issuer);
      return asked.map((anchor) => {
        const keys = keysOf(anchor, kid);
        if (isThenable(keys)) keys.catch(() => {}); // nobody waits for an anchor whose answer is not needed
        return { anchor, keys };
      });
    },
  };
}

function present(keys: readonly (KnownKey | undefined)[]): Known {
  return keys.filter((key) => key !== undefined);
}
