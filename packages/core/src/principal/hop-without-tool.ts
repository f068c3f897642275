import type { AgentClass } from "./sources.ts";

/**
 * The first hop whose agent may not take part in calling a tool, by the registry; undefined if all may.
 *
 * @param agents of the chain, in order; hop 0 is the user
 */
export function hopWithoutTool(agents: readonly AgentClass[], tool: string): number | undefined {
  const at = agents.findIndex(({ tools }) => tools !== undefined && !(Array.isArray(tools) && tools.includes(tool)));
  return at < 0 ? undefined : at + 1;
}
