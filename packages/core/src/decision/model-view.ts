import type { Denied } from "./decision.ts";

/** What a model may be told of a denial: a code, safe words, and whether trying again can help. */
export interface ModelView {
  readonly code: string;
  readonly message: string;
  readonly retryable: boolean;
}

const WORDS: { readonly [code: string]: string } = {
  proof_missing: "This server needs a delegation chain and a proof with each request.",
  grant_tool_missing: "This tool was not handed over to you. Do the task without it, or report that you need it.",
  grant_argument_refused: "These arguments are outside of what was handed over to you.",
  policy_denied: "The policy does not allow this call.",
  approval_required: "Somebody has to approve this call first. Report that you need it.",
  delegation_denied: "The policy does not allow you to act here on behalf of the one who delegated to you.",
  token_expired: "Your delegation has expired. Ask for a new one.",
  policy_unavailable: "The call could not be checked just now.",
  context_unavailable: "The call could not be checked just now.",
  audit_unavailable: "The call could not be recorded just now.",
  state_unavailable: "The call could not be checked just now.",
  arguments_malformed: "These arguments cannot be read safely.",
};

/**
 * The view of a denial that goes to a model: no policy names, no rules, no identities. What its own grant accepts, and
 * the policy's own reason, as data.
 */
export function modelView(denied: Denied): ModelView {
  const words = WORDS[denied.code] ?? "The call was refused.";
  const reason = denied.reason === undefined ? "" : ` Reason given: ${JSON.stringify(denied.reason)}`;
  return { code: denied.code, message: `${words}${mayTry(denied)}${reason}`, retryable: denied.retryable };
}

/** The chain is in the caller's own hands, so that it may be told what stands in it; values in it are quoted already. */
function mayTry({ code, pointer, wouldPass }: Denied): string {
  if (code !== "grant_argument_refused" || !pointer) return "";
  const accepts = wouldPass?.accepts;
  const instead = accepts === undefined ? "" : ` Allowed there: ${accepts}.`;
  return ` Argument: ${JSON.stringify(pointer)}.${instead}`;
}
