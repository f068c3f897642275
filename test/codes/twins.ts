/**
 * For each code that callers may not tell from another one: how it comes about at a guarded server, and how the other one
 * does. A code that gets a `wire` without a row here does not compile.
 */
import type { AuthorizerOptions, HeldDelegation, ToolEntry } from "@hopwise/core";
import type { FastMCP } from "fastmcp";
import { z } from "zod";
import { registerAgents } from "../../examples/finance-team/company.ts";
import type { CODES, DenialCode } from "../../packages/core/src/codes.ts";
import { OPEN_TO_ALICE, OPEN_TO_NOBODY } from "../support/mcp/server.ts";
import { failing } from "../support/policy-clients.ts";
import type { World } from "../support/world.ts";

/** One call of a tool, at a server of its own. */
export interface Row {
  readonly tool: string;
  readonly arguments?: object;
  /** The tool's place in the tool map; where it has none, no server has such a tool. */
  readonly entry?: ToolEntry;
  readonly options?: (world: World) => Partial<AuthorizerOptions>;
  /** Who calls: by default the planner, who was handed the tool. */
  readonly held?: (world: World) => Promise<HeldDelegation>;
  /** The server's own hook. */
  readonly onToolCall?: () => void;
  /** What happens to the server after its tool was added. */
  readonly afterwards?: (server: FastMCP) => void;
}

type Disguised = {
  [Code in DenialCode]: (typeof CODES)[Code] extends { readonly wire: string } ? Code : never;
}[DenialCode];
/** Codes that are for those who may see the tool, and do not look like a denial of policies by themselves. */
type ForThoseWhoSee = Exclude<
  { [Code in DenialCode]: (typeof CODES)[Code] extends { readonly tellsOfTool: true } ? Code : never }[DenialCode],
  Disguised
>;
type Seen = (typeof CODES)[Disguised]["wire"];

const parameters: z.ZodObject = z.object({ name: z.string() });
export const FITTING = { name: "x" };

/** The tool of a row, where its server has one. */
export function addToolOf({ tool, entry }: Row, server: FastMCP): void {
  if (entry !== undefined) server.addTool({ name: tool, parameters, execute: async () => "ran" });
}

const nothing = { find: () => undefined };
const fail = (): never => {
  throw new Error("down: hunter2");
};
const agentsOf = (world: World) =>
  registerAgents({ planner: world.keys.planner.publicJwk, researcher: world.keys.researcher.publicJwk });
/** The registry, which says something else of the planner. */
const plannerAs = (changed: object) => (world: World) => {
  const agents = agentsOf(world);
  const find = async (name: string) => {
    const agent = await agents.find(name);
    return name === "planner" && agent !== undefined ? { ...agent, ...changed } : agent;
  };
  return { agents: { find } };
};

/** What callers see, brought about by what it says. */
export const OPENLY: { readonly [Code in Seen]: Row } = {
  policy_denied: { tool: "locked", entry: OPEN_TO_NOBODY },
  policy_inconclusive: {
    tool: "open",
    entry: OPEN_TO_ALICE,
    options: () => ({ cerbos: failing(Object.assign(new Error("no"), { validationErrors: [] })) }),
  },
  grant_tool_missing: { tool: "open", entry: OPEN_TO_ALICE, held: async ({ planner }) => planner },
  attributes_invalid: { tool: "open", entry: OPEN_TO_ALICE, options: plannerAs({ roles: [] }) },
  context_unavailable: {
    tool: "open",
    entry: OPEN_TO_ALICE,
    options: () => ({ sources: { agent: { fleet: { find: fail } } } }),
  },
};

/** How each of these comes about at a tool that its caller may not see: `tool_hidden` stands in its place. */
export const HIDDEN: { readonly [Code in ForThoseWhoSee]: Row } = {
  arguments_refused: { tool: "locked", entry: OPEN_TO_NOBODY, arguments: { name: 7 } },
  arguments_malformed: { tool: "locked", entry: { ...OPEN_TO_NOBODY, id: "id" } },
  attributes_invalid: { tool: "locked", entry: { ...OPEN_TO_NOBODY, attributes: () => ({ at: new Date() }) as never } },
  server_refused: { tool: "locked", entry: OPEN_TO_NOBODY, onToolCall: fail },
};

/** The same, brought about by what nobody is told. */
export const DISGUISED: { readonly [Code in Disguised]: { readonly seen: Seen; readonly rows: readonly Row[] } } = {
  tool_unguarded: { seen: "policy_denied", rows: [{ tool: "nowhere" }, { tool: "dev.hopwise/guard" }] },
  tool_not_served: {
    seen: "policy_denied",
    rows: [{ tool: "open", entry: OPEN_TO_ALICE, afterwards: (server) => server.removeTool("open") }],
  },
  tool_hidden: { seen: "policy_denied", rows: Object.values(HIDDEN) },
  // No guarded server has such a tool: `addTool` refuses it.
  tool_unmapped: { seen: "policy_denied", rows: [] },
  user_unknown: {
    seen: "policy_denied",
    rows: [{ tool: "open", entry: OPEN_TO_ALICE, options: () => ({ users: nothing }) }],
  },
  resource_unknown: {
    seen: "policy_denied",
    rows: [
      { tool: "open", entry: { ...OPEN_TO_ALICE, attributes: () => undefined } },
      { tool: "open", entry: { ...OPEN_TO_ALICE, attributes: async () => null } },
      { tool: "open", entry: { ...OPEN_TO_ALICE, sources: { row: nothing } } },
      { tool: "locked", entry: { ...OPEN_TO_NOBODY, sources: { row: nothing } } },
    ],
  },
  attributes_missing: {
    seen: "policy_denied",
    rows: [
      { tool: "open", entry: OPEN_TO_ALICE, options: () => ({ sources: { user: { hr: nothing } } }) },
      { tool: "open", entry: OPEN_TO_ALICE, options: () => ({ sources: { agent: { fleet: nothing } } }) },
    ],
  },
  delegation_denied: {
    seen: "policy_denied",
    rows: [
      {
        tool: "open",
        entry: OPEN_TO_ALICE,
        options: () => ({ delegation: { kind: "nothing_that_policies_know", action: "delegate" } }),
      },
    ],
  },
  policy_request_refused: {
    seen: "policy_inconclusive",
    rows: [{ tool: "open", entry: { ...OPEN_TO_ALICE, attributes: () => ({ "": 1 }) } }],
  },
  agent_tool_refused: {
    seen: "grant_tool_missing",
    rows: [{ tool: "open", entry: OPEN_TO_ALICE, options: plannerAs({ tools: ["other"] }) }],
  },
  agent_invalid: {
    seen: "attributes_invalid",
    rows: [{ tool: "open", entry: OPEN_TO_ALICE, options: plannerAs({ keys: "one" }) }],
  },
  registry_unavailable: {
    seen: "context_unavailable",
    rows: [{ tool: "open", entry: OPEN_TO_ALICE, options: () => ({ agents: { find: fail } }) }],
  },
};
