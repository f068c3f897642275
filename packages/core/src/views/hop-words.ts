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
  const words = [
    verdict.effect === "allow"
      ? ALLOWS[verdict.sees ?? "it"]
      : verdict.effect === "deny"
        ? "denies"
        : `failed: ${verdict.problem ?? "?"}`,
  ];
  if (verdict.delegation === "deny")
    words.push(verdict.effect === "allow" ? "this, but not handing it on" : "and handing it on");
  if (verdict.effect === "deny" && verdict.reasons[0] !== undefined) words.push(`"${verdict.reasons[0]}"`);
  if (isNamed(verdict.policy)) words.push(`(${verdict.policy})`);
  // In shadow mode policies are asked also where something else would have ended the call.
  if (isHere && shadow !== undefined && stage !== "policy") words.push(`(${ended})`);
  return words.join(" ");
}

/** Cerbos says `NO_MATCH` where no rule matched. */
export function isNamed(policy: string | undefined): policy is string {
  return policy !== undefined && policy !== "" && policy !== "NO_MATCH";
}
