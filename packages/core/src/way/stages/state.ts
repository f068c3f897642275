import { HopwiseError, ownWords } from "../../errors.ts";
import { AGENT_REVOKED, KEY_REVOKED, ownerOf, type RevocationTarget, revocationKind } from "../../state/index.ts";
import { whyUnknown } from "../../token/index.ts";
import type { Caller } from "../call.ts";
import type { EnforcementPoint } from "../options.ts";
import type { CheckedProof } from "./proof.ts";

/** What the stores say of a call. */
export interface StateFound {
  /** The refusal, where something that the call stands on was revoked. */
  readonly revoked: HopwiseError | undefined;
  /** The refusal, where the proof was used up before, or that cannot be told. */
  readonly replayed: HopwiseError | undefined;
}

/**
 * Asks for all that must be remembered in one turn, so that a store needs one round trip: uses the proof up, and looks
 * whether anything that the call stands on was revoked. Both in any case: a proof of a call that is denied must not be
 * good a second time.
 *
 * @throws {HopwiseError} `state_unavailable`
 */
export async function askState(
  caller: Caller,
  proof: CheckedProof | undefined,
  point: EnforcementPoint,
): Promise<StateFound> {
  // The claim is asked for first: of a store that loses what it knew between the two, the revocations show it. One that claims
  // later, such as a file, must see a loss by itself.
  const spending = proof && spendProof(proof, point).catch(toRefusal);
  const [replayed, revoked] = await Promise.all([spending, refuseRevoked(caller, point)]);
  return { revoked, replayed };
}

function toRefusal(error: unknown): HopwiseError {
  if (error instanceof HopwiseError) return error;
  throw error;
}

/**
 * Nothing that the call stands on was revoked. Asked at each call, whatever is cached.
 *
 * @param maxAgeMs see {@link RevocationStore.find}
 * @returns the refusal, `revoked`
 * @throws {HopwiseError} `state_unavailable`
 */
export async function refuseRevoked(
  { user, chain }: Caller,
  { state, nowSeconds }: EnforcementPoint,
  maxAgeMs?: number,
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
  const target = await askStore("something was revoked", () => state.revocations.find(query, maxAgeMs));
  return target && revokedBy(target);
}

/** What a new chain would need depends on what was revoked. */
function revokedBy(target: RevocationTarget): HopwiseError {
  const kind = revocationKind(target);
  const refuse = (then: string, rule?: string): HopwiseError => {
    const message = `the ${kind} "${nameOf(target)}" that this call stands on was revoked; ${then}`;
    return new HopwiseError("revoked", message, { rule });
  };
  if (kind === "agent") return refuse("until that is lifted, every delegation with it is refused", AGENT_REVOKED);
  if (kind === "key") return refuse("have it delegated anew, by and to other keys", KEY_REVOKED);
  return refuse("have it delegated anew");
}

/** Which of those in the chain it is: the operator alone reads it. */
function nameOf(target: RevocationTarget): string {
  if ("token" in target) return target.token;
  if ("key" in target) return target.key;
  return "agent" in target ? target.agent : target.user.subject;
}

/**
 * Uses a proof up, whatever follows: a captured proof of a call that is denied must not be good a second time, nor fill
 * the audit with denials.
 *
 * @returns the refusal, `proof_replayed`
 * @throws {HopwiseError} `state_unavailable`
 */
export async function spendProof(
  { jti, issuedAt, nonce, chain: { holder, user, id } }: CheckedProof,
  { state, limits, nowSeconds }: EnforcementPoint,
): Promise<HopwiseError | undefined> {
  const isFirst = (...claim: Parameters<typeof state.replay.claim>): Promise<boolean> =>
    askStore("the proof was used before", () => state.replay.claim(...claim));
  const now = nowSeconds();
  // A nonce ends the life of a proof that names it, whatever time the client says; that time may be any.
  const lastGood = Math.max(now, nonce?.expiresAt ?? issuedAt);
  const goodUntil = lastGood + limits.proofWindowSeconds + limits.skewSeconds;
  const about = { nowSeconds: now, owner: ownerOf(user), root: id };
  const newProof = await isFirst(
    `${holder.thumbprint}.${jti}`,
    goodUntil,
    nonce === undefined ? { ...about, madeAtSeconds: issuedAt } : about,
  );
  // Nobody's own: two users may not use one nonce. So no share bounds it, and it takes room only after its proof took some, which lives
  // longer: or whoever is beyond their share would fill the memory for all.
  const newNonce =
    nonce === undefined || !newProof || (await isFirst(`nonce.${nonce.value}`, nonce.expiresAt, { nowSeconds: now }));
  // The store may have noticed meanwhile that it lost what it knew: then it cannot vouch for what is older.
  const rememberedSince = state.replay.notBefore;
  const unknown = whyUnknown(nonce?.issuedAt ?? issuedAt, { rememberedSince, nowSeconds: nowSeconds(), limits });
  if (unknown !== undefined)
    return new HopwiseError("proof_replayed", `the proof may have been used before: ${unknown}`);
  if (!newNonce) {
    return new HopwiseError("proof_replayed", "the nonce was used before; ask for a new one for each call");
  }
  if (newProof) return undefined;
  return new HopwiseError("proof_replayed", "the proof was used before; make a new proof for each call");
}

/** Asks a store, which answers in time (`behaved-state.ts`), and closes where it cannot tell. @throws {HopwiseError} `state_unavailable` */
export async function askStore<T>(whether: string, ask: () => T | PromiseLike<T>): Promise<T> {
  try {
    return await ask();
  } catch (cause) {
    throw new HopwiseError("state_unavailable", `it could not be told whether ${whether}${ownWords(cause)}`, { cause });
  }
}
