import { HopwiseError } from "../../errors.ts";
import { allOf, foldGrant, type Row, type RowExpression, wordOf } from "../../filter/index.ts";
import {
  type Constraint,
  couldPermit,
  type Grant,
  handsEveryTool,
  isNoArguments,
  newWork,
  passes,
  type ReadArguments,
  refusalOfRead,
  refusalOfSent,
  type ToolGrant,
  toolGrantOf,
  type Uncovered,
  type Work,
  words,
} from "../../grant/index.ts";
import type { JsonObject } from "../../json/index.ts";
import { plainText } from "../../lib/index.ts";
import { type ConfirmedAgents, hopWithoutTool } from "../../principal/index.ts";
import { type FilterRule, isNamed, type ToolEntry, type ToolMap } from "../../resource/index.ts";
import { budgetAmount, budgetBounds } from "../../state/index.ts";
import { type Link, toolIdOf } from "../../token/index.ts";
import type { HiddenItem, Listed } from "../call.ts";
import type { EnforcementPoint } from "../options.ts";
import type { OpenedChain } from "./token.ts";

type Tools = Pick<EnforcementPoint, "tools">;

/** A caller, as far as the way has come: whose chain verified and was presented, by agents that the registry knows. */
export interface KnownCaller {
  readonly caller: OpenedChain;
  readonly agents: ConfirmedAgents;
}

/**
 * Every token's grant covers what was sent, and the agent registry lets every agent take part in the tool. What is missing
 * may still come of the tool's own schema: see {@link coverRead}.
 *
 * @returns the refusal: `agent_tool_refused`, `grant_tool_missing` or `grant_argument_refused`, with the first hop that
 *   was not given this
 */
export function refuseSent(
  holder: KnownCaller,
  tool: string,
  sent: JsonObject,
  point: Tools,
): HopwiseError | undefined {
  const ask = (grant: Grant, id: string, work: Work) => refusalOfSent(grant, id, sent, work);
  return refuseWithout(holder.agents, tool) ?? firstRefusal(holder, tool, point, ask);
}

/**
 * Every token's grant covers the arguments as the tool's own schema read them. Where none follows, presence alone is left
 * to be told. Of a tool that gives rows, what a grant says of rows is left for these.
 *
 * @returns what the grants say of rows, which is nothing for other tools; or the refusal: `grant_argument_refused`,
 *   `grant_argument_missing`, `grant_not_of_rows`
 */
export function coverRead(
  holder: KnownCaller,
  tool: string,
  args: ReadArguments,
  { filter }: ToolEntry,
  point: Tools,
): RowExpression | boolean | HopwiseError {
  const isOfRows = (name: string): boolean => typeof wordOf(filter?.arguments ?? {}, name) === "string";
  const read = { ...args, isOfRows };
  const refused = firstRefusal(holder, tool, point, (grant, id, work) => refusalOfRead(grant, id, read, work));
  if (refused === undefined) checkCounted(holder, tool, args.parsed ?? args.sent);
  return refused ?? (filter === undefined ? true : rowsGranted(holder, tool, filter, point));
}

/** What a budget adds up can be added up. @throws {HopwiseError} `grant_argument_missing`, `grant_argument_refused` */
function checkCounted({ caller: { chain, audience } }: KnownCaller, tool: string, args: JsonObject): void {
  if (chain === undefined) return;
  for (const bound of budgetBounds(chain, { tool, audience })) budgetAmount(bound, args);
}

/** What every token hands over of a tool, in the same order as the tokens. */
function grantsOf({ caller: { chain, audience } }: KnownCaller, tool: string, { tools }: Tools): readonly ToolGrant[] {
  if (chain === undefined) return [];
  const id = toolIdOf(tool, audience, chain.rootAudience);
  return chain.links.map(({ grant }) => toolGrantOf(grantHere(grant, tool, tools), id) ?? {});
}

/**
 * What every token says of the rows that a tool gives.
 *
 * @returns the condition; or the refusal, `grant_not_of_rows`, of a token that says something which is none of a row
 */
function rowsGranted(
  holder: KnownCaller,
  tool: string,
  { arguments: ofRows = {} }: FilterRule,
  point: Tools,
): RowExpression | boolean | HopwiseError {
  const parts: (RowExpression | boolean)[] = [];
  for (const [i, constraints] of grantsOf(holder, tool, point).entries()) {
    const folded = foldGrant(constraints, ofRows);
    if ("rows" in folded) {
      parts.push(folded.rows);
      continue;
    }
    const { pointer, rule } = folded;
    const message = `what was handed to hop ${i + 1} cannot be held against rows: ${rule}`;
    return new HopwiseError("grant_not_of_rows", message, { hop: i + 1, pointer, rule });
  }
  return allOf(parts);
}

/** Whether every token's constraints let a row pass, as they would the arguments that it stands for. */
export function isRowGranted(
  holder: KnownCaller,
  tool: string,
  { arguments: ofRows = {} }: FilterRule,
  point: Tools,
): (row: Row) => boolean {
  const grants = grantsOf(holder, tool, point);
  return ({ id, attributes }) => {
    const work = newWork();
    return grants.every((constraints) =>
      Object.entries(constraints).every(([name, constraint]) => {
        const word = wordOf(ofRows, name);
        if (word === undefined || word === null || isNoArguments(name, constraint)) return true;
        const attribute = word.slice("R.attr.".length);
        const value = word === "R.id" ? id : Object.hasOwn(attributes, attribute) ? attributes[attribute] : undefined;
        return value !== undefined && passes(constraint, value, work);
      }),
    );
  };
}

/** What the first token says that does not cover the call. */
function firstRefusal(
  { caller: { chain, audience } }: KnownCaller,
  tool: string,
  { tools }: Tools,
  ask: (grant: Grant, id: string, work: Work) => Uncovered | undefined,
): HopwiseError | undefined {
  if (chain === undefined) return undefined;
  const id = toolIdOf(tool, audience, chain.rootAudience);
  // One budget for all tokens of a call.
  const work = newWork();
  const of = ({ grant }: Link): Uncovered | undefined => ask(grantHere(grant, tool, tools), id, work);
  for (const [i, link] of chain.links.entries()) {
    const refused = of(link);
    if (refused === undefined) continue;
    const { code, pointer, rule } = refused;
    const { agent } = link;
    const expected = acceptedBelow(refused, chain.links.slice(i + 1).map(of));
    const how = code === "grant_tool_missing" ? (handedOverAs.get(tool) ?? "") : "";
    return new HopwiseError(code, `what was handed to "${agent}" does not cover this call: ${rule}${how}`, {
      hop: i + 1,
      pointer,
      rule,
      // Every grant before this one covered the call.
      wouldPass: { grantableBy: i, ...(expected !== undefined && { accepts: plainText(words(expected)) }) },
    });
  }
  return undefined;
}

/** What is no tool is seldom handed over by the right name: a grant of its own URI or name is one of a tool. */
const handedOverAs: ReadonlyMap<string, string> = new Map([
  ["mcp:resources/read", '; a grant hands a resource over as "mcp:resources/read": { uri: … }'],
  ["mcp:prompts/get", '; a grant hands a prompt over as "mcp:prompts/get": { name: … }'],
]);

/**
 * What all tokens would let pass there: what the last one says that refuses it, too, since each is narrower than the one
 * before. Nothing where one of them has not got the tool.
 */
function acceptedBelow(
  { pointer, expected }: Uncovered,
  below: readonly (Uncovered | undefined)[],
): Constraint | undefined {
  if (below.some((refused) => refused?.code === "grant_tool_missing")) return undefined;
  return below.findLast((refused) => refused?.pointer === pointer)?.expected ?? expected;
}

/** The agent registry lets every agent take part in the tool. @returns the refusal, `agent_tool_refused` */
export function refuseWithout({ agents }: ConfirmedAgents, tool: string): HopwiseError | undefined {
  const hop = hopWithoutTool(agents, tool);
  if (hop === undefined) return undefined;
  const rule = "the agent registry does not let this agent use the tool";
  return new HopwiseError("agent_tool_refused", rule, { hop, rule });
}

/** What hides an item from an agent whom the registry does not let take part in its tool. */
export function hiddenByAgents({ agents }: ConfirmedAgents, tool: string): HiddenItem | undefined {
  const hop = hopWithoutTool(agents, tool);
  return hop === undefined ? undefined : { code: "agent_tool_refused", hop };
}

/**
 * Whether some call of an item of a list could be covered, by every token and for every agent.
 *
 * @returns what hides it: the first hop without it; undefined where it could be covered
 */
export function hiddenByGrant(
  { caller: { chain, audience }, agents: confirmed }: KnownCaller,
  { tool, arguments: known = {} }: Listed,
  { tools }: Tools,
): HiddenItem | undefined {
  if (chain === undefined) return undefined;
  const without = hiddenByAgents(confirmed, tool);
  if (without !== undefined) return without;
  const id = toolIdOf(tool, audience, chain.rootAudience);
  const link = chain.links.findIndex(({ grant }) => !couldPermit(grantHere(grant, tool, tools), id, known));
  if (link < 0) return undefined;
  const named = toolGrantOf(grantHere(chain.links[link]?.grant ?? {}, tool, tools), id) !== undefined;
  return { code: named ? "grant_argument_refused" : "grant_tool_missing", hop: link + 1 };
}

/**
 * A grant as this enforcement point reads it for a tool: "every tool" means those that the tool map names one by one. What
 * only its `"*"` stands for was named by nobody, neither here nor in the grant.
 */
function grantHere(grant: Grant, tool: string, tools: ToolMap): Grant {
  return !handsEveryTool(grant) || isNamed(tools, tool) ? grant : {};
}
