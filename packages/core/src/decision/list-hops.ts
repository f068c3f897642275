import type { Resource } from "@cerbos/core";
import { HopwiseError } from "../errors.ts";
import type { JsonObject } from "../json/index.ts";
import { defined } from "../lib/index.ts";
import { actionOf, listedAs, type PlacedEntry } from "../resource/index.ts";
import { askAllHops } from "./ask-each-hop.ts";
import type { Asked } from "./decision.ts";
import { type AskedResource, type ChainQuestion, type Edge, hopAsks, hopRequest } from "./hop-request.ts";
import type { PolicyDecisionPoint, SharedAnswer } from "./pdp.ts";
import { grouped, type PlanQuestion, planHop } from "./plan-hops.ts";
import { callIdOf, readAnswers } from "./read-answer.ts";

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
  /** With `policy_denied`: what was asked about the item, and with which roles. */
  readonly asked?: Asked;
  readonly roles?: readonly string[];
  /** By which names Cerbos' own log has that hop's answers, but for those that others shared. */
  readonly cerbosCallIds: readonly string[];
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
  const distinct = [...new Map(asked.map((it) => [it.key, it])).values()];
  const planned = distinct.filter(({ resource }) => resource.id === undefined);
  const listed = resourcesOf(distinct.filter(isListed));
  const open = await askAllHops(pdp, question, deadlineMs, (one, hop, signal) =>
    listHop(one, question, hop, { planned, listed }, signal),
  );
  const edgeKey = keysOfEdges();
  return question.items.map(({ edges }, i) => {
    const hiddenAt = (code: HiddenByPolicy["code"], hop: number): HiddenByPolicy | undefined => {
      const { cerbosCallIds } = open[hop] ?? {};
      return cerbosCallIds && { code, hop, cerbosCallIds };
    };
    const isStuck = ({ allowed }: HopAnswer, hop: number): boolean =>
      edges?.[hop] !== undefined && !allowed.has(edgeKey(edges[hop]));
    const { key, resource, action } = asked[i] as Question;
    const stuck = hiddenAt("delegation_denied", open.findIndex(isStuck));
    if (stuck !== undefined) return stuck;
    const denied = hiddenAt(
      "policy_denied",
      open.findIndex(({ allowed }) => !allowed.has(key)),
    );
    if (denied === undefined) return undefined;
    const { kind, scope, policyVersion } = resource;
    const { roles = [] } = question.principals[denied.hop] ?? {};
    return { ...denied, asked: { kind, action, ...defined({ scope, policyVersion }) }, roles };
  });
}

/** A listing action of a resource to check, or, without an id, a call's action to plan. */
interface Question {
  readonly resource: PlanQuestion["resource"] & Partial<Pick<Resource, "id" | "attr">>;
  readonly action: string;
  /** See {@link keyOf}. Made once, since every hop is asked the same. */
  readonly key: string;
}

/** Listing actions of one resource, with the key of each question. */
interface Listed {
  readonly asked: AskedResource;
  readonly keys: readonly string[];
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
  const action = listed?.action ?? actionOf(entry, tool);
  return { resource, action, key: keyOf({ resource, action }) };
}

function isListed(question: Question): question is ListingAction {
  return question.resource.id !== undefined;
}

/** Two questions with the same key are the same for policies. */
function keyOf({ resource: { kind, id, attr, scope, policyVersion }, action }: Omit<Question, "key">): string {
  return JSON.stringify([kind, id ?? null, attr ?? null, scope ?? null, policyVersion ?? null, action]);
}

/** Cerbos' default limit of resources in a request, and of actions on a resource. */
const MOST = 50;

/** Listing actions of the same resource are asked about together. */
function resourcesOf(questions: readonly ListingAction[]): readonly Listed[] {
  return grouped(questions, ({ resource }) => keyOf({ resource, action: "" }), MOST).map((group) => {
    const [{ resource }] = group as [ListingAction];
    const actions = group.map(({ action }) => action);
    return { asked: { resource, actions }, keys: group.map(({ key }) => key) };
  });
}

/** What one hop's policies said of a list. */
interface HopAnswer {
  /** The keys of the questions that it could be allowed, those of its handing on among them. */
  readonly allowed: ReadonlySet<string>;
  readonly cerbosCallIds: readonly string[];
}

async function listHop(
  pdp: PolicyDecisionPoint,
  question: ListQuestion,
  hop: number,
  { planned, listed }: { readonly planned: readonly Question[]; readonly listed: readonly Listed[] },
  signal: AbortSignal,
): Promise<HopAnswer> {
  const all = [...edgesAt(question, hop), ...listed];
  const resources = all.map(({ asked }) => asked);
  const requests = Array.from({ length: Math.ceil(resources.length / MOST) }, (_, i) =>
    hopRequest(question, hop, resources.slice(i * MOST, (i + 1) * MOST), false),
  );
  const [plans, ...responses] = await Promise.all([
    planHop(pdp, hopAsks(question, hop), planned, signal),
    ...requests.map(async (request) => {
      const response: SharedAnswer = await pdp.checkResources(request, { signal });
      return { response, answers: readAnswers(request, response) };
    }),
  ]);
  const answers = responses.flatMap((one) => one.answers);
  const unreadable = answers.flat().find(({ effect }) => effect === "error");
  if (unreadable !== undefined) throw new HopwiseError("policy_inconclusive", String(unreadable.problem));
  const shown = answers.slice(all.length - listed.length).flat();
  if (shown.some(({ effect, obligations }) => effect === "allow" && obligations !== undefined)) {
    throw new HopwiseError("policy_inconclusive", "a list has no result that an obligation could be about");
  }
  const allowed = new Set([
    ...planned.filter((_, i) => plans[i]).map(({ key }) => key),
    ...all.flatMap(({ keys }, i) => keys.filter((_, j) => answers[i]?.[j]?.effect === "allow")),
  ]);
  const own = responses.filter(({ response }) => response.cerbosPositions === undefined);
  return { allowed, cerbosCallIds: own.flatMap(({ response }) => callIdOf(response).cerbosCallId ?? []) };
}

/** Whether a hop may hand on is asked once for all items to which it hands on the same. */
function edgesAt({ items }: ListQuestion, hop: number): readonly Listed[] {
  const edgeKey = keysOfEdges();
  const distinct = new Map<string, Listed>();
  for (const { edges } of items) {
    const edge = edges?.[hop];
    if (edge === undefined) continue;
    const key = edgeKey(edge);
    if (!distinct.has(key))
      distinct.set(key, { asked: { resource: edge.resource, actions: [edge.action] }, keys: [key] });
  }
  return [...distinct.values()];
}

/** Most items share their edges: the key of each is made once. */
function keysOfEdges(): (edge: Edge) => string {
  const known = new Map<Edge, string>();
  return (edge) => {
    const key = known.get(edge) ?? keyOf(edge);
    known.set(edge, key);
    return key;
  };
}
