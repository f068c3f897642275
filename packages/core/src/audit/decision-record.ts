import { rowOf, type Stage } from "../codes.ts";
import { sha256 } from "../crypto/index.ts";
import type { Allowed, Decision, Denied, Shadowed } from "../decision/index.ts";
import type { AppliedCondition } from "../filter/index.ts";
import { describeArguments, type Grant, type ToolGrant } from "../grant/index.ts";
import { canonicalJson, type JsonObject } from "../json/index.ts";
import { defined, plainText } from "../lib/index.ts";
import type { Chain } from "../token/index.ts";
import type {
  ApprovedCall,
  DecisionRecord,
  HiddenItems,
  OtherRequest,
  TokenRecord,
  UnverifiedAttempt,
} from "./record.ts";

/** The call's own part of a record, beside the decision. */
export interface RecordedCall {
  /** The tool's name as it came. */
  readonly tool: string;
  readonly audience: string;
  /** As the tokens of the chain have it: a tool of another enforcement point may have the same name. */
  readonly toolId: string;
  readonly via: DecisionRecord["via"];
  readonly chain: Chain | undefined;
  readonly received: JsonObject;
  readonly parsed: JsonObject | undefined;
  /** Names of the arguments that the record keeps as values; of the others it keeps the hash alone. */
  readonly kept: readonly string[];
  readonly shown: DecisionRecord["shown"] | undefined;
  readonly applied?: AppliedCondition | undefined;
  readonly hidden: readonly HiddenOne[];
  readonly pdpVersion: string | undefined;
  readonly approved?: ApprovedCall | undefined;
  readonly other?: OtherRequest | undefined;
}

/** One item of a list that was not shown. */
export type HiddenOne = Omit<HiddenItems, "stage" | "items"> & { readonly name: string };

/** The record of a decision about a caller who proved to be the holder, or the user. */
export async function decisionRecord(decision: Decision, call: RecordedCall): Promise<DecisionRecord> {
  const { received, parsed, kept, pdpVersion } = call;
  const { invocation, time, tool, outcome, verdicts, timings, chain, asked, context } = decision;
  return {
    version: 1,
    kind: "decision",
    invocation,
    time,
    audience: call.audience,
    via: call.via,
    tokens: call.chain === undefined ? [] : tokenRecords(call.chain, call.toolId),
    tool,
    argumentsHash: {
      received: await sha256(canonicalJson(received)),
      ...(parsed !== undefined && parsed !== received && { parsed: await sha256(canonicalJson(parsed)) }),
    },
    outcome,
    verdicts,
    timings,
    ...defined({ chain, asked, context, shown: call.shown, rows: call.applied }),
    ...(call.hidden.length > 0 && { hidden: hiddenItems(call.hidden) }),
    ...(kept.length > 0 && keptOf(kept, parsed ?? received)),
    ...(decision.outcome === "denied" && refusalIn(decision)),
    ...(decision.outcome === "pending" && { approval: decision.approval, ...defined({ other: call.other }) }),
    ...(decision.outcome === "allowed" &&
      defined({ obligations: decision.obligations, left: decision.left, approved: call.approved })),
    ...(decision.outcome === "allowed" && defined({ enforced: decision.enforced, shadow: decision.shadow })),
    ...(pdpVersion !== undefined && verdicts.length > 0 && { pdp: { version: pdpVersion } }),
  };
}

/** Why the call was denied, without the nonce, which is for the next proof's maker alone. */
function refusalIn(denied: Denied): Partial<DecisionRecord> {
  const { code, stage, message, hop, reason, pointer, rule, wouldPass } = denied;
  return { code, stage, message, ...defined({ hop, reason, pointer, rule, wouldPass }) };
}

/** The part of a denial that is counted where its caller is unknown; or of a call that shadow mode let run. */
export function unverifiedAttempt(
  decision: Denied | Allowed,
  audience: string,
  chain: Chain | undefined,
): UnverifiedAttempt {
  const { invocation, time, tool } = decision;
  const isLet = decision.outcome === "allowed";
  const { code, message, hop, pointer, rule } = isLet ? (decision.shadow as Shadowed) : decision;
  return {
    invocation,
    time,
    audience,
    tool,
    code,
    message,
    ...defined({ hop, pointer, rule, chainId: chain?.id }),
    ...(isLet && { enforced: false, ...defined({ chain: decision.chain }) }),
  };
}

/** A server may list thousands of items, and each list is a record. */
const MOST_HIDDEN = 100;
const LONGEST_NAME = 200;

/** By reason, in the order in which the reasons came up. */
function hiddenItems(hidden: readonly HiddenOne[]): readonly HiddenItems[] {
  const groups = new Map<string, Omit<HiddenItems, "items"> & { readonly items: string[] }>();
  const told = new Set<number | undefined>();
  for (const { name, code, hop, enforced, asked, roles, failures } of hidden.slice(0, MOST_HIDDEN)) {
    const key = JSON.stringify([code, hop, enforced, asked]);
    let group = groups.get(key);
    if (group === undefined) {
      // The roles of a hop once: there may be hundreds, and a group for each kind.
      const own = told.has(hop) ? undefined : roles;
      if (own !== undefined) told.add(hop);
      const why = {
        code,
        stage: rowOf(code).stage as Stage,
        ...defined({ hop, enforced, asked, roles: own, failures }),
      };
      group = { ...why, items: [] };
      groups.set(key, group);
    }
    group.items.push(plainText(name.slice(0, LONGEST_NAME)));
  }
  return [...groups.values()];
}

function tokenRecords({ links, login }: Chain, id: string): readonly TokenRecord[] {
  const handed = (grant: Grant): string | undefined =>
    Object.hasOwn(grant, id) ? wordsOf(grant[id] as ToolGrant) : undefined;
  return links.map(({ hash, jti, agent, key, issuedAt, expiresAt, grant }, i) => ({
    hash,
    jti,
    agent,
    key,
    issuedAt,
    expiresAt,
    tools: Object.keys(grant),
    ...defined({ handed: handed(grant) }),
    ...(i === 0 && login !== undefined && { login }),
  }));
}

/** What was handed over of a tool, in words. Those of a chain are the same at each call. */
const WORDS = new WeakMap<ToolGrant, string>();

function wordsOf(constraints: ToolGrant): string {
  const known = WORDS.get(constraints) ?? plainText(describeArguments(constraints));
  WORDS.set(constraints, known);
  return known;
}

/** In characters of JSON. A sink refuses a record that is far longer, and who makes the call would choose to be on none. */
const MOST_KEPT = 1024 * 1024;

/** The arguments that the tool map says to keep, and the names of those that have no room: the hash tells of these, too. */
function keptOf(names: readonly string[], args: JsonObject): Pick<DecisionRecord, "arguments" | "argumentsTooLong"> {
  const tooLong: string[] = [];
  let room = MOST_KEPT;
  const kept = Object.entries(args).filter(([name, value]) => {
    if (!names.includes(name)) return false;
    const size = JSON.stringify(value).length;
    const fits = size <= room;
    if (fits) room -= size;
    else tooLong.push(name);
    return fits;
  });
  return { arguments: Object.fromEntries(kept), ...(tooLong.length > 0 && { argumentsTooLong: tooLong }) };
}
