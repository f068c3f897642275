import type { JSONWebKeySet, JWK } from "jose";
import type { PublicJwk } from "../../crypto/index.ts";
import { HopwiseError } from "../../errors.ts";
import { deepFrozen, type Health } from "../../lib/index.ts";
import { argumentOf, atLeast, func, list, maybe, optionsOf, readerOf, whole } from "../../options/index.ts";
import { fetchedSet, type RemoteJwksOptions } from "./fetched-set.ts";
import { JWKS_URL } from "./https-address.ts";
import { parsePublishedJwk } from "./key.ts";

/** A public key of an issuer. */
export interface TrustedKey {
  readonly kid: string;
  readonly jwk: PublicJwk;
}

/** Where an issuer's keys come from while they change. */
export interface KeySource {
  /**
   * The keys that are published under a `kid` now; an empty list for a `kid` that is unknown or no longer published.
   * Throws where it cannot tell: then chains of this issuer are denied, and no others; `issuer_key_unknown` where it has keys,
   * and may not ask yet whether there is a new one. Keys that cannot be used are as
   * good as not there.
   */
  find(kid: string): Promise<readonly TrustedKey[]>;
  /**
   * Told that none of the keys that it gave under a `kid` made a signature: another may have taken their place under the same
   * one. It asks for its keys anew, where it may; `find` gives what came. Left out: `find` always gives the keys of the moment.
   */
  renew?(kid: string): Promise<void>;
  /** Told when an authorizer begins that will ask, which does not wait for it. */
  begin?(): void | Promise<void>;
  /** Whether it has keys just now, and why not; it may ask for them. Left out: it says nothing of itself. */
  health?(): Promise<KeysHealth>;
}

/** How a source of keys is. */
export interface KeysHealth extends Health {
  /** When the keys that it has were fetched (ISO 8601, UTC). */
  readonly since?: string;
}

/** Whether keys are published, and asked for each time; else they are a list. */
export function isKeySource(keys: readonly TrustedKey[] | KeySource): keys is KeySource {
  return !Array.isArray(keys);
}

const readSet = argumentOf<{ readonly keys: readonly JWK[] }>(
  "localJwks",
  "set",
  atLeast<{ readonly keys: readonly JWK[] }>(
    { keys: list(atLeast<object>({}, "a JWK, an object"), "a list of JWKs") },
    "a JWK Set, { keys: […] }",
  ),
);

/**
 * The keys of a JWK Set (RFC 7517, section 5) that Hopwise can use. It leaves out others, such as RSA keys, keys that
 * their owner marked for another use (`use`, `key_ops`, `alg`, section 4), and keys that were published with their private
 * part.
 *
 * @throws {HopwiseError} `config_invalid` for what is no JWK Set, or has something else than objects in it
 */
export function localJwks(set: { readonly keys: readonly JWK[] }): readonly TrustedKey[] {
  return readSet(set).keys.flatMap((published) => {
    const { kid, use, key_ops, alg, kty } = published;
    if (typeof kid !== "string" || (use !== undefined && use !== "sig")) return [];
    if (key_ops !== undefined && !(Array.isArray(key_ops) && key_ops.includes("verify"))) return [];
    if (alg !== undefined && !(kty === "EC" ? ["ES256"] : ["Ed25519", "EdDSA"]).includes(alg)) return [];
    try {
      return [deepFrozen({ kid, jwk: parsePublishedJwk(published) })];
    } catch {
      return [];
    }
  });
}

const readOptions = optionsOf<RemoteJwksOptions>("remoteJwks", {
  fetch: maybe(func("a function like fetch")),
  timeoutMs: maybe(whole({ min: 1, max: 60_000, example: 5000 })),
  maxAgeMs: maybe(whole({ min: 0, max: 86_400_000, example: 600_000 })),
  cooldownMs: maybe(whole({ min: 0, max: 86_400_000, example: 60_000 })),
});

const readUrl = readerOf<string>("remoteJwks", JWKS_URL);

/**
 * An issuer's keys at the address that *you* configure; no token can name an address. Fetches run one at a time, and at
 * most one in each cool-down: ten thousand unknown `kid`s, or signatures that do not verify, cause one fetch. From half of their
 * time on, whoever asks for a key has the set fetched anew, and does not wait. While the
 * endpoint is down, the fetched keys are used until they are too old; after that, none is, and it is asked again after
 * pauses that grow from a second to the cool-down. A key set of more than a megabyte is not read to its end, and counts as
 * none. An authorizer asks for the keys when it is made, so that its first call need not wait.
 *
 * @throws {HopwiseError} `config_invalid` for an address that is not https (or on this machine), for a cool-down that is longer
 *   than keys are used
 */
export function remoteJwks(url: string, options: RemoteJwksOptions = {}): KeySource {
  const set = fetchedSet(new URL(readUrl(url)), readOptions(options));
  const keys = heldKeys(set.jwks);
  const noKeys = (): string => `the issuer's keys could not be fetched, or what was fetched is too old: ${set.later()}`;
  return {
    find: async (kid) => {
      let isAsked = !set.isFresh() && (await set.refresh());
      if (!isAsked && !set.isFresh()) throw new HopwiseError("issuer_keys_unavailable", noKeys());
      if (!isAsked && set.isAging()) void set.refresh();
      const known = keys.of(kid);
      if (known.length > 0) return known;
      isAsked ||= await set.refresh();
      if (isAsked || keys.isWithdrawn(kid)) return keys.of(kid);
      const why = `its keys have no such kid, and may not be asked for yet: ${set.later()}`;
      throw new HopwiseError("issuer_key_unknown", why);
    },
    renew: async () => {
      await set.refresh();
    },
    begin: set.begin,
    health: async () => {
      const isAsked = !set.isFresh() && (await set.refresh());
      if (!isAsked && !set.isFresh()) return { ok: false, problem: noKeys() };
      const told = { since: new Date(set.since() as number).toISOString() };
      if (keys.all().length > 0) return { ok: true, ...told };
      return {
        ok: false,
        problem: `${set.place}: its answer has no key that can be used: one of Ed25519 or P-256, public, with a kid, and for signatures`,
        ...told,
      };
    },
  };
}

/** How many of the `kid`s that were published before are known. */
const MOST_EARLIER = 1000;

/** The keys of the set that was fetched last, and which were in one before it. */
function heldKeys(jwksNow: () => JSONWebKeySet | undefined) {
  let read: { readonly jwks: JSONWebKeySet; readonly keys: readonly TrustedKey[] } | undefined;
  let earlier: readonly string[] = [];
  const all = (): readonly TrustedKey[] => {
    const jwks = jwksNow();
    if (jwks === undefined) return [];
    if (read?.jwks === jwks) return read.keys;
    const keys = localJwks(jwks);
    const before = (read?.keys ?? []).map(({ kid }) => kid);
    earlier = [...new Set([...earlier, ...before])].slice(-MOST_EARLIER);
    read = { jwks, keys };
    return keys;
  };
  return {
    all,
    of: (kid: string) => all().filter((key) => key.kid === kid),
    /** Of a `kid` that is not published now. */
    isWithdrawn: (kid: string) => earlier.includes(kid),
  };
}
