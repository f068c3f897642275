import type { Grant, ToolGrant } from "./constraint.ts";
import { nameWords } from "./name-words.ts";

/**
 * The key under which a grant hands over every tool of an enforcement point: `mcp:tools/*`, or `<audience>#mcp:tools/*` where
 * ids are qualified. No tool can have it, since no tool's own name begins with `mcp:`.
 */
export const EVERY_TOOL = "mcp:tools/*";

const MCP = "mcp:";

/** The audience of an id, with its `#`, and the name behind it. Neither can have a `#`. */
function partsOf(id: string): readonly [audience: string, name: string] {
  const at = id.lastIndexOf("#") + 1;
  return [id.slice(0, at), id.slice(at)];
}

/** Whether an id of a grant stands for every tool. */
export function isEveryTool(id: string): boolean {
  return partsOf(id)[1] === EVERY_TOOL;
}

/** Whether a grant hands over every tool, of one audience at least. It names no other tool then. */
export function handsEveryTool(grant: Grant): boolean {
  return Object.keys(grant).some(isEveryTool);
}

/**
 * What a grant has for a tool that it does not name: any arguments, where it hands over every tool of that audience;
 * undefined where it does not, and always for an operation of MCP.
 */
export function byEveryTool(grant: Grant, id: string): ToolGrant | undefined {
  const [audience, name] = partsOf(id);
  const key = `${audience}${EVERY_TOOL}`;
  if (name === "" || name.startsWith(MCP) || !Object.hasOwn(grant, key)) return undefined;
  return grant[key];
}

/** What a grant has for a tool that is called; undefined where it was not handed over. Nobody calls "every tool". */
export function toolGrantOf(grant: Grant, id: string): ToolGrant | undefined {
  if (isEveryTool(id)) return undefined;
  return Object.hasOwn(grant, id) ? grant[id] : byEveryTool(grant, id);
}

/** A tool of a grant in words: its id, or `every tool`. */
export function toolWords(id: string): string {
  if (!isEveryTool(id)) return nameWords(id);
  const [audience] = partsOf(id);
  return audience === "" ? "every tool" : `every tool of ${nameWords(audience.slice(0, -1))}`;
}
