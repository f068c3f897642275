import type { Principal, Resource } from "@cerbos/core";
import { type DenialCode, wireCodeOf } from "../../codes.ts";
import { type Asked, type AuxData, auxDataOf } from "../../decision/index.ts";
import { HopwiseError } from "../../errors.ts";
import { defined } from "../../lib/index.ts";
import { eachInTime } from "../../options/index.ts";
import { type FoundUser, findUser, type Hop, hopsOf, principalsOf } from "../../principal/index.ts";
import { actionOf, loadResource, type ResourceQuery, type Target } from "../../resource/index.ts";
import { type ContextOrigin, gather, isLate } from "../../source/index.ts";
import type { EnforcementPoint } from "../options.ts";
import type { KnownCaller } from "./grant.ts";

/** Who each hop is, completely. */
export interface KnownHops {
  readonly hops: readonly Hop[];
  /** One a hop, each built from its own prefix of the chain. */
  readonly principals: readonly Principal[];
  /** What the host adds to the request about each hop; undefined where it adds nothing to any. */
  readonly auxData: readonly (AuxData | undefined)[] | undefined;
  readonly origins: readonly ContextOrigin[];
}

/** Takes who the hops are, and where that came from. */
type NoteHops = (found: Pick<KnownHops, "hops" | "origins"> & Partial<Pick<FoundUser, "hasOwnId">>) => void;

/** What policies are asked with. */
export interface CallContext {
  readonly known: KnownHops;
  readonly resource: Resource;
  readonly action: string;
  /** The refusal that ends the call, whatever the policies say: nobody knows such a resource. */
  readonly notThere?: HopwiseError;
}

/**
 * Finds out who and what a call is about. Waits for both, so that what one half found is on record although the other
 * was refused, and so that an outage of one looks the same whether or not the other knows whom it was asked about.
 *
 * @param note takes what was found so far
 * @throws {HopwiseError} codes of the stage `context`
 */
export async function gatherContext(
  holder: KnownCaller,
  { entry, named }: Pick<Target, "entry" | "named">,
  query: ResourceQuery,
  point: EnforcementPoint,
  note: NoteHops,
): Promise<CallContext> {
  const [known, { resource, origins: loaded, notThere }] = await all([
    knowHops(holder, point, note, query),
    // Once for all hops: a longer chain must not be shown another resource.
    eachInTime(point.deadlineMs, "context_unavailable", "a source of attributes", (wait) =>
      loadResource(entry, query, { patienceMs: patienceOf(point), wait, named }),
    ),
  ]);
  const { hops, origins } = known;
  note({ hops, origins: [...origins, ...loaded] });
  return { known, resource, action: actionOf(entry, query.tool), ...defined({ notThere }) };
}

/**
 * Asks the user directory, and every further source about each hop; then what the host adds to the request about it.
 *
 * @param note takes it before policies can be asked: a record names the user also where the roles cannot be used
 * @param query the call, or the list, that the host may add something for
 * @throws {HopwiseError} codes of the stage `context`
 */
export function knowHops(
  { caller, agents: confirmed }: KnownCaller,
  point: EnforcementPoint,
  note: NoteHops,
  query: ResourceQuery,
): Promise<KnownHops> {
  return eachInTime(point.deadlineMs, "context_unavailable", "a source of attributes", async (wait) => {
    const { users, sources, auxData: supply } = point;
    const names = caller.chain?.links.map(({ agent }) => agent) ?? [];
    const patienceMs = patienceOf(point);
    const [{ user, origin, hasOwnId }, ...gathered] = await all([
      findUser(caller.user, users, point.userIds, wait),
      gather(sources.user, caller.user, "the user", { patienceMs, wait, hop: 0 }),
      ...names.map((name, i) => gather(sources.agent, name, `"${name}"`, { patienceMs, wait, hop: i + 1 })),
    ]);
    const hops = hopsOf(user, names);
    const added = gathered.map(({ attributes }) => attributes);
    const further = gathered.flatMap(({ origins }, i) => origins.map((from) => ({ ...from, of: (hops[i] as Hop).id })));
    const origins = [origin, ...confirmed.origins, ...further];
    note({ hops, hasOwnId, origins });
    const hop = gathered.findIndex(({ without }) => without !== undefined);
    if (hop >= 0) throw missing(hops[hop] as Hop, hop, gathered[hop]?.without);
    const principals = principalsOf(user, confirmed.agents, hops, added);
    const auxData = supply && (await auxDataOf(supply, { ...query, user: caller.user }, hops, wait));
    return { hops, principals, auxData, origins };
  });
}

/**
 * Waits for all of these. Of several refusals, one that names a late source is told first, and an outage before what looks to callers like a call that is not allowed: else it would
 * show, as long as it lasts, which users there are.
 */
async function all<const Asked extends readonly unknown[]>(
  asked: Asked,
): Promise<{ -readonly [I in keyof Asked]: Awaited<Asked[I]> }> {
  const settled = await Promise.allSettled(asked);
  const refused = settled.flatMap((one) => (one.status === "rejected" ? [one.reason as unknown] : []));
  if (refused.length > 0) throw refused.find(isLate) ?? refused.find((reason) => !looksDenied(reason)) ?? refused[0];
  return settled.map((one) => (one as PromiseFulfilledResult<unknown>).value) as never;
}

/** Whether a refusal looks to callers like a call that the policies do not allow. */
export function looksDenied(reason: unknown): boolean {
  return reason instanceof HopwiseError && wireCodeOf(reason.code as DenialCode) === "policy_denied";
}

function missing({ id }: Hop, hop: number, source: string | undefined): HopwiseError {
  const message = `the source "${source}" has nothing about "${id}"; make it optional where that may be`;
  return new HopwiseError("attributes_missing", message, { hop });
}

/** The call in the words of policies, for the record. */
export function askedOf({ resource, action }: CallContext): Asked {
  const { kind, scope, policyVersion } = resource;
  return defined({ kind, action, scope, policyVersion });
}

/** The deadline is that of all sources: an optional one that took all of it would deny the call. */
function patienceOf({ deadlineMs }: EnforcementPoint): number {
  return deadlineMs / 2;
}
