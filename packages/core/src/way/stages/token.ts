import { HopwiseError } from "../../errors.ts";
import type { Chain, Subject } from "../../token/index.ts";
import type { Caller, IncomingCaller } from "../call.ts";
import type { EnforcementPoint } from "../options.ts";

/** A caller whose chain verified. */
export interface OpenedChain extends Caller {
  /** The name of this enforcement point that the chain is for. */
  readonly audience: string;
}

/**
 * The chain is genuine, alive and meant for this enforcement point. A user without agents stands for a chain of no
 * tokens: whatever is asked of every token holds of it.
 *
 * @throws {HopwiseError} codes of the stage `token`
 */
export async function openChain(caller: IncomingCaller, point: EnforcementPoint): Promise<OpenedChain> {
  if (caller.via === "user") return { user: caller.user, chain: undefined, audience: point.audience[0] };
  const { compact, audience } = await presentedBy(caller);
  const chain = await point.verifier.verify(compact, point.nowSeconds());
  return { user: loginOf(chain, caller), chain, audience: audience ?? ownNameIn(chain, point) };
}

/** The chain's user; by the login of this very request where one came beside it, since a directory may go by that (`oidcUsers`). */
function loginOf({ user }: Chain, caller: IncomingCaller): Subject {
  const login = caller.via === "proof" ? caller.transportUser : undefined;
  return login?.issuer === user.issuer && login.subject === user.subject ? login : user;
}

/**
 * Whose a chain is that has expired, and with which nothing else is wrong: for the record alone.
 *
 * @throws {HopwiseError} codes of the stage `token`
 */
export async function openExpired(caller: IncomingCaller, point: EnforcementPoint): Promise<OpenedChain> {
  const { compact, audience = point.audience[0] } = await presentedBy(caller);
  const chain = await point.verifier.verifyExpired(compact, point.nowSeconds());
  return { user: chain.user, chain, audience };
}

/** The text of a caller's chain, and the name of ours that a session began with. */
async function presentedBy(caller: IncomingCaller): Promise<{ readonly compact: string; readonly audience?: string }> {
  if (caller.via === "session") return caller.holder();
  return { compact: (caller.via === "proof" ? caller.credential?.chain : undefined) ?? "" };
}

/** The chain still verifies. @throws {HopwiseError} codes of the stage `token` */
export async function lookAtChainAgain({ chain }: Caller, point: EnforcementPoint): Promise<void> {
  if (chain !== undefined) await point.verifier.lookAgain(chain, point.nowSeconds());
}

/** One of our names is in the chain's audience. @throws {HopwiseError} `audience_mismatch` */
export function ownNameIn(chain: Chain, { audience }: EnforcementPoint): string {
  const name = audience.find((own) => chain.audience.includes(own));
  if (name !== undefined) return name;
  throw new HopwiseError(
    "audience_mismatch",
    `the chain is for ${chain.audience.join(", ")}, this enforcement point is ${audience.join(", ")}; names are compared to the letter`,
    { pointer: "/aud" },
  );
}
