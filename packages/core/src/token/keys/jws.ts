import type { ErrorCode } from "../../codes.ts";
import { decodeBase64url, encodeBase64url, type SignatureAlgorithm } from "../../crypto/index.ts";
import { HopwiseError } from "../../errors.ts";
import { levelsOf } from "../../grant/index.ts";
import { isJsonObject, type JsonObject, type JsonValue, parseJsonBytes } from "../../json/index.ts";
import { forMore } from "../../lib/index.ts";
import { algorithmOf } from "./key.ts";
import type { Limits } from "./limits.ts";
import { type Signer, signatureBy } from "./signer.ts";

/** A compact JWS (RFC 7515, section 7.1), taken apart. The payload stays undecoded until its signature verified. */
export interface CompactJws {
  readonly header: JsonObject;
  readonly signingInput: string;
  readonly payload: Uint8Array;
  readonly signature: Uint8Array;
}

/** The rule for a header: a closed set of parameters, so that none of them can choose a key or a rule. */
export interface HeaderRule {
  readonly typ: string;
  /** `or jkt`: an issuer's key is named by its `kid`, any other by its thumbprint in `jkt`. */
  readonly kid: "required" | "forbidden" | "or jkt";
  /**
   * Whether `alg` may be `EdDSA`, a foreign issuer's name for Ed25519. Only a foreign anchor's key may then verify it.
   */
  readonly eddsa?: boolean;
  /** The code of an algorithm that is not accepted. Default: the code of any other fault in the header. */
  readonly refusedAlgorithm?: ErrorCode;
}

/** The header of a root. */
export const ROOT_HEADER: HeaderRule = {
  typ: "aat+jwt",
  kid: "required",
  eddsa: true,
  refusedAlgorithm: "token_alg_refused",
};

/** The header of a token that an agent made. */
export const DERIVED_HEADER: HeaderRule = { typ: "aat+jwt", kid: "forbidden", refusedAlgorithm: "token_alg_refused" };

/** The allowed form of a `kid`, which serves only to look up a pinned key. */
export const KID: RegExp = /^[A-Za-z0-9_-]{1,64}$/;
/** An algorithm of two curves under one name (RFC 8037); RFC 9864 has deprecated it. */
export const FOREIGN_ED25519 = "EdDSA";
const ALGORITHMS: ReadonlySet<unknown> = new Set<SignatureAlgorithm>(["Ed25519", "ES256"]);

/**
 * Takes a compact JWS apart: three segments of canonical base64url, and a header of exactly the allowed parameters.
 *
 * @throws {HopwiseError} `code`, or that of the rule for any algorithm but Ed25519 and ES256
 */
export function splitJws(text: string, rule: HeaderRule, code: ErrorCode, what: string): CompactJws {
  const refuse = (problem: string): never => {
    throw new HopwiseError(code, `${what} is not a compact JWS as expected: ${problem}`);
  };
  const first = text.indexOf(".");
  const last = text.lastIndexOf(".");
  if (first <= 0 || text.indexOf(".", first + 1) !== last) return refuse("three segments are expected");
  const protectedHeader = decodeBase64url(text.slice(0, first));
  const payload = decodeBase64url(text.slice(first + 1, last));
  const signature = decodeBase64url(text.slice(last + 1));
  if (protectedHeader === undefined || payload === undefined || signature === undefined) {
    return refuse("a segment is not canonical base64url");
  }
  const header = parseJsonBytes(protectedHeader, { code, what: `the header of ${what}`, maxDepth: 1 });
  if (!isJsonObject(header)) return refuse("the header is not an object");
  const parts = { header, signingInput: text.slice(0, last), payload, signature };
  const { alg } = header;
  if (!ALGORITHMS.has(alg) && !(rule.eddsa === true && alg === FOREIGN_ED25519)) {
    throw new HopwiseError(
      rule.refusedAlgorithm ?? code,
      `the algorithm of ${what} is not accepted; only Ed25519 and ES256 are`,
    );
  }
  if (header["typ"] !== rule.typ) return refuse(`its typ is not ${rule.typ}`);
  for (const name of Object.keys(header)) {
    if (name !== "alg" && name !== "typ" && name !== "kid" && !(name === "jkt" && rule.kid === "or jkt"))
      return refuse("a header parameter that is not allowed");
  }
  const { kid, jkt } = header;
  if (jkt !== undefined) {
    const named = kid === undefined && typeof jkt === "string" && decodeBase64url(jkt)?.length === 32;
    return named ? parts : refuse("a jkt is a key's thumbprint, and stands in the place of a kid");
  }
  if (rule.kid === "forbidden") return kid === undefined ? parts : refuse("a kid is not allowed here");
  if (typeof kid === "string" && KID.test(kid)) return parts;
  const orJkt = rule.kid === "or jkt" ? ", or a jkt" : "";
  return refuse(`a kid of up to 64 letters, digits, - and _ is required${orJkt}`);
}

/**
 * The payload of a token, read no deeper than the deepest grant needs that the limits allow.
 *
 * @throws {HopwiseError} `token_malformed`
 */
export function payloadOf({ payload }: CompactJws, limits: Limits): JsonValue {
  return parseJsonBytes(payload, {
    code: "token_malformed",
    what: "a token's payload",
    maxDepth: payloadDepth(limits),
    deeper: `; ${forMore("constraintDepth")}`,
  });
}

/** JSON nesting that a payload needs for the deepest grant that the limits allow (V4.1): three levels stand round it. */
export function payloadDepth({ constraintDepth }: Pick<Limits, "constraintDepth">): number {
  return 3 + levelsOf(constraintDepth);
}

/** Signs a payload text, and keeps it byte for byte. @throws {HopwiseError} `signing_failed` */
export async function signJws(
  header: { readonly typ: string; readonly kid?: string; readonly jkt?: string },
  payload: string,
  signer: Signer,
): Promise<string> {
  const alg = algorithmOf(signer.publicJwk);
  const head = JSON.stringify({ alg, typ: header.typ, kid: header.kid, jkt: header.jkt });
  const input = `${encodeText(head)}.${encodeText(payload)}`;
  const signature = await signatureBy(signer, input);
  return `${input}.${encodeBase64url(signature)}`;
}

const encoder = new TextEncoder();

function encodeText(text: string): string {
  return encodeBase64url(encoder.encode(text));
}
