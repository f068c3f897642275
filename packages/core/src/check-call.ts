import { HopwiseError } from "./errors.ts";
import { newWork, refusal, words } from "./grant/index.ts";
import { freezeArguments, type JsonObject } from "./json/index.ts";
import { plainText } from "./plain-text.ts";
import { type AgentClass, hopWithoutTool } from "./principal/index.ts";
import type { ToolEntry } from "./resource/index.ts";
import { type Chain, type Limits, toolIdOf } from "./token/index.ts";

/**
 * What the agent registry lets each agent of a chain take part in, whatever was handed over.
 *
 * @throws {HopwiseError} `grant_tool_missing`
 */
export function checkAgentTools(agents: readonly AgentClass[], tool: string): void {
  const hop = hopWithoutTool(agents, tool);
  if (hop === undefined) return;
  const rule = "the agent registry does not let this agent use the tool";
  throw new HopwiseError("grant_tool_missing", rule, { hop, rule });
}

/**
 * Step 9: every token's grant covers the call.
 *
 * @throws {HopwiseError} `grant_tool_missing`, `grant_argument_refused` with the first hop that was not given this
 */
export function checkGrants({ links, rootAudience }: Chain, at: string, tool: string, args: JsonObject): void {
  const id = toolIdOf(tool, at, rootAudience);
  const work = newWork();
  for (const [i, { grant, agent }] of links.entries()) {
    const refused = refusal(grant, id, args, work);
    if (refused !== undefined) {
      const { code, pointer, rule, expected } = refused;
      throw new HopwiseError(code, `what was handed to "${agent}" does not cover this call: ${rule}`, {
        hop: i + 1,
        pointer,
        rule,
        // Every grant before this one covered the call.
        wouldPass: { grantableBy: i, ...(expected !== undefined && { accepts: plainText(words(expected)) }) },
      });
    }
  }
}

/**
 * The arguments as plain, frozen data: themselves, or the tool map's projection of them.
 *
 * @throws {HopwiseError} `arguments_malformed`
 */
export function plainArguments(entry: ToolEntry | undefined, value: unknown, limits: Limits): JsonObject {
  const bounds = { maxDepth: limits.argumentsDepth, maxSize: limits.argumentsSize };
  if (entry?.projection === undefined) return freezeArguments(value, bounds);
  let projected: unknown;
  try {
    projected = entry.projection(value as never);
  } catch (cause) {
    throw new HopwiseError("arguments_malformed", "the tool map's projection of the arguments failed", { cause });
  }
  return freezeArguments(projected, bounds);
}

/** What a tool's schema made of the arguments: where that is no plain data, its author has to say what to check. */
export function parsedArguments(entry: ToolEntry, value: unknown, limits: Limits): JsonObject {
  try {
    return plainArguments(entry, value, limits);
  } catch (error) {
    if (!(error instanceof HopwiseError) || entry.projection !== undefined) throw error;
    const { code, message, pointer } = error;
    throw new HopwiseError(code, `${message}; the tool map's entry can name a projection`, { pointer, cause: error });
  }
}
