import { KILLED } from "./fleet.ts";
import { NOTHING_HAPPENED } from "./referee.ts";

/** Every answer that a call of the soak may get, and why it does. Another one ends the soak as not met. */
export const ANSWERS: { readonly [code: string]: string } = {
  allowed: "a new proof, within every bound of its budget, nothing of it revoked",
  [NOTHING_HAPPENED]: "allowed, and its tool said that nothing happened: its units were given back",
  pending: "a payment that a person must approve, without an answer of theirs",
  budget_exhausted: "a bound of its chain is spent; or the budget began before a store that lost what it knew",
  proof_replayed: "its proof was used at this process or another one",
  proof_invalid: "it is 30 seconds old; or older than what a store that lost all remembers",
  revoked: "its token, one above it, its agent or its key was revoked",
  approval_used: "its approval was used by another call",
  approval_denied: "dana said no",
  state_unavailable:
    "Redis was down, stopped or too slow; or lost its log of revocations, and is closed until it has it again",
  policy_unavailable: "the decision point was killed, and is not back",
  audit_unavailable: "its record could not be written, one in fifty: what it cost was given back",
  [KILLED]: "the process was killed before it answered; what it reserved stays spent",
};
