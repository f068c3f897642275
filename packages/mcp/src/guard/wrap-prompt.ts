import type { AsyncLocalStorage } from "node:async_hooks";
import { HopwiseError } from "@hopwise/core";
import { isPlain } from "../protocol/index.ts";
import { getsContext, type RequestScope } from "./decide-tool.ts";
import { isCalledWithinAnother } from "./within-another.ts";

/**
 * The same function of a prompt, which runs with nothing but what was decided. A prompt is decided on what was sent, before the
 * server has it; a server of the MCP SDK then has the prompt's own schema read that, which may put in, or change, what no policy saw.
 */
export function asDecided<Args, More extends readonly unknown[], Result>(
  scope: AsyncLocalStorage<RequestScope>,
  prompt: string,
  run: (args: Args, ...more: More) => Result | Promise<Result>,
): (args: Args, ...more: More) => Promise<Result> {
  return async (args, ...more) => {
    const given = [args, ...more];
    const within = isCalledWithinAnother(scope, given) ? undefined : scope.getStore()?.prompt;
    const takesNone = getsContext(given);
    const why = within?.name === prompt ? (takesNone ? undefined : whyOther(args, within.arguments)) : NOT_WITHIN;
    if (why === undefined) return run(args, ...more);
    const refusal = new HopwiseError("guard_failed", `the prompt ${JSON.stringify(prompt)} did not run: ${why}`);
    within?.refused(refusal);
    throw refusal;
  };
}

const NOT_WITHIN =
  "nobody asked for it behind this guard, or its server has it under another name than it was wrapped under";

/** What is left out was decided, too. A prompt's arguments are texts, by MCP. */
function whyOther(args: unknown, decided: unknown): string | undefined {
  const sent = new Map(isPlain(decided) ? Object.entries(decided) : []);
  if (args !== undefined && !isPlain(args)) return "its own schema made something else of its arguments";
  const other = Object.entries(args ?? {}).find(([name, value]) => value !== undefined && sent.get(name) !== value);
  if (other === undefined) return undefined;
  return `its own schema put in or changed the argument ${JSON.stringify(other[0])}, which was not decided; let the schema only check, and the function do the rest`;
}
