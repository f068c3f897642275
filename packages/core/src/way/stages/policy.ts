import type { Resource } from "@cerbos/core";
import {
  checkHops,
  checkRows,
  combineVerdicts,
  type Edge,
  type ExplainedHiding,
  type Fulfilment,
  type HopVerdict,
  joinFailures,
  joinListFailures,
  type ListItem,
  listHops,
  planRows,
  type RowAnswer,
  type RowsToCheck,
  refuseOwed,
  withHeaders,
} from "../../decision/index.ts";
import type { HopwiseError } from "../../errors.ts";
import { type AppliedCondition, allOf, type RowCondition, type RowExpression, shapeOf } from "../../filter/index.ts";
import { handsEveryTool } from "../../grant/index.ts";
import type { JsonObject } from "../../json/index.ts";
import { defined } from "../../lib/index.ts";
import type { Hop } from "../../principal/index.ts";
import type { ToolEntry } from "../../resource/index.ts";
import type { StageWatch } from "../../telemetry/index.ts";
import { isListing, toolIdOf } from "../../token/index.ts";
import type { EnforcementPoint } from "../options.ts";
import type { CallContext, KnownHops } from "./context.ts";
import type { OpenedChain } from "./token.ts";

/** Whom the policies are asked about, and under which name. */
export interface AskedChain {
  readonly caller: OpenedChain;
  readonly known: KnownHops;
  readonly invocation: string;
}

/** A call of a tool. */
export interface AskedCall extends AskedChain {
  readonly tool: string;
}

/** Asks the policies about a call, for every hop at once. The answers are for the caller to combine. */
export async function askEveryHop(
  asked: AskedCall,
  resource: Resource,
  action: string,
  point: EnforcementPoint,
  watch: StageWatch,
): Promise<readonly HopVerdict[]> {
  const question = { ...callQuestionOf(asked, point), resource, action };
  const { deadlineMs, pdp } = point;
  // Half of the deadline, as for an optional source; `startPdp` needs two turns of the event loop.
  return joinFailures(await checkHops(point.cerbos, question, deadlineMs, watch.hop), pdp.failuresOf, deadlineMs / 2);
}

/** What the policies answered, for every hop. */
export interface PolicyAnswer {
  readonly verdicts: readonly HopVerdict[];
  /** Of a tool that gives rows: what they must fulfil, where every hop may see some. */
  readonly condition?: RowCondition;
  /** The same, for the record. */
  readonly applied?: AppliedCondition;
}

/** What the call is held to, besides the policies. */
export interface Owing {
  readonly entry: ToolEntry;
  /** What the grants say of rows; nothing where they do not cover the call, which shadow mode lets run. */
  readonly granted: RowExpression | boolean;
  /** What the enforcement point says that it does. */
  readonly next: Fulfilment;
  /** Whether shadow mode lets the call go on after this denial. */
  readonly lets: (refusal: HopwiseError) => boolean;
}

/**
 * All hops' answers together, and whether the enforcement point does what they oblige to.
 *
 * @param note takes the answers; not those about a resource that is not there
 * @returns the answers, where the call is allowed or let run; or the refusal
 */
export async function decideByPolicies(
  asked: AskedCall,
  context: CallContext,
  { entry, granted, next, lets }: Owing,
  point: EnforcementPoint,
  watch: StageWatch,
  note: (answer: PolicyAnswer) => void,
): Promise<PolicyAnswer | HopwiseError> {
  const answer = await askPolicies(asked, context, { entry, granted }, point, watch);
  const { notThere } = context;
  const refused = combineVerdicts(answer.verdicts, { notThere, delegation: point.delegation, lets });
  if (refused === undefined || refused !== notThere) note(answer);
  return refused ?? refuseOwed(answer.verdicts, next, entry.filter !== undefined) ?? answer;
}

/** Asks the policies about a call; of a tool that gives rows, which ones every hop may see. */
async function askPolicies(
  asked: AskedCall,
  { resource, action }: CallContext,
  { entry, granted }: Pick<Owing, "entry" | "granted">,
  point: EnforcementPoint,
  watch: StageWatch,
): Promise<PolicyAnswer> {
  const { filter } = entry;
  if (filter === undefined) return { verdicts: await askEveryHop(asked, resource, action, point, watch) };
  const question = { ...callQuestionOf(asked, point), resource: anyRowOf(resource), action };
  const planned = await planRows(point.cerbos, question, point.deadlineMs, watch.hop);
  const verdicts = planned.map(({ verdict }) => verdict);
  if (planned.some(({ rows }) => rows === undefined)) return { verdicts };
  const condition: RowCondition = {
    expression: allOf([granted, ...planned.map(({ rows }) => rows as RowExpression | boolean)]),
    required: filter.required ?? requiredBy(entry.attributesSchema),
    unknown: filter.plansSuffice === true ? "weak" : "sql",
  };
  return { verdicts, condition, applied: await shapeOf(condition) };
}

function requiredBy(schema: JsonObject | undefined): readonly string[] {
  const names = schema?.["required"];
  return Array.isArray(names) ? names.filter((name) => typeof name === "string") : [];
}

/** Asks the policies about rows that were read, for every hop, and once more whether each may hand on. */
export function askAboutRows(
  asked: AskedCall,
  { resource, ...about }: { readonly resource: Resource } & Pick<RowsToCheck, "action" | "owed" | "rows">,
  point: EnforcementPoint,
): Promise<readonly RowAnswer[]> {
  const question = { ...callQuestionOf(asked, point), resource: anyRowOf(resource), ...about };
  return checkRows(point.cerbos, question, point.deadlineMs);
}

/** What all rows of a tool have: everything of the resource that its call is about, but an id. */
function anyRowOf({ kind, scope, policyVersion, attr = {} }: Resource): Omit<Resource, "id"> {
  return { kind, attr, ...defined({ scope, policyVersion }) };
}

/**
 * Asks the policies which items could be allowed to every hop.
 *
 * @returns what hides each item; undefined for one that is shown
 * @throws {HopwiseError} `policy_unavailable`, `policy_inconclusive`: an outage is never an empty list
 */
export async function askWhatIsShown(
  asked: AskedChain,
  items: readonly ListItem[],
  point: EnforcementPoint,
  watch: StageWatch,
): Promise<readonly (ExplainedHiding | undefined)[]> {
  const pdp = withHeaders(point.cerbos, watch.headers);
  // Only where every tool is handed over does a handing over depend on the tool.
  const byTool = asked.caller.chain?.links.some(({ grant }) => handsEveryTool(grant)) === true;
  const edges = byTool ? undefined : edgesOf(asked, "", point);
  const offered = items.map((item) => ({ ...item, edges: byTool ? edgesOf(asked, item.tool, point) : edges }));
  const hidden = await listHops(pdp, { ...questionOf(asked), items: offered }, point.deadlineMs);
  return joinListFailures(hidden, point.pdp.failuresOf, point.deadlineMs / 2);
}

/**
 * Asks the policies about nobody, where it is not known about whom. To its caller such a call looks like one that they
 * deny, so that it must look like that while they cannot be asked, too: else an outage would show which users there are.
 *
 * @returns the outage, else what the call is refused for
 */
export async function orOutage(
  refusal: HopwiseError,
  invocation: string,
  point: EnforcementPoint,
  watch: StageWatch,
): Promise<HopwiseError> {
  const question = { ...NOBODY, invocation, chainId: undefined };
  const answers = await checkHops(withHeaders(point.cerbos, watch.headers), question, point.deadlineMs);
  return combineVerdicts(answers, { notThere: refusal }) ?? refusal;
}

const NOBODY = {
  hops: [{ kind: "user" as const, id: "nobody" }],
  principals: [{ id: "nobody", roles: ["nobody"] }],
  resource: { kind: "nothing", id: "nothing" },
  action: "ask",
} satisfies Omit<Parameters<typeof checkHops>[1], "invocation" | "chainId">;

function questionOf({ caller, known: { hops, principals, auxData }, invocation }: AskedChain) {
  return { hops, principals, auxData, invocation, chainId: caller.chain?.id };
}

/** The same of a call, with each handing over. */
function callQuestionOf(asked: AskedCall, point: EnforcementPoint) {
  const edges = edgesOf(asked, asked.tool, point);
  return { ...questionOf(asked), ...(edges && { edges }) };
}

/**
 * Each handing over as a question: may hop i give this to hop i + 1? Who hands over every tool is asked about the one that is
 * called; about none where that is no tool but a list.
 */
function edgesOf(
  { caller: { chain, audience }, known: { hops } }: AskedChain,
  tool: string,
  { delegation, nowSeconds }: EnforcementPoint,
): readonly (Edge | undefined)[] | undefined {
  if (delegation === "grants-only") return undefined;
  const { kind, action } = delegation;
  // Whole, so that what several calls ask within a second is the same.
  const now = Math.floor(nowSeconds());
  return (chain?.links ?? []).map((link, i) => {
    const everyTool = handsEveryTool(link.grant);
    if (everyTool && isListing(tool)) return undefined;
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
          everyTool,
          actions: everyTool ? [toolIdOf(tool, audience, chain?.rootAudience ?? [])] : Object.keys(link.grant),
        },
      },
    };
  });
}
