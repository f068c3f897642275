import type {
  CheckResourcesRequest,
  CheckResourcesResponse,
  PlanResourcesRequest,
  PlanResourcesResponse,
} from "@cerbos/core";
import type { Health } from "../lib/index.ts";

/** Headers by which a request joins a trace. */
export type TraceHeaders = { readonly [name: string]: string };

interface RequestOptions {
  readonly signal?: AbortSignal;
  readonly headers?: TraceHeaders;
}

/** The part of a Cerbos client that decisions need. `@cerbos/grpc`, `@cerbos/http` and `startPdp().client` all have it. */
export interface PolicyDecisionPoint {
  checkResources(request: CheckResourcesRequest, options?: RequestOptions): Promise<CheckResourcesResponse>;
  planResources(request: PlanResourcesRequest, options?: RequestOptions): Promise<PlanResourcesResponse>;
  /**
   * Of a client with several targets (`connectPdp().client`, `resilient`), or with policies that change (`startPdp().client`):
   * asks all of one decision at one and the same target, and by one set of policies, and gives what `ask` made of the answers.
   * Where it fails, or the policies may have changed meanwhile, all of it is asked anew, at another target if there is one, and
   * what was answered before is dropped. Who wraps such a client wraps this, too: else the questions of one decision may go to
   * different targets.
   *
   * @param ask asks `one`, under the signal that it is given; it may be called again
   */
  whole?<T>(
    ask: (one: PolicyDecisionPoint, signal: AbortSignal) => Promise<T>,
    options?: { readonly signal?: AbortSignal },
  ): Promise<T>;
}

/** An answer that is a part of one to several questions: what `shareRequests` of `@hopwise/cerbos` gives. */
export interface SharedAnswer extends CheckResourcesResponse {
  /** The places of its results, in their order, among those of the call that `cerbosCallId` names. */
  readonly cerbosPositions?: readonly number[];
}

/** A decision point with its version of Cerbos, as `startPdp` and `connectPdp` give it. */
export interface RunningPdp {
  readonly client: PolicyDecisionPoint;
  /** Goes into the record. */
  readonly version?: string;
  /**
   * The expressions that failed while one request was decided, by the call id of Cerbos' answer: no answer of Cerbos tells
   * them, its own log does. For records and operators alone. Nothing waits long for it, and what it throws is dropped: a
   * decision never depends on it.
   */
  failuresOf?(
    cerbosCallId: string,
    effect: "allow" | "deny" | "error",
  ): readonly ExpressionFailure[] | Promise<readonly ExpressionFailure[]>;
  /** Whether it serves the policies that it should: it may answer, and go by those before. */
  health?(): Health | Promise<Health>;
}

/** An expression of a policy that could not be evaluated. */
export interface ExpressionFailure {
  /** In the policy's own words. */
  readonly expression: string;
  /** Such as `no such key: region`. It never quotes a value of the request. */
  readonly error: string;
}

/** The same decision point, asked with these headers. */
export function withHeaders(pdp: PolicyDecisionPoint, headers: TraceHeaders | undefined): PolicyDecisionPoint {
  if (headers === undefined) return pdp;
  return {
    checkResources: (request, options) => pdp.checkResources(request, { ...options, headers }),
    planResources: (request, options) => pdp.planResources(request, { ...options, headers }),
    ...wholeOf(pdp, (one) => withHeaders(one, headers)),
  };
}

/** For who wraps a decision point: its `whole`, where it has one, with each target wrapped. */
export function wholeOf(
  pdp: PolicyDecisionPoint,
  wrap: (one: PolicyDecisionPoint) => PolicyDecisionPoint,
): Pick<PolicyDecisionPoint, "whole"> {
  if (pdp.whole === undefined) return {};
  return { whole: async (ask, options) => (pdp as Whole).whole((one, signal) => ask(wrap(one), signal), options) };
}

type Whole = Required<PolicyDecisionPoint>;
