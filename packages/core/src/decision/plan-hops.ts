import { PlanKind, type PlanResourcesRequest, type PlanResourcesResponse } from "@cerbos/core";
import { HopwiseError } from "../errors.ts";
import type { PolicyDecisionPoint } from "./pdp.ts";

/** A kind of resource, and an action that a plan is made for. */
export interface PlanQuestion {
  readonly resource: PlanResourcesRequest["resource"];
  readonly action: string;
}

/** Who asks, for a plan: see `hopAsks`. */
export type PlanAsks = Pick<PlanResourcesRequest, "principal" | "auxData">;

/**
 * For each question: could some call be allowed to this principal? False only where the plan says that the policies
 * always deny, for all arguments. It costs a request for each question.
 *
 * @throws {HopwiseError} `policy_inconclusive` where a plan cannot be relied on; and any error of the decision point
 */
export function planHop(
  pdp: PolicyDecisionPoint,
  asks: PlanAsks,
  questions: readonly PlanQuestion[],
  signal: AbortSignal,
): Promise<readonly boolean[]> {
  return Promise.all(
    questions.map(async ({ resource, action }) =>
      mayBeAllowed(await pdp.planResources({ ...asks, resource, actions: [action] }, { signal })),
    ),
  );
}

function mayBeAllowed({ kind, validationErrors }: Partial<PlanResourcesResponse>): boolean {
  const valid = validationErrors === undefined || validationErrors.length === 0;
  if (valid && kind === PlanKind.ALWAYS_DENIED) return false;
  if (valid && (kind === PlanKind.ALWAYS_ALLOWED || kind === PlanKind.CONDITIONAL)) return true;
  throw new HopwiseError(
    "policy_inconclusive",
    valid ? "the plan is of no known kind" : "something in it does not fit a schema",
  );
}
