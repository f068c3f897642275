import { HopwiseError } from "@hopwise/core";
import { type MayChange, misfitOf } from "@hopwise/core/adapter";
import { META_MAY_CHANGE } from "@hopwise/mcp";
import { outputSchemaOf } from "./announced-schemas.ts";

/** An MCP tool of the AI SDK, with what its server says beside it. */
interface McpTool {
  readonly outputSchema?: unknown;
  readonly _meta?: unknown;
}

/**
 * A schema of one's own must let through what the server announces: it is held against the result once the tool has
 * run, and where it then does not fit, the model is told that the tool failed, and calls it again.
 *
 * @throws {HopwiseError} `config_invalid`
 */
export async function refuseStricter(name: string, tool: McpTool): Promise<void> {
  const own = await outputSchemaOf(tool.outputSchema);
  if (own === undefined) return;
  const change = (tool._meta as { readonly [META_MAY_CHANGE]?: { [Way in keyof MayChange]: unknown } } | undefined)?.[
    META_MAY_CHANGE
  ];
  const limit = Object.fromEntries(pointersIn(change?.limit).map((pointer) => [pointer, 0]));
  const misfit = misfitOf({ redact: pointersIn(change?.redact), limit }, own);
  if (misfit === undefined) return;
  throw new HopwiseError(
    "config_invalid",
    `schemas: the outputSchema of "${name}" is stricter than what its server announces: ${misfit}; policies may take values out of its results, so let the schema allow that they are missing or null, and that lists are shorter`,
  );
}

/** The server's words may be anything. */
function pointersIn(list: unknown): readonly string[] {
  return Array.isArray(list) ? list.filter((pointer) => typeof pointer === "string") : [];
}
