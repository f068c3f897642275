/** The door alone: an authorizer that lets in by chain and proof, and whose policies nothing may come to ask. */
import {
  type Authorizer,
  type AuthorizerOptions,
  createAuthorizer,
  inMemoryAgents,
  memoryState,
  type ToolMap,
} from "@hopwise/core";
import { isListing, MCP_OPERATIONS } from "../../../packages/core/src/token/index.ts";
import { type Honest, NOW } from "./honest.ts";

const clock = (): number => NOW * 1000;

const THING = { kind: "thing", action: "use" };
/** The tools that the door names one by one: every tool is one of these. */
export const NAMED: readonly string[] = ["read", "send", "search"];
const OPERATIONS = MCP_OPERATIONS.filter((name) => !isListing(name));
const TOOLS: ToolMap = {
  "*": THING,
  ...Object.fromEntries([...OPERATIONS, ...NAMED].map((name) => [name, THING])),
};

function unasked(): never {
  throw new Error("policies are not asked at the door");
}

export function doorOf({ trust, agents }: Honest, options: Pick<AuthorizerOptions, "audience" | "nonces">): Authorizer {
  return createAuthorizer({
    cerbos: { checkResources: unasked, planResources: unasked },
    trust,
    users: { find: () => undefined },
    agents: inMemoryAgents(
      Object.fromEntries(
        Object.entries(agents).map(([name, key]) => [name, { roles: ["agent"], keys: [key.publicJwk] }]),
      ),
    ),
    tools: TOOLS,
    delegation: "grants-only",
    audit: { record: () => {} },
    state: memoryState({ since: 0, maxProofs: 10_000_000, clock }),
    clock,
    ...options,
  });
}
