import { HopwiseError } from "../../errors.ts";
import { type Grant, toolGrantOf } from "../../grant/index.ts";
import { pointerTo } from "../../json/index.ts";
import { nearest } from "../../options/index.ts";
import type { BudgetBounds } from "../claims/index.ts";

/**
 * Holds the sums of a budget against the grant beside it. A verifier does not: it would bound nothing, and widen nothing. But
 * whoever writes a tool's name wrong believes that it is bounded.
 *
 * @throws {HopwiseError} `config_invalid` for a sum of what the grant does not hand over
 */
export function checkBudgetOfGrant(called: string, { sums = {} }: BudgetBounds, grant: Grant): void {
  for (const [tool, bounds] of Object.entries(sums)) {
    const granted = toolGrantOf(grant, tool);
    const pointer = pointerTo("/budget/sums", tool);
    if (granted === undefined) refuse(called, pointer, "the grant does not hand over that tool", tool, grant);
    const names = Object.keys(granted);
    // Any arguments.
    if (names.length === 0) continue;
    for (const argument of Object.keys(bounds)) {
      if (names.includes(argument)) continue;
      refuse(called, pointerTo(pointer, argument), "the grant of that tool does not name it", argument, granted);
    }
  }
}

function refuse(called: string, pointer: string, why: string, name: string, known: object): never {
  // A tool that takes no arguments has one of no name, which must be absent.
  const names = Object.keys(known).filter((it) => it !== "");
  const meant = nearest(name, names);
  const hint = meant === undefined ? "leave it out, or grant it" : `did you mean "${meant}"?`;
  const message = `${called}: "${pointer}" would bound nothing, since ${why}; ${hint}`;
  throw new HopwiseError("config_invalid", message, { pointer });
}
