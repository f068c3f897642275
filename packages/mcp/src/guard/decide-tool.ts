import type { AsyncLocalStorage } from "node:async_hooks";
import type { Decision } from "@hopwise/core";
import type { MatchedUri } from "@hopwise/core/adapter";
import { notRunOf, type ToolDenial, toolDenial } from "../protocol/index.ts";
import type { Schemas } from "./server-lists.ts";
import { contextIn, isCalledWithinAnother } from "./within-another.ts";

/** The one request within which a handler runs, from the guard to the tool. */
export interface RequestScope {
  /** How the server calls the request. */
  readonly id: number;
  /** The tool that was admitted; undefined for a request of another kind. */
  readonly tool: string | undefined;
  /** For a resource, where the tool map goes by URIs: what it was decided on. Its handler must get these values. */
  readonly uri: MatchedUri | undefined;
  /** For a prompt: what it was decided on, and who hears that its function would have got something else. */
  readonly prompt: { readonly name: unknown; readonly arguments: unknown; refused(why: Error): void } | undefined;
  /** Ends the call's admission in a decision, on the arguments that the tool's own schema made. */
  decide(parsed: unknown, announced?: TellSchemas): Promise<Decision>;
  /** For a call that waits: where people can answer, once it was decided. */
  page(): string | undefined;
  /** The function of another tool was called. It did not run. */
  strayed(wrappedAs: string): void;
  /** Whether the tool, which was allowed, may begin: somebody still waits for its answer. Where not, that is on record. */
  begins(): boolean;
  readonly ran: Ran;
}

/** What is noted of how a tool ran. */
export interface Ran {
  /** Whether it gave a result, and did not say that it failed. */
  returned: boolean;
  /** With what it runs on once its client has answered. */
  next?: ToolDecision | undefined;
}

/** The next step of a tool's wrapper: run with exactly these arguments, or answer with this denial. */
export type ToolDecision =
  | { readonly run: true; readonly arguments: unknown }
  | { readonly run: false; readonly result: ToolDenial };

/** Tells the schemas that the server lists of a tool. The guard asks it, and waits for it no longer than for a source. */
export type TellSchemas = () => Schemas | Promise<Schemas>;

/**
 * The same function of a tool, which asks before each run, and runs with exactly the arguments that were decided. One that takes
 * none gets the server's own context in their place, as the MCP SDK calls it: that goes on as it is.
 */
export function askingFirst<Args, More extends readonly unknown[], Result>(
  scope: AsyncLocalStorage<RequestScope>,
  tool: string,
  run: (args: Args, ...more: More) => Result | Promise<Result>,
  announced?: TellSchemas,
): (args: Args, ...more: More) => Promise<Result | ToolDenial> {
  return async (args, ...more) => {
    // Nothing is noted here: the answer shows it, too, and of resources as well.
    if (isCalledWithinAnother(scope, [args, ...more])) return toolDenial({ code: "guard_failed" });
    const takesNone = getsContext([args, ...more]);
    const decision = runningOn(scope, tool) ?? (await decideTool(scope, tool, takesNone ? undefined : args, announced));
    if (!decision.run) return decision.result;
    const result = await run(takesNone ? args : (decision.arguments as Args), ...more);
    const ran = scope.getStore()?.ran;
    if (ran !== undefined) noteResult(ran, decision, Object(result));
    return result;
  };
}

/**
 * A tool of SDK 2.x asks its client by what it returns, and runs anew with the answer. For clients of before 2026-07-28 the SDK does that
 * within one request: so it is one call, with one decision, and runs on with the arguments of that.
 */
function runningOn(scope: AsyncLocalStorage<RequestScope>, tool: string): ToolDecision | undefined {
  const { tool: admitted, ran } = scope.getStore() ?? {};
  const next = admitted === tool ? ran?.next : undefined;
  if (next !== undefined && ran !== undefined) ran.next = undefined;
  return next;
}

function noteResult(ran: Ran, decision: ToolDecision, result: { readonly [member: string]: unknown }): void {
  const asks = result["resultType"] === "input_required";
  if (asks) ran.next = decision;
  // The server makes the result of a task later, and may tell that it failed.
  ran.returned = result["isError"] !== true && !asks && typeof Object(result["task"]).taskId !== "string";
}

/**
 * Whether a function is given, in the place of arguments, what an MCP SDK gives beside them: it takes none. A signal alone makes no
 * context: who hands arguments and a signal to a function in one object has these arguments decided, and no others run.
 */
export function getsContext([first, ...more]: readonly unknown[]): boolean {
  return more.length === 0 && contextIn(first) !== undefined;
}

/**
 * Ends a tool call's admission in a decision, on the arguments that the tool's own schema made.
 *
 * @param parsed what the schema gave; `undefined` for a tool that takes no arguments
 * @param announced tells what the server lists of the tool
 */
export async function decideTool(
  scope: AsyncLocalStorage<RequestScope>,
  tool: string,
  parsed: unknown,
  announced?: TellSchemas,
): Promise<ToolDecision> {
  const within = scope.getStore();
  // The tool ran outside of a guarded request, or in the request of another tool: no admission covers it.
  if (within?.tool !== tool) {
    within?.strayed(tool);
    return { run: false, result: toolDenial({ code: "method_unguarded" }) };
  }
  let decision: Decision;
  try {
    decision = await within.decide(parsed === undefined ? {} : parsed, announced);
  } catch {
    return { run: false, result: toolDenial({ code: "guard_failed" }) };
  }
  if (decision.outcome !== "allowed") return { run: false, result: toolDenial(notRunOf(decision, within.page())) };
  // Its caller left while it was decided, or was answered. Nobody reads this.
  if (!within.begins()) return { run: false, result: toolDenial({ code: "guard_failed" }) };
  return { run: true, arguments: parsed === undefined || decision.projected ? parsed : decision.arguments };
}
