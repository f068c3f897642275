import type { Attributes } from "@opentelemetry/api";
import { type ErrorCode, rowOf } from "../codes.ts";
import type { Decision, HopVerdict } from "../decision/index.ts";
import type { EndOfCall, WatchedCall } from "../telemetry/index.ts";

/*
 * Every value that leaves by telemetry is named here, member by member. These never leave: tokens, keys, arguments, and
 * texts that may quote one (messages, reasons, rules, pointers, ids and scopes of resources).
 */

const MCP = "mcp:";

/** The subject of a call, in the words of the conventions; empty where the name is a stranger's text. */
export function subjectOf(tool: string, named: boolean): Attributes {
  if (!named) return {};
  if (tool.startsWith(MCP)) return { "mcp.method.name": tool.slice(MCP.length) };
  return { "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": tool };
}

/** A span's name has to be one of few. */
export function spanName(tool: string, named: boolean): string {
  return named ? `authorize ${tool.startsWith(MCP) ? tool.slice(MCP.length) : tool}` : "authorize";
}

export function callAttributes({ invocation, tool, named, via }: WatchedCall): Attributes {
  return { "hopwise.invocation": invocation, "hopwise.via": via, ...subjectOf(tool, named) };
}

/**
 * A name that the tool map lacks still counts as known once policies were asked about it: a grant or `"*"` covers it.
 */
export function isNamed({ named }: Pick<WatchedCall, "named">, { asked }: Decision): boolean {
  return named || asked !== undefined;
}

export function endAttributes(call: WatchedCall, { decision, verified, shown }: EndOfCall): Attributes {
  const { chain, asked } = decision;
  const denied = decision.outcome === "denied" ? decision : undefined;
  const { enforced, shadow } = decision.outcome === "allowed" ? decision : {};
  const agent = chain?.hops.at(-1);
  return {
    ...subjectOf(decision.tool, isNamed(call, decision)),
    "hopwise.outcome": decision.outcome,
    "hopwise.verified": verified,
    "hopwise.chain.id": chain?.id,
    "hopwise.chain.depth": chain && chain.hops.length - 1,
    "hopwise.user.id": chain?.hops[0]?.id,
    "gen_ai.agent.name": agent?.kind === "agent" ? agent.id.slice(agent.id.indexOf(":") + 1) : undefined,
    "hopwise.code": denied?.code,
    "hopwise.stage": denied?.stage,
    "hopwise.hop": denied?.hop,
    "hopwise.enforced": enforced,
    "hopwise.shadow.code": shadow?.code,
    "hopwise.shadow.stage": shadow?.stage,
    "hopwise.shadow.hop": shadow?.hop,
    "hopwise.policy.kind": asked?.kind,
    "hopwise.policy.action": asked?.action,
    "hopwise.list.items": shown?.of,
    "hopwise.list.shown": shown?.items,
    ...errorType(denied?.code),
  };
}

export function hopAttributes({
  effect,
  delegation,
  policy,
  cerbosCallId,
  cerbosPositions,
  unavailable,
  refused,
}: HopVerdict): Attributes {
  const failed = effect === "error" || delegation === "error";
  return {
    "hopwise.effect": effect,
    "hopwise.delegation": delegation,
    "hopwise.policy": policy,
    "hopwise.cerbos_call_id": cerbosCallId,
    "hopwise.cerbos_positions": cerbosPositions,
    ...(failed &&
      errorType(unavailable ? "policy_unavailable" : refused ? "policy_request_refused" : "policy_inconclusive")),
  };
}

/** A denial is a good answer, not an error; only a fault that prevented a good answer is an error. */
export function errorType(code: ErrorCode | undefined): Attributes {
  return code !== undefined && rowOf(code).fault === true ? { "error.type": code } : {};
}
