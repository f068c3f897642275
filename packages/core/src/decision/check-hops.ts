import type { CheckResourcesRequest, CheckResourcesResponse, Resource } from "@cerbos/core";
import { isCount } from "../lib/index.ts";
import type { Hop } from "../principal/index.ts";
import { addUp, type Obligations } from "../result/index.ts";
import { askEachHop, type Said } from "./ask-each-hop.ts";
import { type ChainQuestion, edgeOf, hopRequest } from "./hop-request.ts";
import type { ExpressionFailure, PolicyDecisionPoint, SharedAnswer, TraceHeaders } from "./pdp.ts";
import { type Answer, callIdOf, readAnswers } from "./read-answer.ts";

/** One call, put to every hop of a chain. */
export interface HopQuestion extends ChainQuestion {
  readonly resource: Resource;
  readonly action: string;
}

/** The policies' answer about one hop. */
export interface HopVerdict {
  readonly hop: number;
  readonly kind: Hop["kind"];
  readonly id: string;
  /** `error`: the policies could not be asked, or their answer could not be understood; that never allows the call. */
  readonly effect: "allow" | "deny" | "error";
  /**
   * Whether the hop may hand authority to the next; undefined for the last hop, or where the policies are not asked
   * this.
   */
  readonly delegation?: "allow" | "deny" | "error";
  /** Of a question about rows: whether this hop may see all of them, some, or none. */
  readonly sees?: "all" | "some" | "none";
  /** Reasons that the policies' outputs gave for their answers about the call and the handing over. */
  readonly reasons: readonly string[];
  /** The one of them that is about a handing over that is denied; undefined where the policies gave none for that. */
  readonly delegationReason?: string;
  /** The rules that gave those reasons, as Cerbos names them. */
  readonly rules?: readonly string[];
  /** The conditions of an allowance. */
  readonly obligations?: Obligations;
  /** What went wrong, for operators. */
  readonly problem?: string;
  /** Whether asking again may help: the decision point was not there, or too slow. */
  readonly unavailable?: true;
  /** The decision point takes no such request, however often it is asked. */
  readonly refused?: true;
  /** The roles it was asked with. */
  readonly roles?: readonly string[];
  /** The roles that policies derived from those. */
  readonly derivedRoles?: readonly string[];
  /** The policy that decided, its scope, and Cerbos' own id of the check: they lead to Cerbos' decision log. */
  readonly policy?: string;
  readonly scope?: string;
  readonly cerbosCallId?: string;
  /**
   * Where several questions shared that check: the places among its results, from 0, of the answer about the call, and of
   * that about the handing over, where it was asked about. Others that asked the same have the same place.
   */
  readonly cerbosPositions?: readonly number[];
  /**
   * The expressions that failed, where the decision point can tell: with `startPdp`. Not of a shared check, which does not
   * tell whose they were.
   */
  readonly failures?: readonly ExpressionFailure[];
}

/** Wraps each question: gives it its headers, and sees its answer. */
export type HopWatch = (
  hop: Pick<HopVerdict, "hop" | "kind" | "id">,
  ask: (headers?: TraceHeaders) => Promise<HopVerdict>,
) => Promise<HopVerdict>;

/**
 * Asks the policies about every hop at once: one request a hop, all within one deadline, and all at one decision point
 * (see {@link asWhole}). The caller joins the answers by AND; nothing is merged here.
 */
export async function checkHops(
  pdp: PolicyDecisionPoint,
  question: HopQuestion,
  deadlineMs: number,
  watch?: HopWatch,
): Promise<readonly HopVerdict[]> {
  const call = { resource: question.resource, actions: [question.action] };
  const requests = question.hops.map((_, hop) => hopRequest(question, hop, [call, ...edgeOf(question, hop)], true));
  const asked = await askEachHop(pdp, question, { deadlineMs, watch }, async (one, hop, signal) => {
    const request = requests[hop] as CheckResourcesRequest;
    const response = await one.checkResources(request, { signal });
    const [answer, edge] = readAnswers(request, response).flat() as [Answer, Answer | undefined];
    return { said: { ...saidOf(answer, edge), ...placeOf(response) } };
  });
  return asked.map(({ verdict }) => verdict);
}

/** Where Cerbos' own log has the answer. */
function placeOf(response: CheckResourcesResponse): Pick<HopVerdict, "cerbosCallId" | "cerbosPositions"> {
  const { cerbosPositions }: SharedAnswer = response;
  const places = Array.isArray(cerbosPositions) ? cerbosPositions.slice(0, 2).filter(isCount) : [];
  return { ...callIdOf(response), ...(places.length > 0 && { cerbosPositions: places }) };
}

/** What the answers about a call and about the handing over say of a hop. */
export function saidOf(call: Answer, edge: Answer | undefined): Said {
  const rules = [...call.rules, ...(edge?.rules ?? [])];
  const obligations =
    call.obligations === undefined && edge?.obligations === undefined
      ? undefined
      : addUp([call.obligations, edge?.obligations]);
  const problem = call.problem ?? edge?.problem;
  const delegationReason = edge?.effect === "deny" ? edge.reasons[0] : undefined;
  return {
    effect: call.effect,
    ...(edge !== undefined && { delegation: edge.effect }),
    ...(delegationReason !== undefined && { delegationReason }),
    reasons: [...call.reasons, ...(edge?.reasons ?? [])],
    ...(rules.length > 0 && { rules }),
    ...(obligations !== undefined && { obligations }),
    ...(problem !== undefined && { problem }),
    ...call.decidedBy,
  };
}
