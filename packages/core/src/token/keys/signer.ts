import { exportJWK, generateKeyPair, importJWK, type JWK } from "jose";
import type { ErrorCode } from "../../codes.ts";
import { type PublicJwk, type SignatureAlgorithm, verify } from "../../crypto/index.ts";
import { HopwiseError } from "../../errors.ts";
import type { JsonObject } from "../../json/index.ts";
import { settleInTime } from "../../lib/index.ts";
import { argumentOf, choice, mustBe, reading } from "../../options/index.ts";
import { algorithmOf, givenJwk, importKnownKey } from "./key.ts";

/**
 * A private key that signs but cannot be read. Implement it over a key store or a cloud key service to keep keys out of
 * the process.
 */
export interface Signer {
  readonly publicJwk: PublicJwk;
  /** Signs bytes: Ed25519 (RFC 8032), or ES256 as r and s of 32 bytes each (RFC 7518, section 3.4). */
  sign(data: Uint8Array): Promise<Uint8Array>;
}

/** Those whose signatures are by their own public key. */
const madeHere = new WeakSet<Signer>();

type PrivateKey = Parameters<typeof crypto.subtle.sign>[1];

const parameters = {
  Ed25519: { name: "Ed25519" },
  ES256: { name: "ECDSA", hash: "SHA-256" },
} as const satisfies Record<SignatureAlgorithm, object>;

const readAlgorithm = argumentOf<SignatureAlgorithm>("generateSigner", "algorithm", choice("Ed25519", "ES256"));

/** Makes a new key whose private part cannot be taken out of the process's WebCrypto. */
export async function generateSigner(algorithm: SignatureAlgorithm = "Ed25519"): Promise<Signer> {
  readAlgorithm(algorithm);
  const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: false });
  return signerOf(privateKey, (await exportJWK(publicKey)) as PublicJwk);
}

const PRIVATE = "a private JWK, with d";

/**
 * Takes a private key in JWK form (RFC 7517), for keys that must outlive the process. The key handle it makes is not
 * extractable; the caller must guard the JWK itself.
 *
 * @throws {HopwiseError} `config_invalid`
 */
export async function signerFromJwk(privateJwk: JWK): Promise<Signer> {
  const { kty, crv, x, y, d } = reading("signerFromJwk", "privateJwk", PRIVATE, privateJwk, (jwk) => ({ ...jwk }));
  if (typeof d !== "string") mustBe("signerFromJwk", "privateJwk", PRIVATE, privateJwk);
  const own = { kty, crv, x, ...(y !== undefined && { y }) } as JsonObject;
  const publicJwk = givenJwk("signerFromJwk", "privateJwk", PRIVATE, own);
  let key: unknown;
  try {
    key = await importJWK({ ...publicJwk, d, ext: false }, algorithmOf(publicJwk));
  } catch (cause) {
    const problem = "d is not the private half of the public key that stands beside it; take both from one key";
    throw new HopwiseError("config_invalid", `signerFromJwk: ${problem}`, { cause });
  }
  return signerOf(key as PrivateKey, publicJwk);
}

function signerOf(privateKey: PrivateKey, publicJwk: PublicJwk): Signer {
  const algorithm = parameters[algorithmOf(publicJwk)];
  const signer: Signer = {
    publicJwk,
    sign: async (data) => {
      // Of anything else, no bytes or zeros would be signed.
      if (!ArrayBuffer.isView(data)) mustBe("sign", "data", "the bytes to sign, a Uint8Array", data);
      return new Uint8Array(await crypto.subtle.sign(algorithm, privateKey, new Uint8Array(data)));
    },
  };
  madeHere.add(signer);
  return signer;
}

/** A key store may be away for a moment, and must not hold its caller for ever. */
const SIGNING_MS = 10_000;

/** Of both algorithms: RFC 8032, section 5.1.6, and RFC 7518, section 3.4. */
const SIGNATURE_BYTES = 64;

const encoder = new TextEncoder();

/**
 * A signature by a signer of whatever make. Each one of a signer that was not made here is held against its public key: what a key
 * service signs by another key would look right here, and be refused everywhere else. That its key was the right one says nothing
 * of the next signature, since a name in such a service may be given to a new key.
 *
 * @param input what is signed, as ASCII
 * @throws {HopwiseError} `signing_failed`; `config_invalid` where it signs by another key than its `publicJwk`
 */
export async function signatureBy(signer: Signer, input: string): Promise<Uint8Array> {
  let given: unknown;
  try {
    given = await settleInTime(SIGNING_MS, signer.sign(encoder.encode(input)));
  } catch (cause) {
    const message = "the signer did not sign: it failed, or gave no answer in time";
    throw new HopwiseError("signing_failed", message, { cause });
  }
  const signature = signatureIn(given, "signing_failed", "the signer");
  if (madeHere.has(signer)) return signature;
  const { verification } = await importKnownKey(signer.publicJwk);
  if (!(await verify(verification, input, signature))) {
    throw new HopwiseError(
      "config_invalid",
      "the signer does not sign by the private key of its own publicJwk, so that nobody would accept what it signs; give it the public key of the key that it signs with",
    );
  }
  return signature;
}

/** What a signer gave, where it has the form of a signature of ours. @throws {HopwiseError} `code`, of the signer that is named */
export function signatureIn(given: unknown, code: ErrorCode, signer: string): Uint8Array {
  if (given instanceof Uint8Array && given.length === SIGNATURE_BYTES) return given;
  const form = "of ECDSA it is r and s, 32 bytes each, and not DER";
  throw new HopwiseError(code, `${signer} gave no signature of ${SIGNATURE_BYTES} bytes; ${form}`);
}
