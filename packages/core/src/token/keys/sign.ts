import type { ErrorCode } from "../../codes.ts";
import { verify } from "../../crypto/index.ts";
import { HopwiseError } from "../../errors.ts";
import { settleInTime } from "../../lib/index.ts";
import { importKnownKey } from "./key.ts";
import { isMadeHere, type Signer } from "./signer.ts";

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
    throw new HopwiseError("signing_failed", "the signer did not sign: it failed, or gave no answer in time", {
      cause,
    });
  }
  const signature = signatureIn(given, "signing_failed", "the signer");
  if (isMadeHere(signer)) return signature;
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
