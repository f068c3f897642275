import type { AsyncLocalStorage } from "node:async_hooks";
import type { OutputSchema } from "@hopwise/core/adapter";
import { decideTool, type MayChangeByTool, type RequestScope, runToEnd } from "@hopwise/mcp";
import type { FastMCP } from "fastmcp";
import { listedSchema } from "./listed-schema.ts";

export type AnyTool = Parameters<FastMCP["addTool"]>[0];

/** The same tool, which asks before each run, and runs with exactly the arguments that were decided. */
export function wrapTool(
  tool: AnyTool,
  scope: AsyncLocalStorage<RequestScope>,
  mayChange: MayChangeByTool = {},
): AnyTool {
  const { name } = tool;
  let listed: Promise<OutputSchema> | undefined;
  const execute: AnyTool["execute"] = async (args, context) => {
    if (tool.outputSchema !== undefined) listed ??= listedSchema(tool, mayChange);
    const decision = await decideTool(scope, name, args, await listed);
    if (!decision.run) return decision.result as never;
    // The call was cancelled or timed out during the check: its caller was told, or has left.
    context.signal.throwIfAborted();
    return runToEnd(context, (own) => tool.execute(decision.arguments as never, own));
  };
  return { ...tool, name, execute };
}
