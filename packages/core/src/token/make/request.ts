import { encodeBase64url, type PublicJwk, verify } from "../../crypto/index.ts";
import { HopwiseError } from "../../errors.ts";
import { canonicalJson, hasExactly, isJsonObject, type JsonValue, parseJsonBytes } from "../../json/index.ts";
import { either, members, mustBe, type Shape, text } from "../../options/index.ts";
import { checkSigner, SIGNER } from "../claims/index.ts";
import { algorithmOf, importKnownKey, parsePublicJwk, type Signer, signJws, splitJws } from "../keys/index.ts";

/** The holder of a new token: a key in this process, or a remote holder's answer to a challenge. */
export type Holder = Signer | RemoteHolder;

/** A remote holder's request, with the challenge that it answers. */
export interface RemoteHolder {
  /** The text that {@link requestDelegation} gave there. */
  readonly request: string;
  /** The text that {@link createChallenge} gave here, for this holder, once. */
  readonly challenge: string;
}

const A_HOLDER = "a signer, or { request, challenge } of a remote holder";

export const HOLDER: Shape = either(
  A_HOLDER,
  SIGNER,
  members<RemoteHolder>(
    {
      request: text("what requestDelegation gave to the remote holder"),
      challenge: text("what createChallenge gave here"),
    },
    A_HOLDER,
  ),
);

const TYPE = "hopwise-request+jwt";

/** 16 random bytes, base64url: sent to a remote holder, so that it can show that it has its key now. */
export function createChallenge(): string {
  return encodeBase64url(crypto.getRandomValues(new Uint8Array(16)));
}

/**
 * Asks for a delegation to the signer's key: the public key, with a challenge signed by the private one (AAT draft,
 * section 3.7.3, step 5). The private key does not leave.
 *
 * @throws {HopwiseError} `config_invalid`
 */
export async function requestDelegation(signer: Signer, challenge: string): Promise<string> {
  checkSigner("requestDelegation", signer);
  if (typeof challenge !== "string" || challenge === "") {
    mustBe("requestDelegation", "challenge", "what createChallenge gave to the delegator", challenge);
  }
  return signJws({ typ: TYPE }, canonicalJson({ challenge, jwk: { ...signer.publicJwk } } as JsonValue), signer);
}

/**
 * The public key of a holder who proved to have the private one.
 *
 * @throws {HopwiseError} `proof_invalid`, `token_key_refused`
 */
export async function holderKey(holder: Holder): Promise<PublicJwk> {
  if ("publicJwk" in holder) return holder.publicJwk;
  const refuse = (rule: string): never => {
    throw new HopwiseError("proof_invalid", `the request for a delegation is not acceptable: ${rule}`, { rule });
  };
  const jws = splitJws(
    holder.request,
    { typ: TYPE, kid: "forbidden" },
    "proof_invalid",
    "the request for a delegation",
  );
  const payload = parseJsonBytes(jws.payload, {
    code: "proof_invalid",
    what: "the request for a delegation",
    maxDepth: 3,
  });
  if (!isJsonObject(payload) || !hasExactly(payload, ["challenge", "jwk"]))
    return refuse("challenge and jwk are expected");
  if (payload["challenge"] !== holder.challenge) return refuse("it answers another challenge");
  const jwk = parsePublicJwk(payload["jwk"], "proof_invalid", "/jwk");
  const key = await importKnownKey(jwk);
  if (jws.header["alg"] !== algorithmOf(jwk) || !(await verify(key.verification, jws.signingInput, jws.signature))) {
    return refuse("the key in it did not sign it");
  }
  return jwk;
}
