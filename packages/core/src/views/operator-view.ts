import type { UnverifiedAttempt } from "../audit/index.ts";
import { rowOf } from "../codes.ts";
import type { ChainView } from "../decision/index.ts";
import { defined, plainText } from "../lib/index.ts";
import { reading } from "../options/index.ts";
import { type Explainable, type Explanation, explained } from "./explain.ts";

/**
 * A decision as a tree for people who run the server, in lines of text. The same in a terminal, a log and a console.
 *
 * @throws {HopwiseError} `config_invalid` for what is no decision, nor the record of one
 */
export function operatorView(decision: Explainable): string {
  const { text, children } = explained("operatorView", decision);
  const lines = [text];
  const hops = children.filter(({ kind }) => kind === "hop");
  for (const [i, hop] of hops.entries()) {
    // Each hop stands below the one that delegated to it.
    lines.push(`${"   ".repeat(i)}${i === 0 ? "" : "└─ "}${hop.text}`);
    lines.push(...linesOf(hop.children, `${"   ".repeat(i)}${i === 0 ? "" : "   "}`));
  }
  lines.push(
    ...linesOf(
      children.filter(({ kind }) => kind !== "hop"),
      "",
    ),
  );
  return lines.join("\n");
}

function linesOf(nodes: readonly Explanation[], indent: string): string[] {
  return nodes.map(({ text }) => `${indent}· ${text}`);
}

const CHAIN = "the chain of a decision, { issuer, hops }";

/**
 * A chain in one line: `alice → planner → researcher`.
 *
 * @throws {HopwiseError} `config_invalid` for what is no chain of a decision
 */
export function chainLine(chain: ChainView): string {
  return reading("chainLine", "chain", CHAIN, chain, ({ hops }) =>
    // Not by `map`, which skips holes.
    Array.from(hops, ({ id }) => plainText(id.replace(/^agent:/, ""))).join(" → "),
  );
}

/** The same of a denial whose caller is not known. */
export function strangerView({ code, enforced, message, hop, pointer, rule, tool, chain }: UnverifiedAttempt): string {
  const { stage } = rowOf(code);
  const why = { code, stage, message, ...defined({ hop, pointer, rule }) };
  const about = { tool, verdicts: [], ...defined({ chain }) };
  return operatorView(
    enforced === false ? { ...about, outcome: "allowed", shadow: why } : { ...about, outcome: "denied", ...why },
  );
}
