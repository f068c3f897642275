import { randomId, sha256 } from "../../crypto/index.ts";
import { HopwiseError } from "../../errors.ts";
import { canonicalJson, isJsonObject, type JsonObject, parseJsonBytes, pointerTo } from "../../json/index.ts";
import { maybe, type Rows, SECONDS, whole } from "../../options/index.ts";
import { integerOf, jtiOf, PROFILE_VERSION, refuseClaim, textOf } from "../claims/index.ts";
import {
  type CompactJws,
  DEFAULT_LIMITS,
  importKnownKey,
  isAudience,
  type KnownKey,
  LIMITS,
  type Limits,
  type Signer,
  signJws,
  splitJws,
  type Thumbprint,
  type TokenHash,
  thumbprintOf,
  thumbprintUri,
} from "../keys/index.ts";
import { momentOf, whyUnknown } from "../proof/index.ts";
import { createAnchorKeys, TRUST_ANCHORS, type TrustAnchor } from "../trust/index.ts";
import { checkSignature, findSigner, signerNamed } from "../verify/index.ts";

/** What somebody signs who does not call: that something is revoked, that a call is approved, what a log of revocations has. */
export type StatementType = "hw-revoke+jwt" | "hw-approval+jwt" | "hw-revocations+jwt";

/** The claims that every statement has. */
const FRAME: readonly string[] = ["hw", "iss", "aud", "jti", "iat", "hw_ms"];

/** A statement whose signature verified, and whose frame was read. */
export interface OpenedStatement {
  readonly claims: JsonObject;
  /** Of the text that was signed: another signature of the same is the same statement. */
  readonly hash: TokenHash;
  readonly signedBy: Thumbprint;
  /** The issuer's anchor, where an issuer signed; otherwise a key signed that the reader knows. */
  readonly anchor: TrustAnchor | undefined;
  readonly audience: string;
  readonly jti: string;
  /** In seconds since the epoch, to the millisecond. */
  readonly issuedAt: number;
}

/** What a statement is read with. */
interface StatementReader extends Pick<ReadingOptions, "trust"> {
  readonly deadlineMs?: number | undefined;
  /** The key of this thumbprint, where its holder may say such a thing; throws where none may. */
  keyOf(thumbprint: Thumbprint): Promise<KnownKey>;
  /** The claims besides the frame, for an issuer and for a key. */
  claimsOf(signer: "issuer" | "key"): readonly string[];
  /** How deep the claims nest. Default: an object in the payload. */
  readonly maxDepth?: number;
}

/**
 * Opens a statement as a token of a chain is opened: bounds and form, then the signature, then the claims. The header
 * says which key signed, since nothing is parsed before; the claims must then name the same signer.
 *
 * @throws {HopwiseError} `token_…`, the first rule that fails
 */
export async function openStatement(jws: CompactJws, reader: StatementReader): Promise<OpenedStatement> {
  const { claims, key, anchor } = await (jws.header["jkt"] === undefined ? byIssuer(jws, reader) : byKey(jws, reader));
  return {
    claims,
    hash: (await sha256(jws.signingInput)) as TokenHash,
    signedBy: key.thumbprint,
    anchor,
    audience: claims["aud"] as string,
    jti: claims["jti"] as string,
    issuedAt: momentOf(claims["iat"] as number, claims["hw_ms"] as number),
  };
}

interface Signed {
  readonly claims: JsonObject;
  readonly key: KnownKey;
  readonly anchor: TrustAnchor | undefined;
}

async function byKey(jws: CompactJws, { keyOf, claimsOf, maxDepth }: StatementReader): Promise<Signed> {
  const key = await keyOf(jws.header["jkt"] as Thumbprint);
  await checkSignature(jws, key, WHAT);
  const claims = readFrame(jws, claimsOf("key"), maxDepth);
  if (claims["iss"] !== thumbprintUri(key.thumbprint)) refuseClaim("/iss", "the key that signed is expected");
  return { claims, key, anchor: undefined };
}

async function byIssuer(jws: CompactJws, { trust, deadlineMs, claimsOf, maxDepth }: StatementReader): Promise<Signed> {
  const anchors = createAnchorKeys(() => trust, importKnownKey, deadlineMs);
  const found = await findSigner(jws, anchors.ask(jws.header["kid"] as string), WHAT);
  const claims = readFrame(jws, claimsOf("issuer"), maxDepth);
  return { claims, ...(await signerNamed(jws, claims["iss"] as string, found, WHAT)) };
}

const WHAT = "the statement";

/** The text of a statement, taken apart: nothing of it is believed yet. */
export function splitStatement(text: unknown, typ: StatementType, { tokenBytes }: Limits): CompactJws {
  if (typeof text !== "string") throw new HopwiseError("token_malformed", "the statement is not a text");
  if (text.length > tokenBytes) {
    throw new HopwiseError("token_too_large", `the statement is longer than ${tokenBytes} bytes`);
  }
  const rule = { typ, kid: "or jkt", refusedAlgorithm: "token_alg_refused" } as const;
  return splitJws(text, rule, "token_malformed", WHAT);
}

/** Nesting of the deepest claim: an object in the payload. */
const DEPTH = 2;

function readFrame({ payload }: CompactJws, further: readonly string[], maxDepth = DEPTH): JsonObject {
  const claims = parseJsonBytes(payload, { code: "token_malformed", what: "the statement's payload", maxDepth });
  if (!isJsonObject(claims)) return refuseClaim("", "an object of claims is expected");
  if (claims["hw"] !== PROFILE_VERSION) {
    throw new HopwiseError(
      "token_version_unsupported",
      `the statement is not of version ${PROFILE_VERSION} of the Hopwise profile; update the older side`,
      { pointer: "/hw" },
    );
  }
  if (canonicalJson(claims) !== new TextDecoder().decode(payload))
    refuseClaim("", "it is in canonical form (RFC 8785)");
  const known = [...FRAME, ...further];
  for (const name of Object.keys(claims)) {
    if (!known.includes(name)) refuseClaim(pointerTo("", name), "a claim that such a statement does not have");
  }
  for (const name of known) if (!Object.hasOwn(claims, name)) refuseClaim(`/${name}`, "the claim is missing");
  textOf(claims, "iss", 512);
  if (!isAudience(textOf(claims, "aud", 512))) refuseClaim("/aud", "an absolute URI without a fragment is expected");
  jtiOf(claims);
  integerOf(claims, "iat");
  if (integerOf(claims, "hw_ms") > 999) refuseClaim("/hw_ms", "an integer from 0 to 999 is expected");
  return claims;
}

/** How statements are read, whatever they say. */
export interface ReadingOptions {
  /** The issuers that are trusted, with their keys. */
  readonly trust: readonly TrustAnchor[];
  /** The reader's clock, in seconds since the epoch, with their fraction. */
  readonly nowSeconds: number;
  /**
   * Since when used statements are remembered, in seconds since the epoch, where that is not for ever: what may have been
   * used before is refused.
   */
  readonly rememberedSince?: number;
  readonly limits?: Partial<Limits>;
  /** How long the published keys of an issuer may take. Default one second. */
  readonly deadlineMs?: number;
}

export const READING_ROWS: Rows<ReadingOptions> = {
  trust: TRUST_ANCHORS,
  nowSeconds: SECONDS,
  rememberedSince: maybe(SECONDS),
  limits: maybe(LIMITS),
  deadlineMs: maybe(whole({ min: 1, max: 600_000, example: 1000 })),
};

/** The moment at which a statement is read. */
export interface Reading extends Pick<ReadingOptions, "nowSeconds" | "rememberedSince"> {
  readonly limits: Limits;
}

/** The options of a reader, with all of its limits. */
export function completed<T extends ReadingOptions>(read: T): Omit<T, "limits"> & { readonly limits: Limits } {
  return { ...read, limits: { ...DEFAULT_LIMITS, ...read.limits } };
}

/** @throws {HopwiseError} `token_expired`, `token_not_yet_valid` where it cannot be told whether it was used before */
export function checkRemembered(issuedAt: number, reading: Reading): void {
  const rule = whyUnknown(issuedAt, reading);
  if (rule === undefined) return;
  untimely(issuedAt < (reading.rememberedSince ?? 0) ? "token_expired" : "token_not_yet_valid", "/iat", rule);
}

export function untimely(
  code: "token_expired" | "token_not_yet_valid",
  pointer: string,
  rule: string,
  detail = "",
): never {
  throw new HopwiseError(code, `the statement is not good now: ${rule}${detail}`, { pointer, rule });
}

/** Who signs for an issuer says for which one, and by which of its keys. */
export interface IssuerName {
  readonly issuer: string;
  readonly kid: string;
}

/** Signs a statement. @throws {HopwiseError} `signing_failed` */
export async function signStatement(
  typ: StatementType,
  claims: JsonObject,
  { signer, as }: { readonly signer: Signer; readonly as?: IssuerName },
  nowMs: number,
): Promise<string> {
  const thumbprint = await thumbprintOf(signer.publicJwk);
  const frame = {
    hw: PROFILE_VERSION,
    iss: as === undefined ? thumbprintUri(thumbprint) : as.issuer,
    jti: randomId(),
    iat: Math.floor(nowMs / 1000),
    hw_ms: nowMs % 1000,
  };
  const header = as === undefined ? { typ, jkt: thumbprint } : { typ, kid: as.kid };
  return signJws(header, canonicalJson({ ...frame, ...claims }), signer);
}
