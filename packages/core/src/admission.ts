import type { Principal } from "@cerbos/core";
import { type Caller, inTime } from "./caller.ts";
import { checkGrants, parsedArguments } from "./check-call.ts";
import {
  addUp,
  changesResults,
  checkHops,
  combineVerdicts,
  couldBeAllowed,
  type Decision,
  type Denied,
  type Edge,
  type HopVerdict,
  type ListItem,
  type PolicyDecisionPoint,
  withHeaders,
} from "./decision/index.ts";
import { HopwiseError } from "./errors.ts";
import { couldPermit } from "./grant/index.ts";
import type { Invocation } from "./invocation.ts";
import type { JsonObject } from "./json/index.ts";
import { findUser, type Hop, hopsOf, hopWithoutTool, principalsOf, type UserDirectory } from "./principal/index.ts";
import { actionOf, listEntry, loadResource, type ToolEntry, type ToolMap, toolEntry } from "./resource/index.ts";
import { type AttributeSources, gather } from "./source/index.ts";
import { type Chain, type Limits, type Subject, toolIdOf } from "./token/index.ts";

/** A caller who was let in, with a call that the grants cover. Ends in one decision, or in one list. */
export interface Admission {
  readonly outcome: "admitted";
  readonly invocation: string;
  /** The arguments as received, deeply frozen. */
  readonly arguments: JsonObject;
  readonly subject: Subject;
  /**
   * The second half: policies for every hop, and the record.
   *
   * @param parsed what the tool's schema made of the arguments; left out where it changes nothing
   * @param how `fulfils`: whoever runs the tool puts its result through `fulfil`. Otherwise a policy that obliges to
   *   change results is not satisfied, and the call is denied with `policy_inconclusive`
   */
  decide(parsed?: unknown, how?: { readonly fulfils?: boolean }): Promise<Decision>;
  /** For a list: which of these could be called. An outage is a denial, never an empty list. */
  list(items: readonly Listed[]): Promise<Listing | Denied>;
}

/** One item of a list, as the call that it offers. */
export interface Listed {
  readonly tool: string;
  /** Arguments that are known beforehand, such as a resource's `uri`. */
  readonly arguments?: JsonObject;
}

/** Which items of a list may be shown, in the order in which they were asked about. */
export interface Listing {
  readonly outcome: "listed";
  readonly shown: readonly boolean[];
}

/** Further sources of what policies may know of hops, by the names under which policies find it. */
export interface PrincipalSources {
  readonly user?: AttributeSources<Subject>;
  /** Asked with an agent's name. */
  readonly agent?: AttributeSources<string>;
}

/** What the second half of the way needs. */
export interface DecisionContext {
  readonly cerbos: PolicyDecisionPoint;
  readonly users: UserDirectory;
  readonly sources?: PrincipalSources;
  readonly tools: ToolMap;
  readonly delegation: { readonly kind: string; readonly action: string } | "grants-only";
  readonly deadlineMs: number;
  readonly limits: Limits;
  readonly nowSeconds: () => number;
}

/** Makes the admission of one caller with one call. */
export function createAdmission(
  context: DecisionContext,
  invocation: Invocation,
  { subject, agents, origins: agentOrigins, at }: Caller,
): Admission {
  const { cerbos, users, sources = {}, tools, delegation, deadlineMs, limits, nowSeconds } = context;
  const { chain, tool } = invocation;
  // The deadline is that of all sources: an optional one that took all of it would deny the call.
  const patienceMs = deadlineMs / 2;
  let ended = false;

  const once = (): void => {
    if (ended)
      throw new HopwiseError("config_invalid", "an admission ends in one decision or one list; admit each call anew");
    ended = true;
  };

  const names = chain?.links.map(({ agent }) => agent) ?? [];

  /** Who each hop is, completely. */
  const people = async (): Promise<{ readonly hops: readonly Hop[]; readonly principals: readonly Principal[] }> => {
    const [{ user, origin }, ...gathered] = await Promise.all([
      findUser(subject, users),
      gather(sources.user, subject, "the user", { patienceMs, hop: 0 }),
      ...names.map((name, i) => gather(sources.agent, name, `"${name}"`, { patienceMs, hop: i + 1 })),
    ]);
    const hops = hopsOf(user, names);
    invocation.view = { ...(chain !== undefined && { id: chain.id }), issuer: subject.issuer, hops };
    invocation.context.push(origin, ...agentOrigins);
    for (const [i, { origins }] of gathered.entries()) {
      invocation.context.push(...origins.map((from) => ({ ...from, of: (hops[i] as Hop).id })));
    }
    return {
      hops,
      principals: principalsOf(
        user,
        agents,
        hops,
        gathered.map(({ attributes }) => attributes),
      ),
    };
  };

  const decide = async (parsed: unknown, fulfils: boolean): Promise<Decision> => {
    const entry = entryOf(tools, tool);
    if (parsed !== undefined) {
      invocation.parsed = await invocation.stage("arguments", () => parsedArguments(entry, parsed, limits));
      if (chain !== undefined) {
        await invocation.stage("grant", () => checkGrants(chain, at, tool, invocation.parsed as JsonObject));
      }
    }
    const args = invocation.parsed ?? invocation.received;
    invocation.keep(entry.keepInRecord);
    const { hops, resource, principals } = await invocation.stage("context", () =>
      inTime(deadlineMs, "a source of attributes", async () => {
        const query = { tool, arguments: args, tenant: subject.issuer };
        const [known, { resource, origins }] = await Promise.all([
          people(),
          loadResource(entry, query, { patienceMs }),
        ]);
        invocation.context.push(...origins);
        return { ...known, resource };
      }),
    );
    const action = actionOf(entry, tool);
    const { kind, scope } = resource;
    invocation.asked = { kind, action, ...(scope !== undefined && { scope }) };
    const edges = delegation === "grants-only" ? undefined : edgesOf(delegation, hops, chain, nowSeconds());
    await invocation.stage("policy", async (watch) => {
      invocation.verdicts = await checkHops(
        cerbos,
        {
          hops,
          principals,
          resource,
          action,
          invocation: invocation.id,
          chainId: chain?.id,
          ...(edges && { edges }),
        },
        deadlineMs,
        watch.hop,
      );
      const denial = combineVerdicts(invocation.verdicts);
      if (denial !== undefined) throw new HopwiseError(denial.code, denial.message, denial);
      if (!fulfils) checkNothingIsOwed(invocation.verdicts);
    });
    return invocation.allow({
      projected: entry.projection !== undefined && (parsed !== undefined || invocation.via === "session"),
      obligations: addUp(invocation.verdicts.map(({ obligations }) => obligations)),
    });
  };

  const list = async (items: readonly Listed[]): Promise<Listing | Denied> => {
    const grants = chain?.links.map(({ grant }) => grant) ?? [];
    const granted = items.map(({ tool: name, arguments: known = {} }): ListItem | undefined => {
      const id = chain === undefined ? name : toolIdOf(name, at, chain.rootAudience);
      const granted = grants.every((grant) => couldPermit(grant, id, known));
      const entry = granted && hopWithoutTool(agents, name) === undefined ? toolEntry(tools, name) : undefined;
      return entry && { tool: name, entry, known };
    });
    // The list itself may be ruled on, too: then it is one more item, and without it there is nothing to show.
    const entry = listEntry(tools, tool);
    const whole: ListItem | undefined = entry && { tool, entry, known: {} };
    const candidates = [...granted, whole].filter((item) => item !== undefined);
    const { hops, principals } = await invocation.stage("context", () =>
      inTime(deadlineMs, "a source of attributes", people),
    );
    const edges = delegation === "grants-only" ? undefined : edgesOf(delegation, hops, chain, nowSeconds());
    const question = { hops, principals, items: candidates, invocation: invocation.id, chainId: chain?.id };
    const answers = await invocation.stage("policy", ({ headers }) =>
      couldBeAllowed(withHeaders(cerbos, headers), { ...question, ...(edges && { edges }) }, deadlineMs),
    );
    const open = new Set(candidates.filter((_, i) => answers[i]));
    const isOpen = whole === undefined || open.has(whole);
    const shown = granted.map((item) => isOpen && item !== undefined && open.has(item));
    invocation.shown = { items: shown.filter(Boolean).length, of: items.length };
    const decision = await invocation.allow();
    return decision.outcome === "denied" ? decision : { outcome: "listed", shown };
  };

  return {
    outcome: "admitted",
    invocation: invocation.id,
    arguments: invocation.received,
    subject,
    decide: (parsed, { fulfils = false } = {}) => {
      once();
      return decide(parsed, fulfils).catch(invocation.deny);
    },
    list: (items) => {
      once();
      return list(items).catch(invocation.deny);
    },
  };
}

/** @throws {HopwiseError} `policy_inconclusive` where a policy wants results changed, and nobody will do it */
function checkNothingIsOwed(verdicts: readonly HopVerdict[]): void {
  const owed = verdicts.find(({ obligations }) => obligations !== undefined && changesResults(obligations));
  if (owed === undefined) return;
  throw new HopwiseError(
    "policy_inconclusive",
    `the policies oblige to change results for "${owed.id}", and this enforcement point does not say that it does; put results through fulfil() and say so with fulfils: true`,
    { hop: owed.hop },
  );
}

function entryOf(tools: ToolMap, tool: string): ToolEntry {
  const entry = toolEntry(tools, tool);
  if (entry === undefined) {
    throw new HopwiseError("grant_tool_missing", `the tool map has no entry for "${tool}", so no policy can be asked`);
  }
  return entry;
}

/** Each handing over as a question: may hop i give this to hop i + 1? */
function edgesOf(
  { kind, action }: { readonly kind: string; readonly action: string },
  hops: readonly Hop[],
  chain: Chain | undefined,
  now: number,
): readonly Edge[] {
  return (chain?.links ?? []).map((link, i) => {
    const from = hops[i] as Hop;
    const to = hops[i + 1] as Hop;
    return {
      action,
      resource: {
        kind,
        id: `${from.id}->${to.id}`,
        attr: {
          to: to.id,
          toKind: to.kind,
          depth: i + 1,
          expiresIn: link.expiresAt - now,
          actions: Object.keys(link.grant),
        },
      },
    };
  });
}
