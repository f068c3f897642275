import type { AsyncLocalStorage } from "node:async_hooks";
import type { Denied } from "@hopwise/core";
import { ownDenial, toolDenial } from "./denial.ts";
import type { RequestScope } from "./in-flight.ts";

/** What a tool's wrapper does next: run with exactly these arguments, or answer with this denial. */
export type ToolDecision =
  | { readonly run: true; readonly arguments: unknown }
  | { readonly run: false; readonly result: ReturnType<typeof toolDenial> };

/**
 * Ends a tool call's admission in a decision, on the arguments that the tool's own schema made.
 *
 * @param parsed what the schema gave; `undefined` for a tool that takes no arguments
 */
export async function decideTool(
  scope: AsyncLocalStorage<RequestScope>,
  tool: string,
  parsed: unknown,
): Promise<ToolDecision> {
  const within = scope.getStore();
  if (within?.tool !== tool) {
    const message = `the tool "${tool}" ran outside of a guarded request`;
    return { run: false, result: toolDenial(ownDenial("method_unguarded", tool, { message })) };
  }
  const decision = await within.decide(parsed ?? {});
  if (decision.outcome !== "allowed") return { run: false, result: toolDenial(decision as Denied) };
  return { run: true, arguments: parsed === undefined || decision.projected ? parsed : decision.arguments };
}
