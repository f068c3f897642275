import { createRemoteJWKSet, customFetch, type JSONWebKeySet, type JWK } from "jose";
import type { PublicJwk } from "../../crypto/index.ts";
import { HopwiseError } from "../../errors.ts";
import type { JsonValue } from "../../json/index.ts";
import { readText, settleInTime } from "../../lib/index.ts";
import { argumentOf, atLeast, func, list, maybe, optionsOf, readerOf, whole } from "../../options/index.ts";
import { JWKS_URL } from "./https-address.ts";
import { parsePublicJwk } from "./key.ts";

/** A public key of an issuer. */
export interface TrustedKey {
  readonly kid: string;
  readonly jwk: PublicJwk;
}

/** Where an issuer's keys come from while they change. */
export interface KeySource {
  /**
   * The keys that are published under a `kid` now; an empty list for a `kid` that is unknown or no longer published.
   * Throws where it cannot tell: then chains of this issuer are denied, and no others. Keys that cannot be used are as
   * good as not there.
   */
  find(kid: string): Promise<readonly TrustedKey[]>;
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
 * The keys of a JWK Set (RFC 7517, section 5) that Hopwise can use. It leaves out others, such as RSA keys and keys
 * that their owner marked for another use (`use`, `key_ops`, `alg`, section 4).
 *
 * @throws {HopwiseError} `config_invalid` for what is no JWK Set, or has something else than objects in it
 */
export function localJwks(set: { readonly keys: readonly JWK[] }): readonly TrustedKey[] {
  return readSet(set).keys.flatMap(({ kid, use, key_ops, alg, kty, crv, x, y }) => {
    if (typeof kid !== "string" || (use !== undefined && use !== "sig")) return [];
    if (key_ops !== undefined && !(Array.isArray(key_ops) && key_ops.includes("verify"))) return [];
    if (alg !== undefined && !(kty === "EC" ? ["ES256"] : ["Ed25519", "EdDSA"]).includes(alg)) return [];
    try {
      const jwk = { kty, crv, x, ...(y !== undefined && { y }) } as JsonValue;
      return [{ kid, jwk: parsePublicJwk(jwk, "token_key_refused", "") }];
    } catch {
      return [];
    }
  });
}

/** Longer than the key set of any issuer, and what a key set may cost in memory. */
const MAX_BYTES = 1024 * 1024;

/** An answer that is read here, as far as it is not too long. */
async function fetched(ask: () => Promise<Response>): Promise<Response> {
  const response = await ask();
  if (response.status !== 200) return response;
  const text = await readText(response, MAX_BYTES);
  if (text === undefined) throw new Error(`the key set is longer than ${MAX_BYTES} bytes`);
  return new Response(text);
}

export interface RemoteJwksOptions {
  readonly fetch?: typeof globalThis.fetch;
  /** How long a fetch may take. Default 5 seconds. */
  readonly timeoutMs?: number;
  /** How long fetched keys are used. A withdrawn key is trusted no longer than this. Default 10 minutes. */
  readonly maxAgeMs?: number;
  /** Least time between two fetches, also after a failed one or for an unknown `kid`. Default 1 minute. */
  readonly cooldownMs?: number;
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
 * most one in each cool-down: ten thousand unknown `kid`s cause one fetch. While the endpoint is down, the fetched keys
 * are used until they are too old; after that, none is. A key set of more than a megabyte is not read to its end, and counts
 * as none.
 *
 * @throws {HopwiseError} `config_invalid` for an address that is not https (or on this machine)
 */
export function remoteJwks(url: string, options: RemoteJwksOptions = {}): KeySource {
  const { timeoutMs = 5000, maxAgeMs = 600_000, cooldownMs = 60_000, fetch } = readOptions(options);
  const set = createRemoteJWKSet(new URL(readUrl(url)), {
    timeoutDuration: timeoutMs,
    cooldownDuration: cooldownMs,
    cacheMaxAge: maxAgeMs,
    // A fetch that takes no notice of its signal would stand for every later one.
    [customFetch]: (input, init) =>
      settleInTime(
        timeoutMs,
        fetched(() => (fetch ?? globalThis.fetch)(input, init)),
      ),
  });
  let lastTry = Number.NEGATIVE_INFINITY;
  let read: { readonly jwks: JSONWebKeySet; readonly keys: readonly TrustedKey[] } | undefined;

  /** Fetches, unless that was tried a moment ago; later callers wait for the same fetch. */
  const refresh = async (): Promise<boolean> => {
    if (!set.reloading) {
      if (performance.now() - lastTry < cooldownMs) return false;
      lastTry = performance.now();
    }
    return set.reload().then(
      () => true,
      () => false,
    );
  };

  const published = (kid: string): readonly TrustedKey[] => {
    const jwks = set.jwks();
    if (jwks === undefined) return [];
    if (read?.jwks !== jwks) read = { jwks, keys: localJwks(jwks) };
    return read.keys.filter((key) => key.kid === kid);
  };

  return {
    find: async (kid) => {
      if (!set.fresh && !(await refresh()) && !set.fresh) {
        throw new HopwiseError(
          "issuer_keys_unavailable",
          "the issuer's keys could not be fetched, or what was fetched is too old",
        );
      }
      const keys = published(kid);
      if (keys.length > 0) return keys;
      await refresh();
      return published(kid);
    },
  };
}
