import { HopwiseError } from "../../errors.ts";
import type { JsonObject } from "../../json/index.ts";
import { type Chain, type Proof, verifyProof } from "../../token/index.ts";
import type { Caller, IncomingCall, IncomingCaller } from "../call.ts";
import type { EnforcementPoint } from "../options.ts";

/** Somebody presents the call. @returns the refusal, `proof_missing` */
export function refuseMissing(caller: IncomingCaller): HopwiseError | undefined {
  if (caller.via !== "proof") return undefined;
  const { chain, proof }: { readonly chain?: unknown; readonly proof?: unknown } = Object(caller.credential);
  if (typeof chain === "string" && typeof proof === "string") return undefined;
  return new HopwiseError(
    "proof_missing",
    "the call came without a delegation chain and a proof; send both with each call",
  );
}

/** A proof that verified, and the chain whose holder made it. */
export interface CheckedProof extends Proof {
  readonly chain: Chain;
}

/**
 * The holder of the chain presents it, for this call, now.
 *
 * @throws {HopwiseError} codes of the stage `proof`
 */
export async function checkProof(
  { tool, caller }: IncomingCall,
  { chain }: Caller,
  received: JsonObject,
  point: EnforcementPoint,
): Promise<CheckedProof> {
  const text = caller.via === "proof" ? (caller.credential?.proof ?? "") : "";
  if (chain === undefined) throw new HopwiseError("proof_missing", "a proof is of a chain, and there is none");
  const { audience, limits, nonces, state } = point;
  const nowSeconds = point.nowSeconds();
  const rememberedSince = state.replay.notBefore;
  const proof = await verifyProof(text, {
    tool,
    arguments: received,
    chain,
    audience,
    nowSeconds,
    limits,
    nonces,
    rememberedSince,
  });
  return { ...proof, chain };
}
