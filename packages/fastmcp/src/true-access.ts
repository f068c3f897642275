import { quietly } from "@hopwise/core/adapter";
import type { AnyTool } from "./wrap-tool.ts";

/**
 * The same tool, to which nothing but `true` gives access. FastMCP asks `canAccess` itself, when it makes a session, and
 * takes what is truthy for yes: a promise, which any function may give, would let everybody in.
 *
 * @param tell hears, once for each tool, why it is closed where its function gave no answer
 */
export function withTrueAccess(tool: AnyTool, tell: (text: string) => void): AnyTool {
  if (tool.canAccess === undefined) return tool;
  let isTold = false;
  const close = (why: string): false => {
    if (!isTold) tell(`canAccess of the tool ${JSON.stringify(tool.name)} ${why}, so the tool is closed`);
    isTold = true;
    return false;
  };
  const canAccess = (auth: never): boolean => {
    let answer: unknown;
    try {
      answer = tool.canAccess?.(auth);
    } catch {
      return close("threw");
    }
    if (typeof answer === "boolean") return answer;
    // Nobody waits for it: a rejection must not end the process.
    quietly(() => answer);
    return close("must answer true or false, at once");
  };
  // Over the tool itself, which may be frozen. Its own `execute` may need the members of its class.
  return Object.create(tool, {
    canAccess: { value: canAccess, enumerable: true },
    execute: { value: (args: never, context: never) => tool.execute(args, context), enumerable: true },
  });
}
