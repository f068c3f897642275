/** Judges a vector with packages/core, the way a server does: the first half of `createAuthorizer`, up to the policies. */
import { createAuthorizer, HopwiseError, inMemoryAgents, memoryAudit, type TrustAnchor } from "@hopwise/core";
import { parseJson } from "../packages/core/src/json/index.ts";
import type { AgentClass } from "../packages/core/src/principal/sources.ts";
import { DEFAULT_LIMITS, type Limits } from "../packages/core/src/token/index.ts";
import type { Expect, Vector, AgentClass as VectorClass } from "./source/vector.ts";

export async function judgeWithCore({ now, config, input }: Vector): Promise<Expect> {
  const limits: Limits = { ...DEFAULT_LIMITS, ...config.limits };
  try {
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
      cerbos: { checkResources: unreachable, planResources: unreachable },
      users: { find: unreachable },
      tools: Object.fromEntries(["*", ...(config.tools ?? [])].map((name) => [name, { kind: "tool", action: "use" }])),
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
    return admitted.outcome === "admitted" ? { result: "accept" } : refusal(admitted);
  } catch (error) {
    if (!(error instanceof HopwiseError)) throw error;
    return refusal(error);
  }
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

function unreachable(): never {
  throw new Error("a vector ends before this is asked");
}
