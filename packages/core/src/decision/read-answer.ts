import type { CheckResourcesRequest, CheckResourcesResponse, CheckResourcesResult } from "@cerbos/core";
import { failed, HopwiseError, isOwn } from "../errors.ts";
import { DeadlinePassed, isListOf, MOST_ITEMS, plainText } from "../lib/index.ts";
import { clientErrorKind, clientWords } from "./client-error.ts";
import type { AskedResource } from "./hop-request.ts";
import { type OutputReading, readOutputs } from "./outputs.ts";

/** The policies' answer about one action. */
export interface Answer extends OutputReading {
  /** `error`: the answer could not be understood; that never allows the call. */
  readonly effect: "allow" | "deny" | "error";
  /** Of an error: it is the resource that does not fit its schema. */
  readonly misfit?: true;
  /** Of an error: the policies allow it, and nobody understands what they oblige to. */
  readonly ofOutput?: true;
  /** How Cerbos came to its answer, as it says itself. */
  readonly decidedBy?: { readonly policy?: string; readonly scope?: string; readonly derivedRoles?: readonly string[] };
}

/**
 * Reads a response by position, resource by resource and action by action: of two resources with the same kind and id,
 * the SDK's look-up answers for the first.
 */
export function readAnswers(
  request: CheckResourcesRequest,
  response: CheckResourcesResponse,
): readonly (readonly Answer[])[] {
  const mismatch = mismatchOf(request, response);
  return request.resources.map((asked, i) =>
    asked.actions.map((action) =>
      mismatch === undefined ? readAnswer(asked, action, response.results[i]) : unreadable(mismatch),
    ),
  );
}

/**
 * Whether this answers the request: all hops are asked about the same resource, so only the request's id tells them
 * apart.
 */
function mismatchOf(
  { requestId: own, resources }: CheckResourcesRequest,
  { requestId, results }: CheckResourcesResponse,
): string | undefined {
  if (requestId && requestId !== own) return "it answered another request";
  return results.length === resources.length ? undefined : "it answered another number of questions";
}

function readAnswer(
  { resource, actions }: AskedResource,
  action: string,
  result: CheckResourcesResult | undefined,
): Answer {
  if (result === undefined || result.resource.kind !== resource.kind || result.resource.id !== resource.id) {
    return unreadable("it answered another question");
  }
  const effect = Object.hasOwn(result.actions, action) ? result.actions[action] : undefined;
  const [invalid] = result.validationErrors;
  if (invalid !== undefined) {
    const ofResource = invalid.source !== "SOURCE_PRINCIPAL";
    const problem = `the ${ofResource ? "resource" : "principal"} does not fit its schema at "${invalid.path}"${withoutValues(invalid.message)}`;
    // A principal that does not fit is nothing that a resource could be blamed for.
    const isMisfit = result.validationErrors.every(({ source }) => source !== "SOURCE_PRINCIPAL");
    return { ...unreadable(problem), ...(isMisfit && { misfit: true }) };
  }
  // An output that names no action, or one that was not asked about, may belong to this action.
  const outputs = readOutputs(result.outputs.filter((it) => it.action === action || !actions.includes(it.action)));
  const known = { ...outputs, decidedBy: decidedBy(result, action) };
  if (effect === "EFFECT_DENY") return { ...known, effect: "deny" };
  if (effect !== "EFFECT_ALLOW") return unreadable("it gave neither allow nor deny");
  // An output that is not understood may hold a condition of the allowance.
  return outputs.problem === undefined ? { ...known, effect: "allow" } : { ...known, effect: "error", ofOutput: true };
}

/** An answer that never allows a call. */
export function unreadable(problem: string): Answer {
  return { effect: "error", reasons: [], rules: [], problem };
}

/** It decides nothing, and stands in records: what is no text there would keep a record from being written. */
function decidedBy({ metadata }: CheckResourcesResult, action: string): NonNullable<Answer["decidedBy"]> {
  const { matchedPolicy: policy, matchedScope: scope } = metadata?.actions[action] ?? {};
  const roles: unknown = metadata?.effectiveDerivedRoles;
  const derivedRoles = isListOf(roles, isText, MOST_ITEMS) ? (Array.from(roles) as string[]) : [];
  return {
    ...(isText(policy) && { policy }),
    ...(isText(scope) && scope !== "" && { scope }),
    ...(derivedRoles.length > 0 && { derivedRoles }),
  };
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

/** Where Cerbos' own log has an answer, if it says so. */
export function callIdOf({ cerbosCallId }: { readonly cerbosCallId?: unknown }): { readonly cerbosCallId?: string } {
  return isText(cerbosCallId) ? { cerbosCallId } : {};
}

/** The schema's message about a value's shape; dropped where it would quote the value, which may be secret. */
function withoutValues(message: string): string {
  return /^(missing properties: |additionalProperties |expected )/.test(message) ? `: ${plainText(message)}` : "";
}

/** Why the policies gave no answer, and whether asking again may help. */
export interface PolicyFault {
  readonly problem: string;
  /** The decision point was not there, or too slow. */
  readonly unavailable?: true;
  /** It takes no such request, however often it is asked. */
  readonly refused?: true;
}

export function policyFaultOf(cause: unknown): PolicyFault {
  const kind = clientErrorKind(cause);
  if (kind === "misfit") return { problem: "the request does not fit a policy's schema" };
  // There was an answer: asking again does not help.
  if (isOwn(cause) && cause.code === "policy_inconclusive") return { problem: cause.message };
  if (kind === "not_finite") return { problem: NOT_FINITE };
  const problem = toldOf(cause) ?? failed("the policy decision point", cause);
  if (kind === "answer_too_large") return { problem };
  return kind === undefined ? { problem, unavailable: true } : { problem, refused: true };
}

/** Only the client's words and our own: any other error may quote anything. */
function toldOf(cause: unknown): string | undefined {
  const words = BARE.reduce((text, [bare, more]) => text?.replace(bare, more), clientWords(cause));
  const own = isOwn(cause) || cause instanceof DeadlinePassed ? cause.message : undefined;
  return words === undefined && own === undefined ? undefined : plainText(words ?? (own as string));
}

/** Words of the client that say too little. */
const BARE: readonly (readonly [RegExp, string])[] = [
  // All that Cerbos says of a JWT, whatever is wrong with it: the rest is in its log alone.
  [
    /invalid auxData$/,
    "$& (it has expired, its signature does not verify, or the PDP has no key set of that id: the PDP's own log says which)",
  ],
  // What a call meets that nobody awaited before the end of a block with `await using`.
  [/Channel has been shut down$/, "$&: its close() was called, or a block with await using ended before the call did"],
];

const NOT_FINITE =
  "a number in it is not finite, which no answer can carry: an output or a condition divides by zero, or makes too large a number";

/** There was an answer, which one of several things that were asked about may keep from being read. */
export function isUnread(cause: unknown): boolean {
  const kind = clientErrorKind(cause);
  return kind === "not_finite" || kind === "answer_too_large";
}

/** What became of a question about what a hop may be shown: an outage is never an empty list. */
export function faultAt(hop: number, cause: unknown): HopwiseError {
  const fault = policyFaultOf(cause);
  const [code, what] = fault.unavailable
    ? (["policy_unavailable", "the policies could not be asked what may be shown"] as const)
    : fault.refused
      ? (["policy_request_refused", "Cerbos takes no such question about what may be shown"] as const)
      : (["policy_inconclusive", "the policies' answer about what may be shown cannot be relied on"] as const);
  return new HopwiseError(code, `${what}: ${fault.problem}`, { hop, cause });
}
