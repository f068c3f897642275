import { HopwiseError } from "../errors.ts";
import { listed, plainName } from "../lib/index.ts";
import { mustBe, nearest } from "../options/index.ts";
import type { Grant, ToolGrant } from "./constraint.ts";
import { toolGrantOf } from "./every-tool.ts";
import { checkMade, makeGrant } from "./made.ts";

const TOOL = "a tool's id as the grant has it, such as read_invoice";

/**
 * A part of a grant: some of its tools, each with just the constraints that it has there. To hand them on unchanged, without
 * writing them again; a resource and a prompt of MCP by their operations, such as `mcp:resources/read`. Of a grant of every tool,
 * any tool with any arguments.
 *
 * ```ts
 * await delegate(mine, { to: "reader", holder, grant: pick(mine.grant, "read_invoice") });
 * ```
 *
 * @param tools as the grant names them, at least one: `<audience>#<tool>` where its chain has several audiences
 * @throws {HopwiseError} `config_invalid` for a tool that the grant does not hand over, for no tool, and for what is no grant
 */
export function pick(grant: Grant, ...tools: readonly string[]): Grant {
  checkMade("pick", "grant", grant);
  if (tools.length === 0) mustBe("pick", ["tools", 0], TOOL, undefined);
  return makeGrant(Object.fromEntries(tools.map((tool, i) => [tool, handedOver(grant, tool, i)])));
}

function handedOver(grant: Grant, tool: string, i: number): ToolGrant {
  if (typeof tool !== "string") return mustBe("pick", ["tools", i], TOOL, tool);
  const found = toolGrantOf(grant, tool);
  if (found !== undefined) return found;
  const message = `pick: the grant does not hand over "${plainName(tool)}"; ${whatIsThere(grant, tool)}`;
  throw new HopwiseError("config_invalid", message, { pointer: `/tools/${i}` });
}

/** What to say of a tool that a grant does not name: which one was meant, or what there is. */
export function whatIsThere(grant: Grant, tool: string): string {
  const known = Object.keys(grant);
  const meant = known.find((id) => id.endsWith(`#${tool}`)) ?? nearest(tool, known);
  return meant === undefined ? `there is ${listed(known)}` : `did you mean "${meant}"?`;
}
