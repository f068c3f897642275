import {
  type CheckResourcesRequest,
  CheckResourcesResponse,
  CheckResourcesResult,
  Effect,
  PlanKind,
  type Value,
} from "@cerbos/core";
import type { JsonValue } from "../json/index.ts";
import { argumentOf, maybe, readerOf, such, text } from "../options/index.ts";
import { type PolicyQuestion, pdpWatch, plannedIn, questionsOf, type WatchedPdp } from "./watched-pdp.ts";

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
export interface AnsweringPdp extends WatchedPdp {
  /** Changes the rule from the next request on. */
  tell(rule: PolicyRule): void;
}

const ANSWERS = '"allow", "deny", "hang", an Error, { effect: "deny", outputs: ["why"] }';
const RULE = `${ANSWERS}, or a function that gives one of them`;

/** A rule that is none would allow nothing and deny nothing, and a test would look for the reason elsewhere. */
const readRule = readerOf<PolicyRule>(
  "answeringPdp",
  such(RULE, (rule) => typeof rule === "function" || isAnswer(rule)),
);
/** So would an answer: a typo would deny, and a test that expects a denial would pass. */
const readAnswer = argumentOf<PolicyAnswer>("answeringPdp", "the rule's answer", such(`one of ${ANSWERS}`, isAnswer));
const readReason = readerOf<string | undefined>("denyAll", maybe(text("a reason, such as closed on Sundays")));

function isAnswer(value: unknown): boolean {
  if (value instanceof Error) return true;
  if (typeof value === "string") return ["allow", "deny", "hang"].includes(value);
  const { effect, outputs } = Object(value) as { readonly effect?: unknown; readonly outputs?: unknown };
  return (effect === "allow" || effect === "deny") && Array.isArray(outputs);
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
  const { watch, ...watched } = pdpWatch();
  let current = readRule(rule);

  const answer = async (question: PolicyQuestion): Promise<Answer> => {
    const given = typeof current === "function" ? readAnswer(await current(question)) : current;
    if (given instanceof Error) throw given;
    if (given === "hang") return new Promise(() => {});
    return typeof given === "string" ? { effect: given, outputs: [] } : given;
  };

  return {
    ...watched,
    tell: (next) => {
      current = readRule(next);
    },
    checkResources: async (request, options) => {
      watch(questionsOf(request), options?.signal);
      const results = request.resources.map((resource) => resultOf(request, resource, answer));
      return new CheckResourcesResponse({
        cerbosCallId: "answering-pdp",
        requestId: request.requestId ?? "",
        results: await Promise.all(results),
      });
    },
    planResources: async (request, options) => {
      const questions = plannedIn(request);
      watch(questions, options?.signal);
      const answers = await Promise.all(questions.map(answer));
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
  readReason(reason);
  return answeringPdp(reason === undefined ? "deny" : { effect: "deny", outputs: [reason] });
}

type Answer = Exclude<PolicyAnswer, string | Error>;

async function resultOf(
  request: CheckResourcesRequest,
  asked: CheckResourcesRequest["resources"][number],
  answer: (question: PolicyQuestion) => Promise<Answer>,
): Promise<CheckResourcesResult> {
  const { resource, actions } = asked;
  const questions = questionsOf({ ...request, resources: [asked] });
  const answers = await Promise.all(
    questions.map(async (question) => ({ action: question.action, ...(await answer(question)) })),
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
    metadata: request.includeMetadata
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
