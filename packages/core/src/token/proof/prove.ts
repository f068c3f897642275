import { randomId } from "../../crypto/index.ts";
import { HopwiseError } from "../../errors.ts";
import { canonicalJson, freezeArguments, type JsonObject } from "../../json/index.ts";
import { timeAway } from "../../lib/index.ts";
import { argumentOf, behavedClock, checkNames, millisecondsBy, mustBe } from "../../options/index.ts";
import { DEFAULT_LIMITS, isListing, LIMITS, type Limits, signJws, toolIdOf } from "../keys/index.ts";
import { type HeldDelegation, partsOfHeld, serialize } from "../make/index.ts";

/** One invocation to be proven. */
export interface Invocation {
  /** The tool's own name, or an operation such as `mcp:resources/read`. */
  readonly tool: string;
  /** The arguments as they will be sent; left out for a list. */
  readonly arguments?: unknown;
  /**
   * The enforcement point, from the caller's own configuration. Never take it from a server's message: a hostile server
   * would name the bank and relay the proof to it.
   */
  readonly audience: string;
  /** The nonce that the enforcement point sent with `proof_nonce_required`. */
  readonly nonce?: string;
  /** Those of the enforcement point, where it takes longer or deeper arguments than by default. */
  readonly limits?: Partial<Limits>;
  /** The clock, in milliseconds since the epoch. */
  readonly clock?: () => number;
}

/** The credential of a call: the chain, and the proof that its holder presents it, for this call, now. */
export interface Credential {
  readonly chain: string;
  readonly proof: string;
}

const INVOCATION = { tool: true, arguments: true, audience: true, nonce: true, limits: true, clock: true } as const;

const AN_AUDIENCE = "the name of the server, from your own configuration, such as https://pay.example/mcp";

/** By its schema, unlike the others: few calls have any. */
const readLimits = argumentOf<Partial<Limits>>("prove", "limits", LIMITS);

/**
 * The claims of a proof (AAT draft, section 5.2), with or without a nonce. `hw_leaf` binds it to this very chain. `hw_ms`
 * is the millisecond within `iat`: a memory that began in that second must tell what was made before it from what was made
 * after.
 */
export const PROOF_CLAIMS: readonly string[] = [
  "aat_aud",
  "aat_id",
  "aat_tool",
  "hta",
  "hw_leaf",
  "hw_ms",
  "iat",
  "jti",
];

/**
 * Proves possession of a delegation for one invocation: a signed statement of tool, arguments, audience and time, good
 * for once (AAT draft, section 5).
 *
 * @throws {HopwiseError} `config_invalid` for a member that it does not know; `arguments_malformed`; `audience_mismatch` where the chain is not for this audience;
 *   `token_expired`
 */
export async function prove(held: HeldDelegation, invocation: Invocation): Promise<Credential> {
  const given = checkNames<Invocation>("prove", invocation, INVOCATION);
  const { tool, audience, nonce, clock = Date.now } = given;
  const limits = given.limits === undefined ? {} : readLimits(given.limits);
  if (typeof tool !== "string") mustBe("prove", "tool", "a tool's name, such as send_payment", tool);
  if (typeof audience !== "string" || audience === "") mustBe("prove", "audience", AN_AUDIENCE, audience);
  if (nonce !== undefined && typeof nonce !== "string") {
    mustBe("prove", "nonce", "the text that the enforcement point sent", nonce);
  }
  if (typeof clock !== "function") {
    mustBe("prove", "clock", "a function that gives milliseconds since the epoch, such as Date.now", clock);
  }
  const milliseconds = millisecondsBy(behavedClock(clock), "prove");
  const now = Math.floor(milliseconds / 1000);
  const { leaf, leafHash, root } = partsOfHeld(held);
  if (!held.audience.includes(audience)) {
    throw new HopwiseError(
      "audience_mismatch",
      `the delegation is not for "${audience}"; it is for ${held.audience.join(", ")}`,
    );
  }
  if (held.expiresAt <= now) {
    const ago = timeAway(held.expiresAt - now);
    throw new HopwiseError("token_expired", `the delegation has expired${ago}; have it made anew`);
  }
  const args: JsonObject = isListing(tool) ? {} : freezeArguments(given.arguments, { ...DEFAULT_LIMITS, ...limits });
  const payload = canonicalJson({
    aat_aud: audience,
    aat_id: leaf.jti,
    aat_tool: toolIdOf(tool, audience, root.aud),
    hta: args,
    hw_leaf: leafHash,
    hw_ms: milliseconds - now * 1000,
    iat: now,
    jti: randomId(),
    ...(nonce !== undefined && { nonce }),
  });
  return { chain: serialize(held), proof: await signJws({ typ: "aat-pop+jwt" }, payload, held.signer) };
}
