import type { Decision } from "../decision/index.ts";
import { isRefusal } from "../errors.ts";
import { ownArguments, targetOf } from "../resource/index.ts";
import { isListing } from "../token/index.ts";
import type { AdmittedCall, Continuation, IncomingCall, Listing } from "./call.ts";
import type { CallLog } from "./call-log.ts";
import { endExpired } from "./end-expired.ts";
import { denyUnmapped, endOtherwise, refuseAsShown } from "./end-otherwise.ts";
import { endUnproven } from "./end-unproven.ts";
import { goneBy } from "./gone-by.ts";
import { lookAgain, lookAtAgents } from "./look-again.ts";
import type { EnforcementPoint } from "./options.ts";
import { openFilter } from "./row-filter.ts";
import { agentsOf } from "./stages/agents.ts";
import { areProjected, isRead, parsedArguments, receivedArguments } from "./stages/arguments.ts";
import { askedOf, gatherContext } from "./stages/context.ts";
import { coverRead, refuseSent } from "./stages/grant.ts";
import { decideByPolicies } from "./stages/policy.ts";
import { checkProof, refuseMissing } from "./stages/proof.ts";
import { askState } from "./stages/state.ts";
import { openChain } from "./stages/token.ts";
import { takeDue } from "./take-due.ts";

/**
 * The law:
 *
 * ```
 * allow(chain, call) =  the chain verifies, and the caller holds the last key
 *                     ∧ every token's grant covers the call, and each grant is narrower than the one before
 *                     ∧ for every hop: the policies allow the call to that hop, built from h0 … hi alone
 * ```
 *
 * Each stage gives what it found, or the refusal that ends the call. A user without agents is a chain of no tokens; a
 * session's holder showed the key when it began. In the middle, at `yield`, the enforcement point takes over: its own
 * schema reads the arguments, and what it made of them is held against the grants again. All of it must hold in one
 * moment, the last one: what may have been taken away meanwhile is looked at again.
 *
 * Shadow mode is the one exception: what `log.lets` through is on record, and the call goes on as if that stage had let it.
 */
export async function* decideCall(
  call: IncomingCall,
  point: EnforcementPoint,
  log: CallLog,
): AsyncGenerator<AdmittedCall, Decision | Listing, Continuation> {
  const { tool, caller: incoming } = call;
  const received = await log.stage("arguments", () => receivedArguments(call, point));
  if (isRefusal(received)) return log.deny(received);
  log.note({ received });

  const missing = refuseMissing(incoming);
  if (missing !== undefined) return yield* endUnproven(missing, undefined, { call, received }, point, log);
  const opened = await log.stage("token", () => openChain(incoming, point));
  if (isRefusal(opened)) return yield* endExpired(opened, { call, received }, point, log);
  log.note({ caller: opened });

  const isProven = incoming.via === "proof";
  const proof = isProven ? await log.stage("proof", () => checkProof(call, opened, received, point)) : undefined;
  if (isRefusal(proof)) return yield* endUnproven(proof, opened, { call, received }, point, log);
  const calledAt = proof?.audience ?? opened.audience;
  const asked = log.stage("state", () => askState(opened, proof, point));
  const remembered = goneBy(asked, { opened, incoming, calledAt }, point, log);
  // Beside what follows, where nobody takes over in between: a store is waited for while sources and policies are asked.
  const gone = call.atOnce ? log.endsBehind(remembered) : await remembered;
  if (gone !== undefined) return yield* endUnproven(gone, opened, { call, received }, point, log);

  const agents = await log.stage("agents", () => agentsOf(opened, point));
  if (isRefusal(agents)) return log.deny(agents);

  const admitted = { caller: { ...opened, audience: calledAt }, agents };
  // A list is not granted, each of its items is.
  const noCall = isListing(tool) || call.refused;
  const outside = noCall ? undefined : await log.stage("grant", () => refuseSent(admitted, tool, received, point));
  if (outside !== undefined && !log.lets(outside)) return log.deny(outside);

  const next = yield { received, user: opened.user };
  if (next.as !== "call" || isListing(tool)) return endOtherwise(next, admitted, tool, point, log);
  const confirmed = call.atOnce ? admitted : await log.stage("agents", () => lookAtAgents(admitted, tool, point));
  if (isRefusal(confirmed)) return log.deny(confirmed);
  const target = targetOf(point.tools, tool, received, next.readAs);
  if (isRefusal(target)) return denyUnmapped(target, confirmed, tool, point, log);
  const { entry } = target;

  const parsed = isRead(next)
    ? await log.stage("arguments", () => parsedArguments({ tool, received }, entry, next, point))
    : undefined;
  if (isRefusal(parsed)) return refuseAsShown(parsed, admitted, tool, point, log);
  if (parsed !== undefined) log.note({ parsed });
  const read = { sent: received, parsed, isOwn: ownArguments(entry, next.inputSchema) };
  const granted = await log.stage("grant", () => coverRead(confirmed, tool, read, entry, point));
  if (isRefusal(granted) && !log.lets(granted)) return log.deny(granted);
  // Not before: what a token does not cover is nobody's to keep.
  log.note({ kept: entry.keepInRecord ?? [], uri: target.uri });

  const query = { tool, arguments: parsed ?? target.arguments, tenant: opened.user.issuer };
  const context = await log.stage("context", () => gatherContext(confirmed, target, query, point, log.note));
  if (isRefusal(context)) return refuseAsShown(context, admitted, tool, point, log);
  log.note({ asked: askedOf(context) });

  const question = { caller: admitted.caller, tool, known: context.known, invocation: log.id };
  const owing = { entry, granted: isRefusal(granted) || granted, next, lets: log.lets };
  const answer = await log.stage("policy", (watch) =>
    decideByPolicies(question, context, owing, point, watch, log.note),
  );
  if (isRefusal(answer)) return log.deny(answer);
  const lost = await remembered;
  if (lost !== undefined) return log.deny(lost);
  const due = await takeDue({ call, confirmed, received, parsed, query, entry, context, answer }, log, point);
  if (due.outcome !== "due") return due;
  const standing = await log.stage("state", () => lookAgain(confirmed, tool, point));
  if (isRefusal(standing)) return log.deny(standing, due.taken);

  // On record first: no allowed call without its record.
  return log.allow({
    projected: areProjected(entry, parsed, incoming),
    obligations: due.obligations,
    taken: due.taken,
    filter: openFilter({ asked: question, holder: standing, entry, context, answer, owed: due.obligations }, point),
  });
}
