import { HopwiseError } from "@hopwise/core";
import { type AnyTool, type ReadTool, type Treatment, treatmentOf } from "./read-tool.ts";

/** What becomes of the functions that the loop would call with the model's input before it calls `execute`. */
export type EarlyCalls =
  /** The loop calls them, also where the call is then denied. */
  | "kept"
  /** They are left out: `execute` calls those that can run later, and a tool with another one is refused. */
  | "later"
  /** A tool with any of them is refused. */
  | "refused";

/**
 * A tool for the loop: a plain, frozen object of the members that were read, with this `execute`. Its other functions run
 * on the tool that it was made of.
 *
 * @throws {HopwiseError} `config_invalid` for a function that may not run before the decision, and cannot later
 */
export function guardedTool(
  { name, tool, members }: ReadTool,
  execute: AnyTool["execute"],
  early: EarlyCalls,
): AnyTool {
  const guarded = {};
  for (const [key, { value, enumerable }] of members) {
    const treatment = treatmentOf(key);
    if (typeof value === "function" && early !== "kept" && (treatment === "after" || treatment === "early")) {
      if (treatment === "after" && early === "later") continue;
      throw new HopwiseError("config_invalid", runsTooEarly(name, String(key)));
    }
    Object.defineProperty(guarded, key, {
      value: treatment === "decided" ? execute : ownValue(value, treatment, tool),
      enumerable,
    });
  }
  return Object.freeze(guarded);
}

/** A schema may be a function that has members, so only functions that the loop calls as methods are bound. */
function ownValue(value: unknown, treatment: Treatment | undefined, tool: object): unknown {
  return typeof value === "function" && treatment !== "kept" ? value.bind(tool) : value;
}

function runsTooEarly(name: string, member: string): string {
  const instead = member === "needsApproval" ? "give the loop a toolApproval instead" : "leave it out";
  return `the loop would run ${member} of the tool "${name}" before the call is decided; ${instead}, or set callbacks: "dangerously-before-the-decision"`;
}
