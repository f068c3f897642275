import type { ErrorCode } from "../../codes.ts";
import { verify } from "../../crypto/index.ts";
import { HopwiseError } from "../../errors.ts";
import { isThenable } from "../../lib/index.ts";
import { algorithmOf, type CompactJws, FOREIGN_ED25519, type KnownKey, type Thumbprint } from "../keys/index.ts";
import { type AnchorAnswer, mayNotSayOf, type TrustAnchor } from "../trust/index.ts";

/** The issuer's key that signed a root. */
export interface SigningKey {
  readonly issuer: string;
  readonly kid: string;
  readonly thumbprint: Thumbprint;
}

interface FoundSigner {
  readonly key: KnownKey;
  readonly anchor: TrustAnchor;
  readonly answers: readonly AnchorAnswer[];
}

/**
 * Of the keys of all anchors, the first to answer that signed what an issuer must have signed. Where none did, published keys
 * are asked for anew: an issuer may have changed its key and kept the `kid`.
 */
export async function findSigner(
  jws: CompactJws,
  answers: readonly AnchorAnswer[],
  what = "the root token",
): Promise<FoundSigner> {
  try {
    return await signerAmong(jws, answers, what);
  } catch (refused) {
    return signerAmong(jws, renewedOf(answers), what).catch(() => {
      throw refused;
    });
  }
}

async function signerAmong(jws: CompactJws, answers: readonly AnchorAnswer[], what: string): Promise<FoundSigner> {
  const signerOf = async ({ anchor, keys }: AnchorAnswer): Promise<FoundSigner> => {
    const candidates = await keys;
    if (candidates.length === 0) untrusted(`no trusted issuer has a key of the kid of ${what}`);
    const fitting = candidates.filter((key) => maySignWith(anchor, key, jws.header["alg"]));
    if (fitting.length === 0) algorithmDiffers(what);
    for (const key of fitting) {
      if (await verify(key.verification, jws.signingInput, jws.signature)) return { key, anchor, answers };
    }
    return signatureInvalid(what);
  };
  try {
    return await Promise.any(answers.map(signerOf));
  } catch (none) {
    const { errors } = none as AggregateError;
    // Whose keys are not known may be whose root it is; else the refusal of the anchor that came furthest with it.
    const worst = WHY_NO_SIGNER.map((code) => errors.find((error) => error.code === code)).find(Boolean);
    throw worst ?? errors[0] ?? untrusted("no issuer is trusted");
  }
}

const WHY_NO_SIGNER = [
  "issuer_keys_unavailable",
  "issuer_key_unknown",
  "token_signature_invalid",
  "token_alg_refused",
  "token_untrusted_issuer",
] as const satisfies readonly ErrorCode[];

/**
 * The issuer's own key among those that verify a text, and the first of its anchors that has it. That another's key verifies it,
 * too, says nothing: of a signature that they saw, anybody can make an ES256 key that verifies it, and publish that.
 *
 * @throws {HopwiseError} `token_untrusted_issuer` where the issuer has no such key, `issuer_keys_unavailable` where that is not known
 */
export async function signerNamed(
  jws: CompactJws,
  issuer: string,
  found: FoundSigner,
  what?: string,
): Promise<Omit<FoundSigner, "answers">> {
  const own = found.answers.filter(({ anchor }) => anchor.issuer === issuer);
  const { key, answers } =
    found.anchor.issuer === issuer
      ? { ...found, answers: own }
      : await findSigner(jws, own, what).catch((refused: HopwiseError) => {
          if (NOT_KNOWN.has(refused.code)) throw refused;
          return mayNotSayOf(issuer, found.anchor.issuer);
        });
  const anchor = await holderOf(answers, key.thumbprint, jws.header["alg"]);
  return anchor === undefined ? mayNotSayOf(issuer, found.anchor.issuer) : { key, anchor };
}

/** What is refused with these may be signed by a key that was not seen. */
const NOT_KNOWN: ReadonlySet<ErrorCode> = new Set<ErrorCode>(["issuer_keys_unavailable", "issuer_key_unknown"]);

/**
 * The first of an issuer's anchors that has the key that signed.
 *
 * @throws {HopwiseError} `issuer_keys_unavailable` where none has it, and one could not tell
 */
export async function holderOf(
  answers: readonly AnchorAnswer[],
  thumbprint: Thumbprint,
  alg?: unknown,
): Promise<TrustAnchor | undefined> {
  let fault: unknown;
  const noteFault = (cause: unknown): readonly KnownKey[] => {
    fault ??= cause;
    return [];
  };
  for (const { anchor, keys } of answers) {
    // Nothing is waited for that is there at once: every call of a known chain comes here.
    const known = isThenable(keys) ? await keys.catch(noteFault) : keys;
    const key = known.find((it) => it.thumbprint === thumbprint);
    if (key !== undefined && (alg === undefined || maySignWith(anchor, key, alg))) return anchor;
  }
  if (fault !== undefined) throw fault;
  return undefined;
}

/** What came since, of those that can be asked once more. */
export function renewedOf(answers: readonly AnchorAnswer[]): readonly AnchorAnswer[] {
  return answers.flatMap(({ anchor, renewed }) => (renewed ? [{ anchor, keys: renewed() }] : []));
}

/** Holds a signature against the one key that must have made it. */
export async function checkSignature(
  jws: CompactJws,
  { jwk, verification }: Pick<KnownKey, "jwk" | "verification">,
  what: string,
): Promise<void> {
  if (jws.header["alg"] !== algorithmOf(jwk)) algorithmDiffers(what);
  if (!(await verify(verification, jws.signingInput, jws.signature))) signatureInvalid(what);
}

function maySignWith(anchor: TrustAnchor, { jwk }: KnownKey, alg: unknown): boolean {
  const own = algorithmOf(jwk);
  return own === alg || (anchor.foreign === true && own === "Ed25519" && alg === FOREIGN_ED25519);
}

function algorithmDiffers(what: string): never {
  throw new HopwiseError(
    "token_alg_refused",
    `the algorithm of ${what} is not the one of the key that must have signed it`,
  );
}

function signatureInvalid(what: string): never {
  throw new HopwiseError("token_signature_invalid", `${what} was not signed by the key that must have signed it`);
}

function untrusted(why: string): never {
  throw new HopwiseError("token_untrusted_issuer", why, { pointer: "/kid" });
}
