/** Policies without rhyme or reason, as functions: each question has an answer of its own, always the same. */
import { createHash } from "node:crypto";
import type { CheckResourcesRequest, CheckResourcesResponse } from "@cerbos/core";
import type { PolicyDecisionPoint } from "@hopwise/core/adapter";
import type { Grant } from "@hopwise/core/grant";

/** What random policies can say of one question. Only the first is a yes. */
export type Answer = "allow" | "deny" | "neither" | "unreadable" | "unanswered" | "failed";

/** Who is asked, by everything that may count: the chain up to that hop, and roles of its own. */
export interface Asked {
  readonly upTo: readonly string[];
  readonly roles: readonly string[];
}

/** The one source of answers, for the model and for the engine: a hash of the question decides. */
export function answerOf(seed: number, asked: Asked, question: unknown): Answer {
  const byte = createHash("sha1")
    .update(JSON.stringify([seed, asked.upTo, asked.roles, question]))
    .digest()[0] as number;
  if (byte >= 50) return "allow";
  return (["neither", "unreadable", "unanswered", "failed"] as const)[byte] ?? "deny";
}

/** What the model asks of a handing over, and what the engine sees of it: of every tool, the one that is called. */
export function handingOver(to: string, grant: Grant, { tool }: { readonly tool: string }): unknown {
  const everyTool = Object.hasOwn(grant, "mcp:tools/*");
  return ["delegate", to, everyTool, everyTool ? [tool] : Object.keys(grant)];
}

/** A decision point that decides by {@link answerOf}, from what it is sent and nothing else. */
export function randomDecisionPoint(seed: number): PolicyDecisionPoint {
  return {
    checkResources: async (request) => respond(seed, request),
    planResources: () => Promise.reject(new Error("not asked")),
  };
}

function respond(seed: number, { principal, resources }: CheckResourcesRequest): CheckResourcesResponse {
  const { chain } = (principal.attr as unknown as { delegation: { chain: { id: string }[] } }).delegation;
  const upTo = chain.map(({ id }) => id.replace(/^agent:/, ""));
  if (chain.at(-1)?.id !== principal.id) throw new Error("the chain that a hop is shown does not end with that hop");
  const answers = resources.map(({ resource, actions }) => {
    const attr = resource.attr as unknown as {
      to?: string;
      everyTool?: boolean;
      actions?: string[];
      args?: unknown;
    };
    const question =
      resource.kind === "delegation"
        ? ["delegate", attr.to?.replace(/^agent:/, ""), attr.everyTool, attr.actions]
        : [actions[0], attr.args];
    return {
      resource,
      action: actions[0] as string,
      answer: answerOf(seed, { upTo, roles: principal.roles }, question),
    };
  });
  if (answers.some(({ answer }) => answer === "failed")) throw new Error("the policies could not be asked");
  const results = answers
    .filter(({ answer }) => answer !== "unanswered")
    .map(({ resource, action, answer }) => ({
      resource: { kind: resource.kind, id: resource.id },
      actions: { [action]: EFFECTS[answer] ?? "EFFECT_ALLOW" },
      validationErrors: [],
      outputs: answer === "unreadable" ? [{ source: "a rule", action, value: { redact: ["amount"] } }] : [],
      metadata: undefined,
    }));
  return { cerbosCallId: "", requestId: "", results } as unknown as CheckResourcesResponse;
}

const EFFECTS: { readonly [answer in Answer]?: string } = { deny: "EFFECT_DENY", neither: "EFFECT_NO_MATCH" };
