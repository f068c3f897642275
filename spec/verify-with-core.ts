/** Judges a vector with packages/core, the way a server does, with policies that allow everything. */
import {
  createAuthorizer,
  HopwiseError,
  inMemoryAgents,
  memoryAudit,
  type ToolMap,
  type TrustAnchor,
} from "@hopwise/core";
import { answeringPdp } from "@hopwise/core/testing";
import { type JsonObject, parseJson } from "../packages/core/src/json/index.ts";
import type { AgentClass } from "../packages/core/src/principal/sources.ts";
import { DEFAULT_LIMITS, isListing, type Limits, MCP_OPERATIONS } from "../packages/core/src/token/index.ts";
import type { AnyVector, Expect, StatementVector, Vector, AgentClass as VectorClass } from "./source/vector.ts";
import { judgeStatement } from "./verify-statements-with-core.ts";

export async function judgeWithCore(vector: AnyVector): Promise<Expect> {
  try {
    return await ("tool" in vector.input ? judgeCall(vector as Vector) : judgeStatement(vector as StatementVector));
  } catch (error) {
    if (!(error instanceof HopwiseError)) throw error;
    return refusal(error);
  }
}

async function judgeCall({ now, config, input }: Vector): Promise<Expect> {
  const limits: Limits = { ...DEFAULT_LIMITS, ...config.limits };
  const authorizer = createAuthorizer({
    trust: config.trust as unknown as readonly TrustAnchor[],
    audience: config.audience,
    agents: inMemoryAgents(
      Object.fromEntries(
        Object.entries(config.agents).map(([name, { keys, classes }]) => [
          name,
          { ...classOf({ ...(classes && { classes }) }), keys },
        ]),
      ),
    ),
    limits,
    clock: () => now * 1000,
    // What comes after the grants, and what has a memory, is no part of a vector.
    state: { replay: { claim: () => true }, revocations: { find: () => undefined } },
    cerbos: answeringPdp(),
    users: { find: async ({ subject }) => ({ id: subject, roles: ["user"] }) },
    tools: toolsOf(config),
    delegation: "grants-only",
    audit: memoryAudit(),
  });
  const received = parseJson(input.arguments, {
    code: "arguments_malformed",
    what: "the arguments",
    maxDepth: limits.argumentsDepth,
  });
  const { chain, proof } = input;
  const admitted = await authorizer.admit({
    tool: input.tool,
    arguments: received,
    credential: proof === undefined ? undefined : { chain, proof },
  });
  if (admitted.outcome === "denied") return refusal(admitted);
  // A list has no arguments, and each of its items is asked about instead.
  if (isListing(input.tool)) return { result: "accept" };
  const { parsed, inputSchema } = input;
  const decision = await admitted.decide({
    ...(parsed !== undefined && { parsed: JSON.parse(parsed) as unknown }),
    ...(inputSchema && { inputSchema: inputSchema as JsonObject }),
  });
  return decision.outcome === "denied" ? refusal(decision) : { result: "accept" };
}

/** Every tool and operation, of one kind and action. */
function toolsOf({ adds = {}, tools = [] }: Vector["config"]): ToolMap {
  const entry = { kind: "thing", action: "use" };
  const operations = MCP_OPERATIONS.filter((operation) => !isListing(operation));
  const added = Object.entries(adds).map(([tool, names]) => [tool, { ...entry, adds: names }]);
  return { "*": entry, ...Object.fromEntries([...[...operations, ...tools].map((name) => [name, entry]), ...added]) };
}

function refusal({ code, pointer }: { code: string; pointer?: string | undefined }): Expect {
  return { result: "refuse", code, ...(pointer !== undefined && { pointer }) };
}

function classOf({ classes }: VectorClass): AgentClass {
  return {
    roles: ["agent"],
    ...(classes && { classes: Object.fromEntries(Object.entries(classes).map(([name, own]) => [name, classOf(own)])) }),
  };
}
