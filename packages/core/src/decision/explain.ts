import { plainText } from "../plain-text.ts";
import type { HopVerdict } from "./check-hops.ts";
import type { ChainView, Denied } from "./decision.ts";

/** What can be explained: a decision, or the record of one. */
export interface Explainable {
  readonly outcome: "allowed" | "denied" | "pending";
  readonly tool: string;
  readonly chain?: ChainView;
  readonly verdicts: readonly HopVerdict[];
  readonly code?: string;
  readonly stage?: string;
  readonly hop?: number;
  readonly reason?: string;
  readonly message?: string;
}

/**
 * A decision as a tree for people: outcome, then the hops, each with what was said of it. The same in a terminal, a log
 * and a console.
 */
export function explain(decision: Explainable): string {
  const { chain, verdicts } = decision;
  const lines = [headline(decision)];
  const hops = chain?.hops ?? [];
  for (const [i, hop] of hops.entries()) {
    lines.push(`${"   ".repeat(i)}${i === 0 ? "" : "└─ "}${plainText(hop.id)}  ${said(decision, i, verdicts[i])}`);
  }
  return lines.join("\n");
}

function headline(decision: Explainable): string {
  if (decision.outcome !== "denied") return `${decision.outcome} ${decision.tool}`;
  const { code, tool, reason, message } = decision;
  return `denied ${tool}: ${code}: ${reason ?? message}`;
}

function said(
  { outcome, stage, code, hop: failed }: Explainable,
  hop: number,
  verdict: HopVerdict | undefined,
): string {
  if (verdict === undefined)
    return outcome === "denied" && failed === hop ? `stopped by ${stage}: ${code}` : "not asked";
  const words = [
    verdict.effect === "allow" ? "allows" : verdict.effect === "deny" ? "denies" : `failed: ${verdict.problem}`,
  ];
  if (verdict.delegation === "deny")
    words.push(verdict.effect === "allow" ? "this, but not handing it on" : "and handing it on");
  if (verdict.effect === "deny" && verdict.reasons[0] !== undefined) words.push(`"${verdict.reasons[0]}"`);
  if (verdict.policy) words.push(`(${verdict.policy})`);
  return words.join(" ");
}

/** A chain in one line: `alice → planner → researcher`. */
export function chainLine(chain: ChainView): string {
  return chain.hops.map(({ id }) => plainText(id.replace(/^agent:/, ""))).join(" → ");
}

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
  delegation_denied: "The policy does not allow you to act here on behalf of the one who delegated to you.",
  token_expired: "Your delegation has expired. Ask for a new one.",
  policy_unavailable: "The call could not be checked just now.",
  context_unavailable: "The call could not be checked just now.",
  audit_unavailable: "The call could not be recorded just now.",
  state_unavailable: "The call could not be checked just now.",
  arguments_malformed: "These arguments cannot be read safely.",
};

/** The view of a denial that goes to a model: no policy names, no rules, no identities; the policy's own reason as data. */
export function modelView(denied: Denied): ModelView {
  const words = WORDS[denied.code] ?? "The call was refused.";
  const where =
    denied.code === "grant_argument_refused" && denied.pointer ? ` Argument: ${JSON.stringify(denied.pointer)}.` : "";
  const reason = denied.reason === undefined ? "" : ` Reason given: ${JSON.stringify(denied.reason)}`;
  return { code: denied.code, message: `${words}${where}${reason}`, retryable: denied.retryable };
}
