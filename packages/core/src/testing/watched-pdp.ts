import type { AuxData, CheckResourcesRequest, PlanResourcesRequest, Principal, Resource } from "@cerbos/core";
import { type PolicyDecisionPoint, type RunningPdp, wholeOf } from "../decision/index.ts";
import type { JsonObject } from "../json/index.ts";
import { either, having, readerOf, such } from "../options/index.ts";

/** One question: may this principal do this action to this resource? A call puts it once for every hop. */
export interface PolicyQuestion {
  /** `alice` for a user, `agent:planner` for an agent. */
  readonly principal: Principal;
  /** Its id is `*` where a list is made and the id is not known yet. */
  readonly resource: Resource;
  readonly action: string;
  /** The arguments of the call, from `resource.attr.args`. A list has none. */
  readonly args: JsonObject | undefined;
  /** What the option `auxData` added. */
  readonly auxData?: AuxData;
}

/** A decision point that remembers what it was asked. */
export interface WatchedPdp extends PolicyDecisionPoint {
  /** The questions so far, in the order in which they came. */
  readonly asked: readonly PolicyQuestion[];
  /** The signals of the requests so far, by which an authorizer says that it waits no longer. */
  readonly signals: readonly AbortSignal[];
}

const CLIENT = having("a Cerbos client", "checkResources", "planResources");
const PDP = "what startPdp or connectPdp gave, or a Cerbos client";
const readPdp = readerOf<PolicyDecisionPoint | RunningPdp>(
  "watchedPdp",
  either(
    PDP,
    CLIENT,
    such(PDP, (pdp) => CLIENT.safeParse(Object(pdp).client).success),
  ),
);

/**
 * Puts every question to another decision point, and remembers it: what do my policies see?
 *
 * @example
 * ```ts
 * const watched = watchedPdp(await startPdp({ policies: "./policies" }));
 * await company.authorizer({ cerbos: watched }).call(planner, "send_payment", { to: "Globex" });
 * expect(watched.asked[0]?.resource.attr).toEqual({ args: { to: "Globex" }, supplierKnown: true });
 * ```
 */
export function watchedPdp(given: PolicyDecisionPoint | RunningPdp): WatchedPdp {
  const pdp = readPdp(given);
  const client = "checkResources" in pdp ? pdp : pdp.client;
  const { watch, ...watched } = pdpWatch();
  const watching = (one: PolicyDecisionPoint): PolicyDecisionPoint => ({
    checkResources: (request, options) => {
      watch(questionsOf(request), options?.signal);
      return one.checkResources(request, options);
    },
    planResources: (request, options) => {
      watch(plannedIn(request), options?.signal);
      return one.planResources(request, options);
    },
    ...wholeOf(one, watching),
  });
  return { ...watched, ...watching(client) };
}

/** A memory of questions and signals, and the function that adds to it. */
export function pdpWatch(): Pick<WatchedPdp, "asked" | "signals"> & {
  watch(questions: readonly PolicyQuestion[], signal: AbortSignal | undefined): void;
} {
  const asked: PolicyQuestion[] = [];
  const signals: AbortSignal[] = [];
  return {
    asked,
    signals,
    watch: (questions, signal) => {
      asked.push(...questions);
      if (signal !== undefined) signals.push(signal);
    },
  };
}

/** The questions of a request, resource by resource and action by action. */
export function questionsOf({ principal, resources, auxData }: CheckResourcesRequest): readonly PolicyQuestion[] {
  return resources.flatMap(({ resource, actions }) => {
    const args = resource.attr?.["args"] as JsonObject | undefined;
    return actions.map((action) => ({ principal, resource, action, args, ...(auxData && { auxData }) }));
  });
}

/** The questions of a plan. It names no resource, and has no arguments. */
export function plannedIn(request: PlanResourcesRequest): readonly PolicyQuestion[] {
  const { principal, resource, auxData } = request;
  const actions = "actions" in request ? request.actions : [request.action];
  return actions.map((action) => ({
    principal,
    resource: { id: "*", ...resource },
    action,
    args: undefined,
    ...(auxData && { auxData }),
  }));
}
