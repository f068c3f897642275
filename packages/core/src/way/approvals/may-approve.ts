import type { Resource } from "@cerbos/core";
import { rowOf } from "../../codes.ts";
import { checkHops, combineVerdicts, type HopVerdict, joinFailures, type RunningPdp } from "../../decision/index.ts";
import { HopwiseError } from "../../errors.ts";
import type { JsonObject } from "../../json/index.ts";
import { revocationKind } from "../../state/index.ts";
import type { Subject, VerifiedApproval } from "../../token/index.ts";
import type { EnforcementPoint } from "../options.ts";
import { knowHops } from "../stages/context.ts";
import { askStore } from "../stages/state.ts";
import type { AskedApproval } from "./kept-request.ts";

/** What policies are asked about an approver. */
const KIND = "approval";

/**
 * Whether the policies let somebody approve a call: the approver as principal, the call as attributes of a resource of the
 * kind `approval`. Who acts for themselves, as the user of the chain, is asked about as `approve_own`, so that only a
 * policy which says so lets them: by the id that policies see, too, since one person may log in at two issuers, or by two names. Nor may they whose key was revoked, or who was themselves after they answered.
 *
 * @param failuresOf which rules could not be evaluated, where who answers is to read it: that takes a while, for which no call waits
 * @returns the id by which policies know them, and by which people are counted; or why they may not
 * @throws {HopwiseError} codes of the stage `context`, for an approver whom the directory does not know, too; and of the
 *   stage `policy` where they could not be asked; `state_unavailable`
 */
export async function approvingPerson(
  answer: Pick<VerifiedApproval, "approver" | "signedBy" | "issuedAt">,
  asked: Omit<AskedApproval, "hash">,
  point: EnforcementPoint,
  failuresOf?: RunningPdp["failuresOf"],
): Promise<string | HopwiseError> {
  return (await refuseRevokedApprover(answer, point)) ?? askPolicy(answer.approver, asked, point, failuresOf);
}

async function refuseRevokedApprover(
  { approver, signedBy, issuedAt }: Pick<VerifiedApproval, "approver" | "signedBy" | "issuedAt">,
  { state }: EnforcementPoint,
): Promise<HopwiseError | undefined> {
  const query = { tokens: [], keys: [signedBy], agents: [], user: approver, issuedAt };
  const target = await askStore("an approver was revoked", () => state.revocations.find(query));
  if (target === undefined) return undefined;
  return new HopwiseError("revoked", `the ${revocationKind(target)} of who answered was revoked`);
}

async function askPolicy(
  approver: Subject,
  asked: Omit<AskedApproval, "hash">,
  point: EnforcementPoint,
  failuresOf: RunningPdp["failuresOf"],
): Promise<string | HopwiseError> {
  const { request, invocation, user, chain } = asked;
  const caller = { user: approver, chain: undefined, audience: request.audience };
  const query = { tool: request.tool, arguments: NO_ARGUMENTS, tenant: approver.issuer };
  const known = await knowHops({ caller, agents: { agents: [], origins: [] } }, point, () => {}, query);
  const person = known.hops[0]?.id ?? approver.subject;
  const isSubject = approver.issuer === request.user.issuer && approver.subject === request.user.subject;
  const isOwn = isSubject || person === user;
  const action = isOwn ? OWN : "approve";
  const question = { ...known, invocation, chainId: chain, action, resource: resourceOf(asked) };
  const verdicts = await checkHops(point.cerbos, question, point.deadlineMs);
  const refused = combineVerdicts(verdicts);
  if (refused !== undefined && rowOf(refused.code).fault === true) throw refused;
  if (refused === undefined && verdicts.some(({ obligations }) => obligations?.approval !== undefined)) {
    throw new HopwiseError(
      "policy_inconclusive",
      "a policy wants the approval of a call approved, which nobody can do",
    );
  }
  if (refused === undefined) return person;
  const explained = await joinFailures(verdicts, failuresOf, point.deadlineMs / 2);
  return notLet(refused, explained, { subject: approver.subject, action });
}

/**
 * Why the policies do not let somebody approve, for who answered: what was asked, the reason that a policy gave, and which of its
 * rules could not tell. A rule on an argument that records do not keep fails for every approver.
 */
function notLet(
  { code, reason }: HopwiseError,
  [verdict]: readonly HopVerdict[],
  { subject, action }: { readonly subject: string; readonly action: string },
): HopwiseError {
  const own = action === OWN ? ", which is their own" : "";
  const given = reason === undefined ? "" : `, reason given: "${reason}"`;
  const asked = `the policies do not let "${subject}" approve this call${own} ("${action}" on the kind "${KIND}")${given}`;
  const failure = verdict?.failures?.[0];
  const untold =
    failure === undefined
      ? ""
      : `; a rule could not be evaluated: ${failure.error}; of a call's arguments, rules on approvers see those of keepInRecord`;
  return new HopwiseError(code, asked + untold, { reason });
}

/** What is asked about who would approve their own call. */
const OWN = "approve_own";

const NO_ARGUMENTS: JsonObject = Object.freeze({});

/** The call, as a resource that policies can rule on. */
function resourceOf({ id, request, user, arguments: shown }: Omit<AskedApproval, "hash">): Resource {
  const { tool, audience, resource, agents, reason, approvers } = request;
  const attr: JsonObject = {
    tool,
    audience,
    user,
    tenant: request.user.issuer,
    agents: agents.map(({ name }) => name),
    reason,
    approvers,
    arguments: shown,
    resource: { kind: resource.kind, id: resource.id, attr: resource.attributes },
  };
  return { kind: KIND, id, attr: attr as NonNullable<Resource["attr"]> };
}
