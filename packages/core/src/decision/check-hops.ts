import type {
  CheckResourcesRequest,
  CheckResourcesResponse,
  CheckResourcesResult,
  Principal,
  Resource,
} from "@cerbos/core";
import { withDeadline } from "../deadline.ts";
import { plainText } from "../plain-text.ts";
import type { Hop } from "../principal/index.ts";
import { addUp, type Obligations } from "./obligations.ts";
import { type OutputReading, readOutputs } from "./outputs.ts";
import { type PolicyDecisionPoint, type TraceHeaders, withHeaders } from "./pdp.ts";

/** One question to every hop of a chain. */
export interface HopQuestion {
  readonly hops: readonly Hop[];
  /** One a hop, in the same order; each built from its own prefix of the chain. */
  readonly principals: readonly Principal[];
  readonly resource: Resource;
  readonly action: string;
  /** For each hop but the last: may it hand authority to the next? Left out with `"grants-only"`. */
  readonly edges?: readonly Edge[];
  readonly invocation: string;
  readonly chainId: string | undefined;
}

/** The handing over from one hop to the next, as a resource that policies can rule on. */
export interface Edge {
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
  /** The rules that gave those reasons, as Cerbos names them. */
  readonly rules?: readonly string[];
  /** What an allowance depends on. */
  readonly obligations?: Obligations;
  /** What went wrong, for operators. */
  readonly problem?: string;
  /** Whether asking again may help: the decision point was not there, or too slow. */
  readonly unavailable?: true;
  /** The roles it was asked with. */
  readonly roles?: readonly string[];
  /** The roles that policies derived from those. */
  readonly derivedRoles?: readonly string[];
  /** The policy that decided, its scope, and Cerbos' own id of the check: they lead to Cerbos' decision log. */
  readonly policy?: string;
  readonly scope?: string;
  readonly cerbosCallId?: string;
}

/** Stands around each question: hands on the headers that go with it, and sees what came of it. */
export type HopWatch = (
  hop: Pick<HopVerdict, "hop" | "kind" | "id">,
  ask: (headers?: TraceHeaders) => Promise<HopVerdict>,
) => Promise<HopVerdict>;

/**
 * Asks the policies about every hop at once: one request a hop, all within one deadline. The answers are for the caller
 * to AND; nothing is merged here.
 */
export async function checkHops(
  pdp: PolicyDecisionPoint,
  question: HopQuestion,
  deadlineMs: number,
  watch: HopWatch = (_, ask) => ask(),
): Promise<readonly HopVerdict[]> {
  return withDeadline(deadlineMs, (signal, expired) =>
    Promise.all(
      question.hops.map((hop, index) => {
        const request = requestOf(question, index);
        const asked = { hop: index, ...hop, roles: request.principal.roles };
        return watch(asked, async (headers): Promise<HopVerdict> => {
          try {
            const answer = withHeaders(pdp, headers).checkResources(request, { signal });
            const response = await Promise.race([answer, expired]);
            return { ...read(request, response), ...asked, cerbosCallId: response.cerbosCallId };
          } catch (cause) {
            return { ...asked, effect: "error", reasons: [], ...faultOf(cause) };
          }
        });
      }),
    ),
  );
}

function requestOf(question: HopQuestion, index: number): CheckResourcesRequest {
  const edge = question.edges?.[index];
  return {
    principal: question.principals[index] as Principal,
    resources: [
      { resource: question.resource, actions: [question.action] },
      ...(edge === undefined ? [] : [{ resource: edge.resource, actions: [edge.action] }]),
    ],
    includeMetadata: true,
    requestId: `${question.invocation}-${index}`,
    requestContext: {
      annotations: {
        "hopwise.invocation": question.invocation,
        "hopwise.hop": index,
        ...(question.chainId !== undefined && { "hopwise.chain": question.chainId }),
      },
    },
  };
}

type Reading = Pick<
  HopVerdict,
  "effect" | "delegation" | "reasons" | "rules" | "obligations" | "problem" | "policy" | "scope" | "derivedRoles"
>;

/** Reads a response by position: of two entries with the same kind and id, the SDK's look-up answers for the first. */
function read(request: CheckResourcesRequest, response: CheckResourcesResponse): Reading {
  const answers = request.resources.map((asked, i) => readResult(asked, response.results[i]));
  const [call, edge] = answers as [Answer, Answer | undefined];
  const rules = [...call.rules, ...(edge?.rules ?? [])];
  const obligations =
    call.obligations === undefined && edge?.obligations === undefined
      ? undefined
      : addUp([call.obligations, edge?.obligations]);
  const problem =
    response.results.length === answers.length
      ? (call.problem ?? edge?.problem)
      : "it answered another number of questions";
  return {
    effect: response.results.length === answers.length ? call.effect : "error",
    ...(edge !== undefined && { delegation: edge.effect }),
    reasons: [...call.reasons, ...(edge?.reasons ?? [])],
    ...(rules.length > 0 && { rules }),
    ...(obligations !== undefined && { obligations }),
    ...(problem !== undefined && { problem }),
    ...call.decidedBy,
  };
}

interface Answer extends OutputReading {
  readonly effect: "allow" | "deny" | "error";
  /** What Cerbos says of how it came to its answer. */
  readonly decidedBy?: Pick<HopVerdict, "policy" | "scope" | "derivedRoles">;
}

function readResult(
  { resource, actions }: CheckResourcesRequest["resources"][number],
  result: CheckResourcesResult | undefined,
): Answer {
  const action = actions[0] as string;
  const nothing = (problem: string): Answer => ({ effect: "error", reasons: [], rules: [], problem });
  if (result === undefined || result.resource.kind !== resource.kind || result.resource.id !== resource.id) {
    return nothing("it answered another question");
  }
  const effect = Object.hasOwn(result.actions, action) ? result.actions[action] : undefined;
  const [invalid] = result.validationErrors;
  if (invalid !== undefined) {
    return nothing(
      `the ${invalid.source === "SOURCE_PRINCIPAL" ? "principal" : "resource"} does not fit its schema at "${invalid.path}"${withoutValues(invalid.message)}`,
    );
  }
  const outputs = readOutputs(result.outputs);
  const known = { ...outputs, decidedBy: decidedBy(result, action) };
  if (effect === "EFFECT_DENY") return { ...known, effect: "deny" };
  if (effect !== "EFFECT_ALLOW") return nothing("it gave neither allow nor deny");
  // An allowance with an output that is not understood may be one with a condition on it.
  return { ...known, effect: outputs.problem === undefined ? "allow" : "error" };
}

function decidedBy({ metadata }: CheckResourcesResult, action: string): NonNullable<Answer["decidedBy"]> {
  const { matchedPolicy: policy, matchedScope: scope } = metadata?.actions[action] ?? {};
  const derivedRoles = metadata?.effectiveDerivedRoles;
  return {
    ...(policy !== undefined && { policy }),
    ...(scope && { scope }),
    ...(derivedRoles !== undefined && derivedRoles.length > 0 && { derivedRoles }),
  };
}

/** What a schema says of a value's shape; not where it quotes the value, which may be nobody else's to see. */
function withoutValues(message: string): string {
  return /^(missing properties: |additionalProperties |expected )/.test(message) ? `: ${plainText(message)}` : "";
}

function faultOf(cause: unknown): Pick<HopVerdict, "problem" | "unavailable"> {
  if (cause instanceof Error && cause.name === "ValidationFailed") {
    return { problem: "the request does not fit a policy's schema" };
  }
  return { problem: cause instanceof Error ? cause.message : "the policy decision point failed", unavailable: true };
}
