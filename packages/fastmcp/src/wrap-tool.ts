import { nothingHappened, runToEnd } from "@hopwise/core/running";
import type { GuardedTools, MayChangeByTool } from "@hopwise/mcp";
import type { FastMCP } from "fastmcp";
import { listedOnce } from "./listed-schemas.ts";

export type AnyTool = Parameters<FastMCP["addTool"]>[0];

/**
 * Makes, for each session, of a tool the same tool, which asks before each run, and runs with exactly the arguments that
 * were decided.
 */
export function toolWrapper(mayChange: MayChangeByTool = {}): (tool: AnyTool, tools: GuardedTools) => AnyTool {
  const announcedBy = listedOnce(mayChange);
  return (tool, tools) => {
    const { name } = tool;
    const run = (args: never, context: Parameters<AnyTool["execute"]>[1]) => {
      // The call was cancelled or timed out during the check, of which the guard has not heard yet.
      if (context.signal.aborted) nothingHappened();
      context.signal.throwIfAborted();
      return runToEnd(context, (own) => tool.execute(args, own));
    };
    const execute = tools.wrap(name, run, announcedBy(tool));
    // Over the tool itself: it may be frozen, or have its members from a class.
    return Object.create(tool, {
      name: { value: name, enumerable: true },
      execute: { value: execute, enumerable: true },
    });
  };
}
