import { decodeBase64url, verify } from "../../crypto/index.ts";
import { HopwiseError } from "../../errors.ts";
import { canonicalJson, hasExactly, isJsonObject, type JsonObject, parseJsonBytes } from "../../json/index.ts";
import { namesAnother, timeAway } from "../../lib/index.ts";
import type { Chain, Link } from "../claims/index.ts";
import { algorithmOf, type Limits, splitJws, toolIdOf } from "../keys/index.ts";
import type { Nonces, NonceTimes } from "./nonce.ts";
import { PROOF_CLAIMS } from "./prove.ts";
import { whyUnknown } from "./why-unknown.ts";

/** The values that a proof of this call must name. */
export interface ExpectedProof {
  readonly chain: Chain;
  /** The tool's own name, or an operation such as `mcp:resources/read`. */
  readonly tool: string;
  /** The arguments as received. */
  readonly arguments: JsonObject;
  /** The names of this enforcement point. */
  readonly audience: readonly string[];
  /** Since the epoch, with their fraction. */
  readonly nowSeconds: number;
  readonly limits: Limits;
  /**
   * Since when used proofs are remembered, in seconds since the epoch, where that is not for ever: what may have been used
   * before is refused.
   */
  readonly rememberedSince?: number | undefined;
  /** Where given, a proof must name one of these nonces, and the clock window is not checked. */
  readonly nonces?: Nonces | undefined;
}

/** A proof that verified. */
export interface Proof {
  /** Unique to the invocation: with the holder's key it is what a replay store remembers. */
  readonly jti: string;
  /** Since the epoch, to the millisecond. */
  readonly issuedAt: number;
  /** The nonce that the proof used, when it was made, and until when it is good. */
  readonly nonce?: { readonly value: string } & NonceTimes;
  /** Which of this enforcement point's names the proof names. */
  readonly audience: string;
}

const PROOF_HEADER = { typ: "aat-pop+jwt", kid: "forbidden" } as const;

/**
 * Verifies that the holder of a verified chain proved this invocation (AAT draft, section 5.3).
 *
 * @throws {HopwiseError} `proof_invalid`, `proof_audience_mismatch`, `proof_arguments_mismatch`, `proof_nonce_required`
 */
export async function verifyProof(text: string, expected: ExpectedProof): Promise<Proof> {
  const { chain, limits } = expected;
  // A character of the arguments takes up to three bytes, and these a third more in base64url.
  if (text.length > 4096 + limits.argumentsSize * 4) refuse("it is too long");
  const jws = splitJws(text, PROOF_HEADER, "proof_invalid", "the proof");
  if (jws.header["alg"] !== algorithmOf(chain.holder.jwk)) refuse("its algorithm is not that of the holder's key");
  if (!(await verify(chain.holder.verification, jws.signingInput, jws.signature)))
    refuse("the chain's holder did not sign it");

  const claims = parseJsonBytes(jws.payload, {
    code: "proof_invalid",
    what: "the proof's payload",
    maxDepth: limits.argumentsDepth + 1,
  });
  if (!isJsonObject(claims) || !hasExactly(claims, PROOF_CLAIMS, ["nonce"]))
    return refuse(`its claims must be exactly ${PROOF_CLAIMS.join(", ")}, and a nonce where one was asked for`);
  const { aat_aud, aat_id, aat_tool, hta, hw_leaf, hw_ms, iat, jti } = claims;
  if (!isJsonObject(hta)) return refuse("hta must be an object");
  if (canonicalJson(claims) !== new TextDecoder().decode(jws.payload))
    refuse("its payload is not in canonical form (RFC 8785)");
  if (typeof jti !== "string" || decodeBase64url(jti)?.length !== 16)
    return refuse("jti must be 16 bytes of base64url");
  if (typeof iat !== "number" || !Number.isSafeInteger(iat)) return refuse("iat must be an integer");
  if (!isMillisecond(hw_ms)) return refuse("hw_ms must be an integer from 0 to 999");
  const leaf = chain.links.at(-1) as Link;
  if (aat_id !== leaf.jti || hw_leaf !== leaf.hash) refuse("it was made for another chain");
  const audiences = expected.audience.filter((it) => chain.audience.includes(it));
  if (typeof aat_aud !== "string" || !audiences.includes(aat_aud)) {
    const message = `the proof was made for another enforcement point: ${namesAnother(aat_aud, audiences)}`;
    throw new HopwiseError("proof_audience_mismatch", message, { pointer: "/aat_aud" });
  }
  if (aat_tool !== toolIdOf(expected.tool, aat_aud, chain.rootAudience)) refuse("it was made for another tool");
  if (canonicalJson(hta) !== canonicalJson(expected.arguments)) {
    throw new HopwiseError("proof_arguments_mismatch", "the proof was made for other arguments than those received", {
      pointer: "/hta",
    });
  }
  const issuedAt = momentOf(iat, hw_ms);
  const proof = { jti, issuedAt, audience: aat_aud };
  if (expected.nonces !== undefined)
    return { ...proof, nonce: await goodNonce(claims["nonce"], expected.nonces, expected) };
  if (claims["nonce"] !== undefined) refuse("it names a nonce, and none was asked for");
  const ahead = issuedAt - expected.nowSeconds;
  if (Math.abs(ahead) > limits.proofWindowSeconds) {
    refuse(
      `its time must lie within ${limits.proofWindowSeconds} seconds of the verifier's clock; make a new proof for each call`,
      timeAway(ahead),
    );
  }
  const unknown = whyUnknown(issuedAt, expected);
  if (unknown !== undefined) refuse(unknown, newMemory(expected));
  return proof;
}

/** A memory that is as new as the call that asks it may be new for each of them: then no new proof helps. */
function newMemory({ rememberedSince = 0, nowSeconds }: ExpectedProof): string {
  if (nowSeconds - rememberedSince > NEW_SECONDS) return "";
  return ". It began just now: where each proof is refused so, an authorizer is made anew for each request; make it once for the process, or give it a state that outlives the process (redisState)";
}

/** Longer than a process takes from its first line to its first call. */
const NEW_SECONDS = 10;

const FOREIGN =
  "one that has lapsed by the clock here, or was made with another secret: all instances behind one address need the same (createNonces({ secret })), and clocks that agree";

/** The nonce that a proof names. @throws {HopwiseError} `proof_nonce_required`, with another nonce, where it is no good */
async function goodNonce(
  named: unknown,
  nonces: Nonces,
  expected: ExpectedProof,
): Promise<NonNullable<Proof["nonce"]>> {
  const value = typeof named === "string" ? named : "";
  const times = await nonces.timesOf(value, expected.nowSeconds);
  if (times !== undefined && whyUnknown(times.issuedAt, expected) === undefined) {
    return { value, ...times };
  }
  const foreign = value !== "" && times === undefined;
  throw new HopwiseError(
    "proof_nonce_required",
    `the proof must name a nonce of this enforcement point; ${foreign ? `it names ${FOREIGN}; ` : ""}make a new proof with the one given`,
    { nonce: await nonces.issue(expected.nowSeconds) },
  );
}

/** When something was signed, as a clock of milliseconds says it in seconds: the same moment must be the same number. */
export function momentOf(iat: number, milliseconds: number): number {
  return (iat * 1000 + milliseconds) / 1000;
}

function isMillisecond(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 999;
}

function refuse(rule: string, detail = ""): never {
  throw new HopwiseError("proof_invalid", `the proof is not acceptable: ${rule}${detail}`, { rule });
}
