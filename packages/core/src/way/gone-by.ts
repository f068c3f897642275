import { HopwiseError, isRefusal } from "../errors.ts";
import { type Awaitable, listed } from "../lib/index.ts";
import type { Subject } from "../token/index.ts";
import type { Caller, IncomingCaller } from "./call.ts";
import type { CallLog } from "./call-log.ts";
import type { EnforcementPoint } from "./options.ts";
import type { StateFound } from "./stages/state.ts";
import type { OpenedChain } from "./stages/token.ts";

/** A caller whose chain verified, and who showed to be its holder. */
export interface ShownCaller {
  readonly opened: OpenedChain;
  /** The name by which the enforcement point was called. */
  readonly calledAt: string;
  readonly incoming: IncomingCaller;
}

/** Whether what the stores say ends a call. Never rejects. @returns the refusal, the first of the way */
export async function goneBy(
  asked: Awaitable<StateFound | HopwiseError>,
  { opened, incoming, calledAt }: ShownCaller,
  point: EnforcementPoint,
  log: CallLog,
): Promise<HopwiseError | undefined> {
  const state = await asked;
  if (isRefusal(state)) return state;
  // A captured proof may not fill the record of what its holder did.
  log.note({ verified: state.replayed === undefined, calledAt });
  return state.revoked ?? state.replayed ?? refuseOtherUser(incoming, opened.user) ?? refuseBudget(opened, point);
}

/**
 * Where the transport knows its user, too, both must be the same: otherwise one of the two was borrowed.
 *
 * @returns the refusal, `subject_mismatch`
 */
export function refuseOtherUser(caller: IncomingCaller, { issuer, subject }: Subject): HopwiseError | undefined {
  const transport = caller.via === "proof" ? caller.transportUser : undefined;
  if (transport === undefined) return undefined;
  if (transport.issuer === issuer && transport.subject === subject) return undefined;
  const shown = (user: Subject): string => `${listed([user.subject])} of ${listed([user.issuer])}`;
  const other = transport.subject === "" ? "somebody whose name cannot be told" : shown(transport);
  // One person may have two names: an issuer of chains is another one than the login's.
  const message = `the request was authenticated as another user than the chain's: as ${other}, and the chain is ${shown({ issuer, subject })}`;
  return new HopwiseError("subject_mismatch", message);
}

/**
 * A chain with a budget allows so much in all, and nothing here counts what was spent: to let the call run would be to let
 * everything be spent.
 *
 * @returns the refusal, `budget_unsupported`
 */
export function refuseBudget({ chain }: Caller, { state }: Pick<EnforcementPoint, "state">): HopwiseError | undefined {
  const budget = chain?.links[0]?.budget;
  if (budget === undefined || state.spending !== undefined) return undefined;
  const message = `the chain has the budget "${budget.id}", and this enforcement point's state counts no budgets; have it issued without one`;
  return new HopwiseError("budget_unsupported", message, { pointer: "/budget" });
}
