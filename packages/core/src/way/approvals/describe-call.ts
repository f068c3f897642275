import type { Resource } from "@cerbos/core";
import { randomId, sha256 } from "../../crypto/index.ts";
import type { HopVerdict } from "../../decision/index.ts";
import { HopwiseError } from "../../errors.ts";
import { canonicalJson, freezeArguments, type JsonObject } from "../../json/index.ts";
import type { Hop } from "../../principal/index.ts";
import { ARGUMENTS, type ToolEntry } from "../../resource/index.ts";
import type { Obligations } from "../../result/index.ts";
import { type ApprovalRequest, hashOfRequest } from "../../token/index.ts";
import type { EnforcementPoint } from "../options.ts";
import type { OpenedChain } from "../stages/token.ts";
import type { AskedApproval } from "./kept-request.ts";

/** A call that the policies allow once people have approved it. */
export interface ApprovableCall {
  readonly caller: OpenedChain;
  readonly tool: string;
  readonly received: JsonObject;
  readonly parsed: JsonObject | undefined;
  /** What was sent, where all that is known of it above is what the tool map's projection says. */
  readonly unprojected?: unknown;
  readonly resource: Resource;
  readonly entry: ToolEntry;
  readonly hops: readonly Hop[];
  readonly obligations: Obligations;
  /** The policies' answers, of which one asks for the approval. */
  readonly verdicts: readonly HopVerdict[];
  /** The request that the caller says was approved. It is believed nothing but the name. */
  readonly named: string | undefined;
  readonly invocation: string;
}

/**
 * What an approval is of: what runs. A projection may leave out what a person would have wanted to know.
 *
 * @returns `approval_void` where nothing else can be said of the arguments
 */
export function sentIn(
  { received, unprojected }: ApprovableCall,
  { limits }: EnforcementPoint,
): JsonObject | HopwiseError {
  if (unprojected === undefined) return received;
  try {
    return freezeArguments(unprojected, limits);
  } catch (cause) {
    const message = "the arguments are no plain data, and the tool map's projection may say less than they do";
    return new HopwiseError("approval_void", `${message}: no approval can be of the call`, { cause });
  }
}

/**
 * The call as an approver is shown it, and as it must still be when it is made. Shown is what policies and records see.
 *
 * @param sent what the approval is of: {@link sentIn}
 */
export async function describeCall(
  call: ApprovableCall,
  sent: JsonObject,
  reason: string,
  point: EnforcementPoint,
): Promise<AskedApproval> {
  const { caller, tool, received, parsed = received, resource, entry, obligations, hops } = call;
  const now = point.nowSeconds();
  const request: ApprovalRequest = {
    audience: caller.audience,
    tool,
    argumentsHash: { received: await sha256(canonicalJson(sent)), parsed: await sha256(canonicalJson(parsed)) },
    resource: { kind: resource.kind, id: resource.id, attributes: shownOf(resource, entry) },
    user: caller.user,
    agents: (caller.chain?.links ?? []).map(({ agent: name, key }) => ({ name, key })),
    reason,
    approvers: obligations.approvers ?? 1,
    untilSeconds: Math.floor(now) + point.approvalRules.withinSeconds,
  };
  const names = entry.keepInRecord ?? [];
  const asked = {
    id: requestId(),
    request,
    invocation: call.invocation,
    askedAtSeconds: now,
    user: hops[0]?.id ?? caller.user.subject,
    arguments: Object.fromEntries(names.flatMap((name) => (Object.hasOwn(parsed, name) ? [[name, parsed[name]]] : []))),
    ...(caller.chain !== undefined && { chain: caller.chain.id }),
  };
  try {
    return { ...asked, hash: await hashOfRequest(request) } as AskedApproval;
  } catch (cause) {
    const message = `the resource's attributes cannot be shown to an approver: name those that should be, in showToApprovers of the tool map's entry "${tool}"`;
    throw new HopwiseError("attributes_invalid", message, { cause });
  }
}

/** A new request's id. People type it as an argument of a command, where one that begins with a dash would be an option. */
export function requestId(): string {
  const id = randomId();
  return id.startsWith("-") ? requestId() : id;
}

/** The attributes of a resource, but for the arguments, whose hashes say all. */
function shownOf({ attr = {} }: Resource, { showToApprovers, argumentsAs = ARGUMENTS }: ToolEntry): JsonObject {
  const shown = Object.entries(attr).filter(
    ([name]) => name !== argumentsAs && (showToApprovers === undefined || showToApprovers.includes(name)),
  );
  return Object.fromEntries(shown) as JsonObject;
}

/** The call as it is now, until the time that the kept request names: only then both can have one hash. */
export async function asOf({ id, request }: AskedApproval, asked: AskedApproval): Promise<AskedApproval> {
  const sameTime = { ...asked.request, untilSeconds: request.untilSeconds };
  return { ...asked, id, request: sameTime, hash: await hashOfRequest(sameTime) };
}
