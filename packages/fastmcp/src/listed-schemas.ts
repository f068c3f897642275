import { type InputSchema, loosen, type OutputSchema } from "@hopwise/core/adapter";
import type { MayChangeByTool } from "@hopwise/mcp";
import { askSession } from "./ask-session.ts";
import type { AnyTool } from "./wrap-tool.ts";

/** The JSON Schemas that FastMCP lists of a tool. */
export interface ListedSchemas {
  /** Undefined where FastMCP cannot list the tool. */
  readonly inputSchema: InputSchema | undefined;
  /** Undefined for a tool without one, `null` where FastMCP cannot list it. */
  readonly outputSchema: OutputSchema | undefined;
}

/** Tells of each tool what FastMCP lists, which is asked once: a server without sessions makes one for each request. */
export function listedOnce(mayChange: MayChangeByTool): (tool: AnyTool) => () => Promise<ListedSchemas> {
  const schemas = new WeakMap<AnyTool, Promise<ListedSchemas>>();
  return (tool) => () => {
    const listed = schemas.get(tool) ?? listedSchemas(tool, mayChange);
    schemas.set(tool, listed);
    return listed;
  };
}

/**
 * The schemas that FastMCP lists of a tool: its clients go by those, whatever library the tool's author wrote them in.
 * FastMCP is asked itself, by a session of this tool alone, which no client ever sees; the guard then lists that of results
 * looser where policies may change them.
 */
export async function listedSchemas(tool: AnyTool, mayChange: MayChangeByTool): Promise<ListedSchemas> {
  try {
    const answer = await askSession({ tools: [tool] }, { method: "tools/list" });
    const [listed] = (answer.result?.["tools"] ?? []) as readonly Partial<ListedSchemas>[];
    const change = Object.hasOwn(mayChange, tool.name) ? mayChange[tool.name] : undefined;
    return {
      inputSchema: listed?.inputSchema,
      outputSchema: tool.outputSchema && loosen(listed?.outputSchema ?? null, change ?? {}),
    };
  } catch {
    return { inputSchema: undefined, outputSchema: tool.outputSchema && null };
  }
}
