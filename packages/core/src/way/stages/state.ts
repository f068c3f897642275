import { HopwiseError } from "../../errors.ts";
import { settleInTime } from "../../lib/index.ts";
import type { Caller } from "../call.ts";
import type { EnforcementPoint } from "../options.ts";
import type { CheckedProof } from "./proof.ts";

/**
 * Nothing that the call stands on was revoked. Asked at each call, whatever is cached.
 *
 * @returns the refusal, `revoked`
 * @throws {HopwiseError} `state_unavailable`
 */
export async function refuseRevoked(
  { user, chain }: Caller,
  { state, deadlineMs, nowSeconds }: EnforcementPoint,
): Promise<HopwiseError | undefined> {
  const links = chain?.links ?? [];
  const query = {
    tokens: links.map(({ hash }) => hash),
    // Whoever revokes the key of an issuer means all that it signed.
    keys: [...(chain === undefined ? [] : [chain.rootKey]), ...links.map(({ key }) => key)],
    agents: links.map(({ agent }) => agent),
    user,
    issuedAt: links[0]?.issuedAt ?? nowSeconds(),
  };
  const target = await askStore("something was revoked", deadlineMs, () => state.revocations.find(query));
  if (target === undefined) return undefined;
  const [what = ""] = Object.keys(target);
  return new HopwiseError("revoked", `the ${what} that this call stands on was revoked; have it delegated anew`);
}

/**
 * Uses a proof up, whatever follows: a captured proof of a call that is denied must not be good a second time, nor fill
 * the audit with denials.
 *
 * @returns the refusal, `proof_replayed`
 * @throws {HopwiseError} `state_unavailable`
 */
export async function spendProof(
  { jti, issuedAt, nonce, chain: { holder } }: CheckedProof,
  { state, limits, deadlineMs, nowSeconds }: EnforcementPoint,
): Promise<HopwiseError | undefined> {
  const isFirst = (...claim: Parameters<typeof state.replay.claim>): Promise<boolean> =>
    askStore("the proof was used before", deadlineMs, () => state.replay.claim(...claim));
  if (nonce !== undefined && !(await isFirst(`nonce.${nonce.value}`, nonce.expiresAt))) {
    return new HopwiseError("proof_replayed", "the nonce was used before; ask for a new one for each call");
  }
  const lastGood = Math.max(nowSeconds(), issuedAt, nonce?.expiresAt ?? 0);
  const goodUntil = lastGood + limits.proofWindowSeconds + limits.skewSeconds;
  // A nonce ends the life of a proof that names it, whatever the client's clock says.
  const madeAt = nonce === undefined ? issuedAt : undefined;
  if (await isFirst(`${holder.thumbprint}.${jti}`, goodUntil, madeAt)) return undefined;
  return new HopwiseError("proof_replayed", "the proof was used before; make a new proof for each call");
}

/** Asks a store, and closes where it cannot tell. @throws {HopwiseError} `state_unavailable` */
async function askStore<T>(whether: string, deadlineMs: number, ask: () => T | PromiseLike<T>): Promise<T> {
  try {
    return await settleInTime(deadlineMs, ask());
  } catch (cause) {
    throw new HopwiseError("state_unavailable", `it could not be told whether ${whether}`, { cause });
  }
}
