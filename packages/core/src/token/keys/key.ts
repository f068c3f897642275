import type { ErrorCode } from "../../codes.ts";
import {
  decodeBase64url,
  importKey,
  isP256Point,
  isUsableEd25519Point,
  type PublicJwk,
  type SignatureAlgorithm,
  sha256,
  type VerificationKey,
} from "../../crypto/index.ts";
import { HopwiseError } from "../../errors.ts";
import { canonicalJson, hasExactly, isJsonObject, type JsonObject, type JsonValue } from "../../json/index.ts";
import { mustBe, reading } from "../../options/index.ts";
import type { Thumbprint } from "./names.ts";

/** A checked public key: well formed, on its curve, with its RFC 7638 thumbprint. */
export interface KnownKey {
  readonly jwk: PublicJwk;
  readonly thumbprint: Thumbprint;
  readonly verification: VerificationKey;
}

/**
 * Reads a public JWK: exactly the members that RFC 7638 takes for a thumbprint, without a private part, a second
 * spelling or an `alg` of its own. Whether it may be used, {@link importKnownKey} tells.
 *
 * @throws {HopwiseError} `code` for a wrong shape
 */
export function parsePublicJwk(value: JsonValue | undefined, code: ErrorCode, pointer: string): PublicJwk {
  const refuse = (rule: string): never => {
    throw new HopwiseError(code, `the key at "${pointer}" is broken: ${rule}`, { pointer, rule });
  };
  if (!isJsonObject(value)) return refuse("a JWK object is expected");
  const { kty, crv, x, y } = value;
  const coordinate = (text: JsonValue | undefined): string => {
    if (typeof text !== "string" || decodeBase64url(text)?.length !== 32)
      return refuse("a coordinate is not 32 bytes of base64url");
    return text;
  };
  if (kty === "OKP" && crv === "Ed25519") {
    if (!hasExactly(value, ["kty", "crv", "x"])) return refuse("an Ed25519 key has exactly crv, kty and x");
    return { kty, crv, x: coordinate(x) };
  }
  if (kty === "EC" && crv === "P-256") {
    if (!hasExactly(value, ["kty", "crv", "x", "y"])) return refuse("a P-256 key has exactly crv, kty, x and y");
    return { kty, crv, x: coordinate(x), y: coordinate(y) };
  }
  return refuse("only Ed25519 and P-256 keys are known");
}

/**
 * Reads a public JWK as {@link parsePublicJwk} does, and looks at its point: for a key that is kept or named, and not imported,
 * which would show that.
 *
 * @throws {HopwiseError} `code` for a wrong shape, `token_key_refused` for a key that must not be used
 */
export function parseKeptJwk(value: JsonValue | undefined, code: ErrorCode = "config_invalid"): PublicJwk {
  const jwk = parsePublicJwk(value, code, "");
  refuseSmallOrder(jwk);
  if (jwk.kty === "OKP" || isP256Point(bytesOf(jwk.x), bytesOf(jwk.y))) return jwk;
  throw new HopwiseError("token_key_refused", "a P-256 key is not a point on its curve; make a new key");
}

/** What importing a key does not show. */
function refuseSmallOrder(jwk: PublicJwk): void {
  if (jwk.kty === "EC" || isUsableEd25519Point(bytesOf(jwk.x))) return;
  throw new HopwiseError("token_key_refused", "an Ed25519 key is of small order or not canonical; make a new key");
}

type Published = { readonly [member in "kty" | "crv" | "x" | "y" | "d"]?: unknown };

/**
 * Reads a key as its owner publishes it, with other members beside it, such as `use`. Published with its private part it is no
 * key any more: everybody could sign with it.
 *
 * @throws {HopwiseError} `token_key_refused`
 */
export function parsePublishedJwk({ kty, crv, x, y, d }: Published): PublicJwk {
  const jwk = { kty, crv, x, ...(y !== undefined && { y }), ...(d !== undefined && { d }) } as JsonValue;
  return parseKeptJwk(jwk, "token_key_refused");
}

function bytesOf(coordinate: string): Uint8Array {
  return decodeBase64url(coordinate) as Uint8Array;
}

/**
 * Imports a key that {@link parsePublicJwk} let through.
 *
 * @throws {HopwiseError} `token_key_refused`
 */
export async function importKnownKey(jwk: PublicJwk): Promise<KnownKey> {
  refuseSmallOrder(jwk);
  try {
    return { jwk, thumbprint: await digestOf(jwk), verification: await importKey(jwk) };
  } catch (cause) {
    throw new HopwiseError("token_key_refused", "a key is not a point on its curve; make a new key", { cause });
  }
}

/** The key of a thumbprint among those that somebody gave; undefined where none of them has it. */
export async function keyAmong(keys: readonly PublicJwk[], thumbprint: Thumbprint): Promise<KnownKey | undefined> {
  for (const jwk of keys) if ((await thumbprintOf(jwk)) === thumbprint) return importKnownKey(jwk);
  return undefined;
}

const JWK = "a public JWK, such as signer.publicJwk";

/**
 * SHA-256 JWK thumbprint (RFC 7638), of the required members only: a registry may keep others, such as `kid`, with a
 * key.
 *
 * @throws {HopwiseError} `config_invalid` for what is no key
 */
export async function thumbprintOf(jwk: PublicJwk): Promise<Thumbprint> {
  return thumbprintFor("thumbprintOf", jwk);
}

/**
 * The `kid` that an issuer's key has where `createIssuer` is given none: the first characters of its thumbprint. For a trust
 * anchor that is written by hand.
 *
 * @throws {HopwiseError} `config_invalid` for what is no key
 */
export async function kidOf(jwk: PublicJwk): Promise<string> {
  return (await thumbprintFor("kidOf", jwk)).slice(0, 8);
}

/** What is no key has no thumbprint: to revoke or pin that would name nobody. */
async function thumbprintFor(called: string, jwk: PublicJwk): Promise<Thumbprint> {
  const { kty, crv, x, y } = reading(called, "jwk", JWK, jwk, (given) => ({ y: undefined, ...given }));
  if (typeof kty !== "string") mustBe(called, "jwk", JWK, jwk);
  return digestOf(givenJwk(called, "jwk", JWK, y === undefined ? { kty, crv, x } : { kty, crv, x, y }));
}

/**
 * A public key that a program gave to a function, told of in the words of that function.
 *
 * @param what is expected
 * @throws {HopwiseError} `config_invalid`
 */
export function givenJwk(called: string, name: string, what: string, members: JsonObject): PublicJwk {
  try {
    return parseKeptJwk(members);
  } catch (cause) {
    const { rule, message } = cause as HopwiseError;
    const why = rule ?? message;
    throw new HopwiseError("config_invalid", `${called}: ${name} must be ${what}: ${why}`, { rule: why });
  }
}

async function digestOf(jwk: PublicJwk): Promise<Thumbprint> {
  return (await sha256(canonicalJson({ ...jwk }))) as Thumbprint;
}

/** JWK thumbprint URI (RFC 9278), the `iss` of a derived token. */
export function thumbprintUri(thumbprint: Thumbprint): string {
  return `urn:ietf:params:oauth:jwk-thumbprint:sha-256:${thumbprint}`;
}

/** The one algorithm that a key can sign with. */
export function algorithmOf(jwk: { readonly kty: "OKP" | "EC" }): SignatureAlgorithm {
  return jwk.kty === "OKP" ? "Ed25519" : "ES256";
}
