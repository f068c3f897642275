import type { Admission, Allowed, Denied, JsonObject, Outcome } from "@hopwise/core";
import { errorDenial, ownDenial, toolDenial } from "./denial.ts";
import { fulfilAnswer } from "./fulfil-answer.ts";
import type { Flight } from "./in-flight.ts";
import type { JsonRpcMessage } from "./jsonrpc.ts";
import type { ListRule } from "./operation.ts";

export interface AnswerRules {
  readonly isWrapped: (tool: string) => boolean;
  readonly report: (error: unknown) => void;
  /** Takes what came of an allowed call. */
  readonly came: (decision: Allowed, outcome: Outcome) => void;
}

/** What of a server's answer may reach the caller. */
export async function checkAnswer(
  message: JsonRpcMessage,
  flight: Flight,
  rules: AnswerRules,
): Promise<JsonRpcMessage> {
  const { isWrapped, report } = rules;
  const { operation, admission, decision } = flight;
  if (admission === undefined) return message;
  switch (operation.kind) {
    case "list":
      return message.result === undefined ? message : filterList(message, admission, operation.list, isWrapped);
    case "tool":
      if (decision === undefined) return undecided(message, flight, admission, report);
      // Written anew: the order of members would tell a denial of a tool that is there from one of a tool that is not.
      return decision.outcome === "allowed"
        ? allowed(message, flight, decision, rules)
        : denial(flight, decision as Denied);
    case "data":
      return allowed(message, flight, decision as Allowed, rules);
    default:
      return message;
  }
}

/** The answer of a call that was allowed: as it is, or as the policies oblige to change it. */
function allowed(message: JsonRpcMessage, flight: Flight, decision: Allowed, { came }: AnswerRules): JsonRpcMessage {
  const { obligations } = decision;
  const { result, error } = message;
  if (error !== undefined || result === undefined) {
    came(decision, { outcome: "failed" });
    // FastMCP answers an unknown URI with the list of all there are, and an error of a tool may quote what it read.
    const bare = obligations !== undefined || flight.operation.kind === "data";
    const words = flight.operation.kind === "data" ? "This could not be read." : "The tool failed.";
    return bare ? { jsonrpc: "2.0", id: flight.id, error: { code: error?.code ?? 0, message: words } } : message;
  }
  try {
    const shown = obligations && fulfilAnswer(result, obligations);
    const failed = result["isError"] === true;
    came(decision, failed ? { outcome: "failed" } : { outcome: "returned", result, redacted: shown?.redacted ?? [] });
    return shown === undefined ? message : { jsonrpc: "2.0", id: flight.id, result: shown.result };
  } catch {
    came(decision, { outcome: "returned", result, withheld: true });
    const { invocation, tool } = decision;
    const message = "the result is not such that it can be changed as the policies oblige to; it is withheld";
    const denied = ownDenial("policy_inconclusive", tool, { invocation, stage: "policy", message });
    return flight.operation.kind === "tool" ? denial(flight, denied) : errorDenial(flight.id, denied);
  }
}

/** To its caller a tool that is not there looks like one that the policy forbids. */
export function notThere({ admission, tool }: Flight): Denied {
  return ownDenial("policy_denied", String(tool), {
    stage: "policy",
    hop: 0,
    invocation: admission?.invocation ?? "",
  });
}

async function filterList(
  message: JsonRpcMessage,
  admission: Admission,
  list: ListRule,
  isWrapped: AnswerRules["isWrapped"],
): Promise<JsonRpcMessage> {
  const found = message.result?.[list.member];
  const items = (Array.isArray(found) ? (found as { readonly [key: string]: unknown }[]) : []).filter(
    ({ name }) => list.member !== "tools" || isWrapped(String(name)),
  );
  const answer = await admission.list(
    items.map((item) => list.offer(item) as { tool: string; arguments?: JsonObject }),
  );
  if (answer.outcome === "denied") return errorDenial(message.id as number, answer);
  return { ...message, result: { ...message.result, [list.member]: items.filter((_, i) => answer.shown[i] === true) } };
}

/**
 * A tool call was answered though nobody asked for its decision: its arguments do not fit the tool's schema, or the tool
 * is gone. What such an error says of a tool is for those who may see the tool.
 */
async function undecided(
  message: JsonRpcMessage,
  flight: Flight,
  admission: Admission,
  report: AnswerRules["report"],
): Promise<JsonRpcMessage> {
  const failed = message.error !== undefined || message.result?.["isError"] === true;
  if (!failed) report(new Error(`the tool "${flight.tool}" ran without a decision; its result is withheld`));
  const listing = await admission.list([{ tool: String(flight.tool) }]);
  if (failed && listing.outcome === "listed" && listing.shown[0] === true) return message;
  return denial(flight, listing.outcome === "denied" ? listing : notThere(flight));
}

function denial({ id }: Flight, denied: Denied): JsonRpcMessage {
  return { jsonrpc: "2.0", id, result: toolDenial(denied) };
}
