import type { HopVerdict } from "../decision/index.ts";
import type { Explainable } from "./explain.ts";
import { ALLOWS } from "./row-words.ts";

/** What was said of a hop, on one line. */
export function said(
  { outcome, stage, code, hop: failed, shadow }: Explainable,
  hop: number,
  verdict: HopVerdict | undefined,
): string {
  const isHere = (outcome === "denied" || shadow !== undefined) && failed === hop;
  const ended = `${shadow === undefined ? "" : "would be "}stopped by ${stage ?? "?"}: ${code ?? "?"}`;
  if (verdict === undefined) return isHere ? ended : "not asked";
  const words = [answered(verdict)];
  if (verdict.effect === "deny" && verdict.reasons[0] !== undefined) words.push(`"${verdict.reasons[0]}"`);
  if (isNamed(verdict.policy)) words.push(`(${verdict.policy})`);
  if (isHere && isElsewhere({ stage }, verdict)) words.push(`(${ended})`);
  return words.join(" ");
}

/** What its policies answered: to the call, and to its handing on, where they deny that. */
function answered({ effect, sees, problem = "?", delegation }: HopVerdict): string {
  const isKept = delegation === "deny";
  if (effect === "deny") return isKept ? "denies this, and handing it on" : "denies";
  if (effect === "error") return `failed: ${problem}${isKept ? "; denies handing it on" : ""}`;
  const allows = ALLOWS[sees ?? "it"];
  if (!isKept) return allows;
  return `${sees === undefined ? `${allows} this` : allows}, but not handing it on`;
}

/**
 * Whether what ended a call at a hop was not what its policies said of it: they were not asked, or allowed what a budget does not
 * cover. In shadow mode they are asked also where something before them would have ended the call.
 */
export function isElsewhere({ stage }: { readonly stage?: string | undefined }, verdict?: HopVerdict): boolean {
  return verdict === undefined || (stage !== undefined && stage !== "policy");
}

/** Cerbos says `NO_MATCH` where no rule matched. */
export function isNamed(policy: string | undefined): policy is string {
  return policy !== undefined && policy !== "" && policy !== "NO_MATCH";
}
