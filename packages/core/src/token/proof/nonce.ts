import { decodeBase64url, encodeBase64url } from "../../crypto/index.ts";
import { onceInProcess } from "../../lib/index.ts";
import { checkSeconds, maybe, mustBe, optionsOf, setOrLeftOut, such, whole } from "../../options/index.ts";

/**
 * Challenges for proofs: instead of trusting the holder's clock within a window, a verifier asks for a proof that names
 * a nonce of its own (as RFC 9449, section 8, does for DPoP). A nonce is good for one proof.
 */
export interface Nonces {
  /** @param nowSeconds since the epoch, with their fraction */
  issue(nowSeconds: number): Promise<string>;
  /** When a nonce was made, and until when it is good; undefined for one that has lapsed or was not made here. */
  timesOf(nonce: string, nowSeconds: number): Promise<NonceTimes | undefined>;
}

/** In seconds since the epoch. */
export interface NonceTimes {
  /** With its fraction. A memory that began later cannot tell whether the nonce was used before. */
  readonly issuedAt: number;
  readonly expiresAt: number;
}

export interface NoncesOptions {
  /**
   * At least 32 bytes, shared by all instances that accept each other's nonces; these must share their `state`, too. Default:
   * random, for this instance.
   */
  readonly secret?: Uint8Array;
  /** How long a nonce may be used. Default 60. */
  readonly lifetimeSeconds?: number;
}

/** Those of a secret that was given: whoever has it, too, takes them. */
const OF_GIVEN_SECRET = onceInProcess("shared-nonces/1", () => new WeakSet<object>());

/** Whether other processes may take these nonces, too, since somebody gave their secret. */
export function areShared(nonces: unknown): boolean {
  return OF_GIVEN_SECRET.has(Object(nonces));
}

const RANDOM_BYTES = 16;
const TIME_BYTES = 8;
const BODY_BYTES = RANDOM_BYTES + 2 * TIME_BYTES;

const readOptions = optionsOf<NoncesOptions>("createNonces", {
  secret: setOrLeftOut(
    such(
      "at least 32 bytes, such as crypto.getRandomValues(new Uint8Array(32))",
      (secret) => secret instanceof Uint8Array && secret.length >= 32,
    ),
  ),
  lifetimeSeconds: maybe(whole({ min: 1, max: 3600, example: 60 })),
});

/**
 * Nonces that carry their own times under a MAC, so giving one out stores nothing. The replay store sees to it that each
 * is used once.
 *
 * @throws {HopwiseError} `config_invalid` for a short secret
 */
export function createNonces(options: NoncesOptions = {}): Nonces {
  const read = readOptions(options);
  const { secret = crypto.getRandomValues(new Uint8Array(32)), lifetimeSeconds = 60 } = read;
  const key = crypto.subtle.importKey("raw", new Uint8Array(secret), { name: "HMAC", hash: "SHA-256" }, false, [
    "sign",
    "verify",
  ]);

  const nonces: Nonces = {
    issue: async (now) => {
      checkSeconds("issue", "nowSeconds", now);
      const body = new Uint8Array(BODY_BYTES);
      crypto.getRandomValues(body.subarray(0, RANDOM_BYTES));
      const times = new DataView(body.buffer, RANDOM_BYTES);
      times.setFloat64(0, now);
      times.setFloat64(TIME_BYTES, Math.floor(now) + lifetimeSeconds);
      const mac = new Uint8Array(await crypto.subtle.sign("HMAC", await key, body));
      return encodeBase64url(Uint8Array.of(...body, ...mac));
    },
    timesOf: async (nonce, now) => {
      if (typeof nonce !== "string") mustBe("timesOf", "nonce", "the nonce that a proof names", nonce);
      checkSeconds("timesOf", "nowSeconds", now);
      const bytes = Uint8Array.from(decodeBase64url(nonce) ?? []);
      if (bytes.length !== BODY_BYTES + 32) return undefined;
      const body = bytes.slice(0, BODY_BYTES);
      if (!(await crypto.subtle.verify("HMAC", await key, bytes.slice(BODY_BYTES), body))) return undefined;
      const times = new DataView(body.buffer, RANDOM_BYTES);
      const expiresAt = times.getFloat64(TIME_BYTES);
      return expiresAt > now ? { issuedAt: times.getFloat64(0), expiresAt } : undefined;
    },
  };
  if (read.secret !== undefined) OF_GIVEN_SECRET.add(nonces);
  return nonces;
}
