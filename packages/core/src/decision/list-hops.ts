import type { Resource } from "@cerbos/core";
import { HopwiseError } from "../errors.ts";
import type { JsonObject } from "../json/index.ts";
import { withDeadline } from "../lib/index.ts";
import { actionOf, listedAs, type PlacedEntry } from "../resource/index.ts";
import { type AskedResource, type ChainQuestion, type Edge, hopAsks, hopRequest } from "./hop-request.ts";
import type { PolicyDecisionPoint } from "./pdp.ts";
import { type PlanQuestion, planHop } from "./plan-hops.ts";
import { faultOf, type PolicyFault, readAnswers } from "./read-answer.ts";

/** A list, put to every hop of a chain. */
export interface ListQuestion extends Omit<ChainQuestion, "edges"> {
  readonly items: readonly ListItem[];
}

/** One item of a list: the call that it offers, its entry, and the arguments that are known beforehand. */
export interface ListItem {
  readonly tool: string;
  readonly entry: PlacedEntry;
  readonly known: JsonObject;
  /** The resource's id, where it is known and no argument. */
  readonly id?: string | undefined;
  /** For each hop but the last: may it hand this to the next? Left out with `"grants-only"`. */
  readonly edges?: readonly (Edge | undefined)[] | undefined;
}

/** Why an item is hidden: the first hop that is denied it, or that may not hand on, so that nothing is shown. */
export interface HiddenByPolicy {
  readonly code: "policy_denied" | "delegation_denied";
  readonly hop: number;
}

/**
 * For each item: could some call of it be allowed to every hop, of which each may hand on to the next? Where an entry
 * has a listing action, that action is checked, for all items in one request a hop; else Cerbos plans the call's own
 * action.
 *
 * @returns what hides each item; undefined for one that is shown
 * @throws {HopwiseError} `policy_unavailable`, `policy_request_refused`, `policy_inconclusive`: an outage is never an
 *   empty list
 */
export async function listHops(
  pdp: PolicyDecisionPoint,
  question: ListQuestion,
  deadlineMs: number,
): Promise<readonly (HiddenByPolicy | undefined)[]> {
  if (question.items.length === 0) return [];
  const asked = question.items.map(questionOf);
  const keys = asked.map(keyOf);
  const distinct = [...new Map(asked.map((it, i) => [keys[i], it])).values()];
  const planned = distinct.filter(({ resource }) => resource.id === undefined);
  const listed = resourcesOf(distinct.filter(isListed));
  const answers = await withDeadline(deadlineMs, (signal, expired) =>
    Promise.all(
      question.hops.map(async (_, hop) => {
        try {
          return await Promise.race([listHop(pdp, question, hop, { planned, listed }, signal), expired]);
        } catch (cause) {
          return faultAt(hop, cause);
        }
      }),
    ),
  );
  const open = answers.map((answer) => {
    if (answer instanceof HopwiseError) throw answer;
    return answer;
  });
  return question.items.map(({ edges }, i) => {
    const stuck = open.findIndex((allowed, hop) => edges?.[hop] !== undefined && !allowed.has(keyOf(edges[hop])));
    if (stuck >= 0) return { code: "delegation_denied", hop: stuck };
    const hop = open.findIndex((allowed) => !allowed.has(keys[i] as string));
    return hop < 0 ? undefined : { code: "policy_denied", hop };
  });
}

/** A listing action of a resource to check, or, without an id, a call's action to plan. */
interface Question {
  readonly resource: PlanQuestion["resource"] & Partial<Pick<Resource, "id" | "attr">>;
  readonly action: string;
}

type ListingAction = Question & { readonly resource: Resource };

/** The id of a resource that is not known before there are arguments. */
const ANY = "*";

function questionOf({ tool, entry, known, id: whole = "" }: ListItem): Question {
  const { kind, id, scope, policyVersion } = entry;
  const own = typeof id === "string" && Object.hasOwn(known, id) ? String(known[id]) : whole;
  const listed = listedAs(entry, tool);
  const resource = {
    kind,
    ...(listed !== undefined && { id: listed.id ?? (own || ANY) }),
    ...(listed?.attributes !== undefined && { attr: listed.attributes as NonNullable<Resource["attr"]> }),
    ...(scope !== undefined && { scope }),
    ...(policyVersion !== undefined && { policyVersion }),
  };
  return { resource, action: listed?.action ?? actionOf(entry, tool) };
}

function isListed(question: Question): question is ListingAction {
  return question.resource.id !== undefined;
}

/** Two questions with the same key are the same for policies. */
function keyOf({ resource: { kind, id, attr, scope, policyVersion }, action }: Question): string {
  return JSON.stringify([kind, id ?? null, attr ?? null, scope ?? null, policyVersion ?? null, action]);
}

/** Cerbos' default limit of resources in a request, and of actions on a resource. */
const MOST = 50;

/** Listing actions of the same resource are asked about together. */
function resourcesOf(questions: readonly ListingAction[]): readonly AskedResource[] {
  const all: { readonly resource: Resource; readonly actions: string[] }[] = [];
  const latest = new Map<string, (typeof all)[number]>();
  for (const { resource, action } of questions) {
    const key = keyOf({ resource, action: "" });
    const room = latest.get(key);
    if (room !== undefined && room.actions.length < MOST) {
      room.actions.push(action);
      continue;
    }
    const next = { resource, actions: [action] };
    latest.set(key, next);
    all.push(next);
  }
  return all;
}

/** The keys of the questions that one hop could be allowed, those of its handing on among them. */
async function listHop(
  pdp: PolicyDecisionPoint,
  question: ListQuestion,
  hop: number,
  { planned, listed }: { readonly planned: readonly Question[]; readonly listed: readonly AskedResource[] },
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const edges = edgesAt(question, hop);
  const resources = [...edges, ...listed];
  const requests = Array.from({ length: Math.ceil(resources.length / MOST) }, (_, i) =>
    hopRequest(question, hop, resources.slice(i * MOST, (i + 1) * MOST), false),
  );
  const [plans, ...responses] = await Promise.all([
    planHop(pdp, hopAsks(question, hop), planned, signal),
    ...requests.map(async (request) => readAnswers(request, await pdp.checkResources(request, { signal }))),
  ]);
  const answers = responses.flat();
  const unreadable = answers.flat().find(({ effect }) => effect === "error");
  if (unreadable !== undefined) throw new HopwiseError("policy_inconclusive", String(unreadable.problem));
  const shown = answers.slice(edges.length).flat();
  if (shown.some(({ effect, obligations }) => effect === "allow" && obligations !== undefined)) {
    throw new HopwiseError("policy_inconclusive", "a list has no result that an obligation could be about");
  }
  return new Set([
    ...planned.filter((_, i) => plans[i]).map(keyOf),
    ...resources.flatMap(({ resource, actions }, i) =>
      actions.filter((_, j) => answers[i]?.[j]?.effect === "allow").map((action) => keyOf({ resource, action })),
    ),
  ]);
}

/** Whether a hop may hand on is asked once for all items to which it hands on the same. */
function edgesAt({ items }: ListQuestion, hop: number): readonly AskedResource[] {
  const edges = items.map(({ edges }) => edges?.[hop]).filter((edge) => edge !== undefined);
  const distinct = new Map(edges.map((edge) => [keyOf(edge), edge]));
  return [...distinct.values()].map(({ resource, action }) => ({ resource, actions: [action] }));
}

function faultAt(hop: number, cause: unknown): HopwiseError {
  const fault: PolicyFault =
    cause instanceof HopwiseError && cause.code === "policy_inconclusive" ? { problem: cause.message } : faultOf(cause);
  const [code, what] = fault.unavailable
    ? (["policy_unavailable", "the policies could not be asked what may be shown"] as const)
    : fault.refused
      ? (["policy_request_refused", "Cerbos takes no such question about what may be shown"] as const)
      : (["policy_inconclusive", "the policies' answer about what may be shown cannot be relied on"] as const);
  return new HopwiseError(code, `${what}: ${fault.problem}`, { hop, cause });
}
