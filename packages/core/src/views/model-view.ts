import { rowOf, wireCodeOf } from "../codes.ts";
import type { Denied } from "../decision/index.ts";

/** What a caller, and its model, may be told of a denial: a code, safe words, and whether trying again can help. */
export interface ModelView {
  readonly code: string;
  readonly message: string;
  readonly retryable: boolean;
}

/**
 * The view of a denial that goes to a model: no policy names, no rules, no identities. What its own grant accepts, and
 * the policy's own reason, as data. Where several codes look the same to callers, so do their words.
 */
export function modelView(denied: Pick<Denied, "code" | "pointer" | "reason" | "wouldPass">): ModelView {
  const code = wireCodeOf(denied.code);
  const { model, retryable = false } = rowOf(code);
  const reason = denied.reason === undefined ? "" : ` Reason given: ${JSON.stringify(denied.reason)}`;
  return { code, message: `${model}${mayTry(denied)}${reason}`, retryable };
}

/** The chain is in the caller's own hands, so that it may be told what stands in it; values in it are quoted already. */
function mayTry({ code, pointer, wouldPass }: Pick<Denied, "code" | "pointer" | "wouldPass">): string {
  if (code !== "grant_argument_refused" || !pointer) return "";
  const accepts = wouldPass?.accepts;
  const instead = accepts === undefined ? "" : ` Allowed there: ${accepts}.`;
  return ` Argument: ${JSON.stringify(pointer)}.${instead}`;
}
