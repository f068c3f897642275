import {
  type CheckResourcesRequest,
  CheckResourcesResponse,
  CheckResourcesResult,
  Effect,
  PlanKind,
  type PlanResourcesRequest,
  type Principal,
  type Resource,
  type Value,
} from "@cerbos/core";
import type { PolicyDecisionPoint } from "../decision/index.ts";
import type { JsonObject, JsonValue } from "../json/index.ts";

/** One question: may this principal do this action to this resource? A call puts it once for every hop. */
export interface PolicyQuestion {
  /** `alice` for a user, `agent:planner` for an agent. */
  readonly principal: Principal;
  /** Its id is `*` where a list is made and the id is not known yet. */
  readonly resource: Resource;
  readonly action: string;
  /** The arguments of the call, from `resource.attr.args`. A list has none. */
  readonly args: JsonObject | undefined;
}

/**
 * An answer to one question. `"hang"` never answers, whatever the signal says. An `Error` fails the whole request, as a
 * connection that broke does. `outputs` are what the rules of a policy say: a text is a reason, an object can oblige, such as
 * `{ redact: ["/iban"] }`.
 */
export type PolicyAnswer =
  | "allow"
  | "deny"
  | "hang"
  | Error
  | { readonly effect: "allow" | "deny"; readonly outputs: readonly JsonValue[] };

/** One answer to all questions, or a function that answers each. */
export type PolicyRule = PolicyAnswer | ((question: PolicyQuestion) => PolicyAnswer | Promise<PolicyAnswer>);

/** A decision point without policies. Give it to an authorizer as `cerbos`. */
export interface AnsweringPdp extends PolicyDecisionPoint {
  /** The questions so far, in the order in which they came. */
  readonly asked: readonly PolicyQuestion[];
  /** The signals of the requests so far, by which an authorizer says that it waits no longer. */
  readonly signals: readonly AbortSignal[];
  /** Changes the rule from the next request on. */
  tell(rule: PolicyRule): void;
}

/**
 * Makes a decision point that answers as it was told, and remembers what it was asked. Plans, by which tools are listed,
 * follow the same rule without arguments.
 *
 * @example
 * ```ts
 * const pdp = answeringPdp(({ principal, action, args }) =>
 *   action === "send" && Number(args?.["amount"]) > 1000
 *     ? { effect: "deny", outputs: [`above the limit of ${principal.id}`] }
 *     : "allow",
 * );
 * const authorizer = company.authorizer({ cerbos: pdp });
 * pdp.tell(new Error("connection refused")); // from now on the policies are out of reach
 * ```
 */
export function answeringPdp(rule: PolicyRule = "allow"): AnsweringPdp {
  const asked: PolicyQuestion[] = [];
  const signals: AbortSignal[] = [];
  let current = rule;

  const answer = async (question: PolicyQuestion): Promise<Answer> => {
    asked.push(question);
    const given = typeof current === "function" ? await current(question) : current;
    if (given instanceof Error) throw given;
    if (given === "hang") return new Promise(() => {});
    return typeof given === "string" ? { effect: given, outputs: [] } : given;
  };

  return {
    asked,
    signals,
    tell: (next) => {
      current = next;
    },
    checkResources: async (request, options) => {
      if (options?.signal !== undefined) signals.push(options.signal);
      const results = request.resources.map((resource) => resultOf(request, resource, answer));
      return new CheckResourcesResponse({
        cerbosCallId: "answering-pdp",
        requestId: request.requestId ?? "",
        results: await Promise.all(results),
      });
    },
    planResources: async (request, options) => {
      if (options?.signal !== undefined) signals.push(options.signal);
      const answers = await Promise.all(planned(request).map(answer));
      return {
        kind: answers.every(({ effect }) => effect === "allow") ? PlanKind.ALWAYS_ALLOWED : PlanKind.ALWAYS_DENIED,
        cerbosCallId: "answering-pdp",
        requestId: request.requestId ?? "",
        validationErrors: [],
        metadata: undefined,
      };
    },
  };
}

/**
 * A decision point that allows everything: a call is denied by its chain, its grants or its arguments alone.
 *
 * @example
 * ```ts
 * const authorizer = company.authorizer({ cerbos: allowAll() });
 * ```
 */
export function allowAll(): AnsweringPdp {
  return answeringPdp("allow");
}

/**
 * A decision point that denies everything, with a reason where one is given.
 *
 * @example
 * ```ts
 * const authorizer = company.authorizer({ cerbos: denyAll("closed on Sundays") });
 * ```
 */
export function denyAll(reason?: string): AnsweringPdp {
  return answeringPdp(reason === undefined ? "deny" : { effect: "deny", outputs: [reason] });
}

type Answer = Exclude<PolicyAnswer, string | Error>;

async function resultOf(
  { principal, includeMetadata }: CheckResourcesRequest,
  { resource, actions }: CheckResourcesRequest["resources"][number],
  answer: (question: PolicyQuestion) => Promise<Answer>,
): Promise<CheckResourcesResult> {
  const args = resource.attr?.["args"] as JsonObject | undefined;
  const answers = await Promise.all(
    actions.map(async (action) => ({ action, ...(await answer({ principal, resource, action, args })) })),
  );
  const policy = `resource.${resource.kind}.vdefault`;
  return new CheckResourcesResult({
    resource: {
      kind: resource.kind,
      id: resource.id,
      policyVersion: resource.policyVersion ?? "",
      scope: resource.scope ?? "",
    },
    actions: Object.fromEntries(
      answers.map(({ action, effect }) => [action, effect === "allow" ? Effect.ALLOW : Effect.DENY]),
    ),
    validationErrors: [],
    metadata: includeMetadata
      ? {
          actions: Object.fromEntries(actions.map((action) => [action, { matchedPolicy: policy, matchedScope: "" }])),
          effectiveDerivedRoles: [],
        }
      : undefined,
    outputs: answers.flatMap(({ action, outputs }) =>
      outputs.map((value) => ({ action, source: `${policy}#told`, value: value as Value })),
    ),
  });
}

function planned(request: PlanResourcesRequest): readonly PolicyQuestion[] {
  const { principal, resource } = request;
  const actions = "actions" in request ? request.actions : [request.action];
  return actions.map((action) => ({ principal, resource: { id: "*", ...resource }, action, args: undefined }));
}
