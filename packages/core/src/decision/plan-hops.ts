import type { PlanResourcesRequest, PlanResourcesResponse } from "@cerbos/core";
import { HopwiseError } from "../errors.ts";
import { seesOf, UNKNOWN_PLAN } from "../filter/index.ts";
import type { PolicyDecisionPoint } from "./pdp.ts";

/** A kind of resource, and an action that a plan is made for. */
export interface PlanQuestion {
  readonly resource: PlanResourcesRequest["resource"];
  readonly action: string;
}

/** Who asks, for a plan: see `hopAsks`. */
export type PlanAsks = Pick<PlanResourcesRequest, "principal" | "auxData">;

/** Cerbos' limit of actions in a plan. */
const MOST = 20;

/**
 * For each question: could some call be allowed to this principal? False only where the plan says that the policies
 * always deny, for all arguments. Actions on the same resource are asked about together: Cerbos joins their plans by AND,
 * so a plan that does not always deny denies none of them. Any other answer may be about some of them only, and each is
 * asked about alone.
 *
 * @throws {HopwiseError} `policy_inconclusive` where a plan cannot be relied on; and any error of the decision point
 */
export async function planHop(
  pdp: PolicyDecisionPoint,
  asks: PlanAsks,
  questions: readonly PlanQuestion[],
  signal: AbortSignal,
): Promise<readonly boolean[]> {
  const plan = ({ resource }: PlanQuestion, actions: string[]): Promise<Partial<PlanResourcesResponse>> =>
    pdp.planResources({ ...asks, resource, actions }, { signal });
  const open = new Set<PlanQuestion>();
  const planGroup = async (group: readonly PlanQuestion[]): Promise<void> => {
    const [first] = group as [PlanQuestion];
    if (group.length > 1) {
      const together = await plan(
        first,
        group.map(({ action }) => action),
      );
      if (isOpen(together)) return group.forEach((it) => void open.add(it));
    }
    const alone = group.map(async (it) => {
      if (mayBeAllowed(await plan(it, [it.action]))) open.add(it);
    });
    await Promise.all(alone);
  };
  await Promise.all(grouped(questions, resourceKey, MOST).map(planGroup));
  return questions.map((it) => open.has(it));
}

function resourceKey({ resource: { kind, scope, policyVersion } }: PlanQuestion): string {
  return JSON.stringify([kind, scope, policyVersion]);
}

/** What has the same key, together, in groups of at most so many. */
export function grouped<T>(all: readonly T[], keyOf: (one: T) => string, most: number): readonly (readonly T[])[] {
  const groups: T[][] = [];
  const latest = new Map<string, T[]>();
  for (const one of all) {
    const key = keyOf(one);
    const room = latest.get(key);
    if (room !== undefined && room.length < most) {
      room.push(one);
      continue;
    }
    const next = [one];
    latest.set(key, next);
    groups.push(next);
  }
  return groups;
}

/** The plan says of all its actions that they are not always denied. */
function isOpen(plan: Partial<PlanResourcesResponse>): boolean {
  const sees = seesOf(plan);
  return sees === "all" || sees === "some";
}

function mayBeAllowed(plan: Partial<PlanResourcesResponse>): boolean {
  const sees = seesOf(plan);
  if (sees === "misfit") throw new HopwiseError("policy_inconclusive", "something in it does not fit a schema");
  if (sees === "unknown") throw new HopwiseError("policy_inconclusive", UNKNOWN_PLAN);
  return sees !== "none";
}
