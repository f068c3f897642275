import { HopwiseError } from "@hopwise/core";
import { clientErrorKind, clientWords, faultOf, inOwnWords } from "@hopwise/core/adapter";

/** What an error of a Cerbos client says about the target. */
export type Verdict =
  /**
   * The target answered: the request is wrong, and would be wrong at any target. Held for a fault, it would let whoever sends a
   * zero to divide by keep everybody's calls from the target.
   */
  | "refused"
  /** So many questions wait for it in this process that this one never went out. Another target may have room. */
  | "full"
  /** The target, or the way to it, failed. Asking again can help: checks and plans change nothing. */
  | "fault";

/** An error of no known kind counts as a fault: at worst, that costs one more question. */
export function judge(error: unknown): Verdict {
  if (error instanceof Error && error.cause === NEVER_ASKED) return "full";
  if (clientErrorKind(error) !== undefined) return "refused";
  return (Object(error) as { readonly code?: unknown }).code === RESOURCE_EXHAUSTED ? "refused" : "fault";
}

/** Of a target that is asked too often, too: it answered. */
const RESOURCE_EXHAUSTED = 8;

const NEVER_ASKED = "the question was not asked";

/** The error of a question for which there is no room. It says nothing about the target: who asks too much must not keep others from it. */
export function noRoom(message: string): HopwiseError {
  return inOwnWords(new HopwiseError("policy_unavailable", message, { cause: NEVER_ASKED }));
}

/** What may be told of a fault, to end a sentence: our own words and those of Cerbos' client; any other error may quote anything. */
export function toldOf(fault: unknown): string {
  return clientWords(fault) ?? faultOf(fault);
}
