import type { CheckResourcesRequest, CheckResourcesResponse, Resource } from "@cerbos/core";
import type { Hop } from "../principal/index.ts";
import { type Answer, type ChainQuestion, edgeOf, faultOf, hopRequest, readAnswers } from "./ask-hop.ts";
import { withDeadline } from "./deadline.ts";
import type { PolicyDecisionPoint } from "./pdp.ts";

/** One call, put to every hop of a chain. */
export interface HopQuestion extends ChainQuestion {
  readonly resource: Resource;
  readonly action: string;
}

/** What the policies said of one hop. */
export interface HopVerdict {
  readonly hop: number;
  readonly kind: Hop["kind"];
  readonly id: string;
  /** `error`: it could not be asked, or its answer could not be understood; that is never an allowance. */
  readonly effect: "allow" | "deny" | "error";
  /** Whether it may hand authority to the next hop; undefined for the last hop, or where that is not asked. */
  readonly delegation?: "allow" | "deny" | "error";
  /** Reasons that the policy's outputs gave, of the call and of the handing over. */
  readonly reasons: readonly string[];
  /** What went wrong, for operators. */
  readonly problem?: string;
  /** Whether asking again may help: the decision point was not there, or too slow. */
  readonly unavailable?: true;
  /** The policy that decided, and Cerbos' own id of the check: together they lead to Cerbos' decision log. */
  readonly policy?: string;
  readonly cerbosCallId?: string;
}

/**
 * Asks the policies about every hop at once: one request a hop, all within one deadline. The answers are for the caller
 * to AND; nothing is merged here.
 */
export async function checkHops(
  pdp: PolicyDecisionPoint,
  question: HopQuestion,
  deadlineMs: number,
): Promise<readonly HopVerdict[]> {
  const call = { resource: question.resource, actions: [question.action] };
  return withDeadline(deadlineMs, (signal, expired) =>
    Promise.all(
      question.hops.map(async (hop, index): Promise<HopVerdict> => {
        const request = hopRequest(question, index, [call, ...edgeOf(question, index)], true);
        try {
          const response = await Promise.race([pdp.checkResources(request, { signal }), expired]);
          return { ...read(request, response), hop: index, ...hop, cerbosCallId: response.cerbosCallId };
        } catch (cause) {
          return { hop: index, ...hop, effect: "error", reasons: [], ...faultOf(cause) };
        }
      }),
    ),
  );
}

type Reading = Pick<HopVerdict, "effect" | "delegation" | "reasons" | "problem" | "policy">;

function read(request: CheckResourcesRequest, response: CheckResourcesResponse): Reading {
  const [call, edge] = readAnswers(request, response).flat() as [Answer, Answer | undefined];
  const problem = call.problem ?? edge?.problem;
  return {
    effect: call.effect,
    ...(edge !== undefined && { delegation: edge.effect }),
    reasons: [...call.reasons, ...(edge?.reasons ?? [])],
    ...(problem !== undefined && { problem }),
    ...(call.policy !== undefined && { policy: call.policy }),
  };
}
