import type { Allowed, Decision } from "@hopwise/core";
import { type Admission, didNothing, type PointRefusal } from "@hopwise/core/adapter";
import { checkApplied, withheldBy } from "@hopwise/core/filter";
import {
  asksForProof,
  errorDenial,
  isUnserved,
  type JsonRpcMessage,
  META_LEFT,
  METHOD_NOT_FOUND,
  type NotRun,
  notRunOf,
  offerServed,
  refused,
  toolDenial,
} from "../protocol/index.ts";
import { filterList } from "./filter-list.ts";
import type { Flight } from "./flights.ts";
import { fulfilAnswer } from "./fulfil-answer.ts";
import { GUARD_FAILED, type Guard } from "./guard.ts";
import { isBound } from "./is-bound.ts";

/** The parts of the guard that the check of an answer needs. */
export type AnswerRules = Pick<Guard, "tools" | "mayChange" | "report" | "reportOutcome">;

/** The part of a server's answer that may reach the caller. */
export async function checkAnswer(
  message: JsonRpcMessage,
  flight: Flight,
  rules: AnswerRules,
): Promise<JsonRpcMessage> {
  const { operation, admission, decision } = flight;
  if (operation.kind === "lifecycle") return offerServed(message, rules.tools.size > 0);
  if (admission === undefined || operation.kind === "unguarded" || operation.kind === "malformed") return message;
  if (operation.kind === "list") {
    if (message.result === undefined) return noList(message, flight, admission);
    return filterList(message, flight, admission, operation.list, rules);
  }
  if (decision !== undefined) return decided(message, flight, decision, rules);
  if (operation.kind === "data") throw new Error("the request was answered without a decision");
  // Before its decision came: a server that gave up on a slow tool, for example. The decision has its own record.
  if (flight.asked) return refusedAs(flight, { code: GUARD_FAILED.code, invocation: admission.invocation });
  return undecided(message, flight, operation.tool, admission, rules);
}

function decided(message: JsonRpcMessage, flight: Flight, decision: Decision, rules: AnswerRules): JsonRpcMessage {
  if (decision.outcome === "allowed") return allowed(message, flight, decision, rules);
  // Written anew: the order of members would tell a denied tool that exists from one that does not.
  return refusedAs(flight, notRunOf(decision, flight.page));
}

/** The answer of a call that was allowed: as it is, or as the policies oblige to change it. */
function allowed(
  message: JsonRpcMessage,
  flight: Flight,
  decision: Allowed,
  { report, reportOutcome }: AnswerRules,
): JsonRpcMessage {
  const { obligations, filter } = decision;
  const { result, error } = message;
  if (flight.ran.returned && hasFailed(message)) {
    report(new Error(NOT_SENT, { cause: new Error(ownError(message).words) }));
    reportOutcome(decision, { outcome: "returned", result: undefined, withheld: true });
    return refusedAs(flight, { code: filter?.fault?.told ?? "result_withheld", invocation: decision.invocation });
  }
  if (error !== undefined || result === undefined) {
    reportOutcome(decision, { outcome: "failed" });
    // FastMCP answers an unknown URI with the list of all URIs, and a tool's error may quote the data that it read.
    const isData = flight.operation.kind === "data";
    if (isData && isUnserved(message)) return unserved(flight, decision.invocation);
    const words = isData ? "This could not be read." : "The tool failed.";
    return isData || isBound(decision)
      ? { jsonrpc: "2.0", id: flight.id, error: { code: error?.code ?? 0, message: words } }
      : message;
  }
  const failed = result["isError"] === true;
  const told = failed ? filter?.fault?.told : undefined;
  if (told !== undefined) {
    reportOutcome(decision, { outcome: "failed" });
    return refusedAs(flight, { code: told, invocation: decision.invocation });
  }
  try {
    if (!failed) checkApplied(filter);
    const quotesRows = failed && filter !== undefined;
    const shown =
      obligations || quotesRows
        ? fulfilAnswer(result, obligations ?? NOTHING_OWED, flight.outputSchema, uriOf(flight))
        : undefined;
    reportOutcome(
      decision,
      failed ? { outcome: "failed" } : { outcome: "returned", result, redacted: shown?.redacted ?? [] },
    );
    // Where nothing happened all of it is given back, a moment later.
    const left = didNothing(decision) ? undefined : decision.left;
    if (shown === undefined && left === undefined) return message;
    const answer = shown?.result ?? result;
    const meta = left === undefined ? {} : { _meta: { ...(Object(answer["_meta"]) as object), [META_LEFT]: left } };
    return { jsonrpc: "2.0", id: flight.id, result: { ...answer, ...meta } };
  } catch (cause) {
    reportOutcome(decision, { outcome: "returned", result, withheld: true });
    return refusedAs(flight, { code: withheldBy(cause), invocation: decision.invocation });
  }
}

/** The server's own words say that the tool failed, by which its caller would call it again. */
const NOT_SENT =
  "a tool ran, and the server cannot send what it gave: it is no content of MCP, or not what the tool's output schema allows";

export function hasFailed({ error, result }: JsonRpcMessage): boolean {
  return error !== undefined || result?.["isError"] === true;
}

/** The resource that a request asks for. */
function uriOf({ operation }: Flight): string | undefined {
  return operation.kind === "data" ? (operation.arguments["uri"] as string | undefined) : undefined;
}

const NOTHING_OWED = { redact: [], limit: {} };

/** The server gave an error in the place of a list. No tool is listed by that, so its words go on to its caller. */
async function noList(message: JsonRpcMessage, flight: Flight, admission: Admission): Promise<JsonRpcMessage> {
  const why = isUnserved(message) ? "does not serve this list" : "answered a list with an error of its own";
  const { invocation } = await admission.refuse({ code: "server_refused", message: `the server ${why}` });
  return isUnserved(message) ? unserved(flight, invocation) : message;
}

/** A method that the server does not have, in the words of one that the guard does not let through. */
function unserved({ id, request: { method }, operation }: Flight, invocation: string): JsonRpcMessage {
  // FastMCP says the same of a prompt or a URI that it does not have, so these words must be true of both.
  const isOfOne = operation.kind === "data";
  const message = isOfOne ? `This server has nothing of this name for ${JSON.stringify(method)}.` : notServed(method);
  return refused(id, "method_unguarded", message, invocation);
}

export function notServed(method: string): string {
  return `This server does not serve ${JSON.stringify(method)}.`;
}

/**
 * The server answered a tool call without asking for its decision. Where its error describes the tool, only callers who
 * may see the tool get it.
 */
async function undecided(
  message: JsonRpcMessage,
  flight: Flight,
  tool: string,
  admission: Admission,
  { report, tools }: AnswerRules,
): Promise<JsonRpcMessage> {
  if (!hasFailed(message)) {
    const ran = `the tool ${JSON.stringify(tool)} ran without a decision; its result is withheld, and it is not called again`;
    // Which function a server runs shows only once it has run: it must not do so a second time.
    tools.distrust(tool);
    report(new Error(ran));
    const { invocation } = await admission.refuse({ code: "tool_unguarded", message: ran });
    // It ran: a model that reads "not allowed" may try again.
    return refusedAs(flight, { code: "result_withheld", invocation });
  }
  const strayed = strayedRefusal(flight, tool);
  if (strayed !== undefined) report(new Error(strayed.message));
  const own = strayed ?? ownRefusal(message, tool);
  const denied = await admission.refuse(own);
  // What was refused is the server's to say, but for a tool that is not there: that looks like any other.
  const told = denied.code === own.code && (own.code === "arguments_refused" || own.code === "server_refused");
  return told ? message : refusedAs(flight, denied);
}

/** The server has under this name what was wrapped under another, so that nothing ran. */
function strayedRefusal({ strayed }: Flight, tool: string): PointRefusal | undefined {
  if (strayed === undefined) return undefined;
  const [name, own] = [JSON.stringify(tool), JSON.stringify(strayed)];
  return {
    code: "tool_unguarded",
    message: `the server has under ${name} the function that wrap got as ${own}, so it did not run; wrap it under ${name}`,
  };
}

const INVALID_PARAMS = -32602;

/** Why a server answered by itself, as far as its error shows. */
function ownRefusal(message: JsonRpcMessage, tool: string): PointRefusal {
  const before = "before a decision was asked for";
  const { code, words } = ownError(message);
  // The MCP SDK has one code for a tool that is not there and for arguments that do not fit.
  const isGone = code === INVALID_PARAMS && [`Tool ${tool} not found`, `Tool ${tool} disabled`].includes(words);
  if (isGone || code === METHOD_NOT_FOUND) {
    return {
      code: "tool_not_served",
      message:
        "the server does not serve the tool to this caller: it was removed or switched off, its canAccess says no, or it can be called only as a task",
    };
  }
  if (code === INVALID_PARAMS) {
    return { code: "arguments_refused", message: `the tool's own schema refused the arguments ${before}` };
  }
  return { code: "server_refused", message: `the server answered with an error of its own ${before}` };
}

/** The error of a server. That of the MCP SDK gives its own as the result of the tool, as the text of an `McpError`. */
function ownError({ error, result }: JsonRpcMessage): { readonly code: number; readonly words: string } {
  const [first] = Array.isArray(result?.["content"]) ? result["content"] : [];
  const text = String(error?.message ?? Object(first).text);
  const [, code, words = text] = /^MCP error (-\d+): (.*)$/s.exec(text) ?? [];
  return { code: error?.code ?? Number(code), words };
}

/** A refusal as its caller gets it: that of a tool is the tool's result, which a model reads, and goes on. */
export function refusedAs({ id, operation }: Flight, notRun: NotRun): JsonRpcMessage {
  if (operation.kind !== "tool" || asksForProof(notRun)) return errorDenial(id, notRun);
  return { jsonrpc: "2.0", id, result: { ...toolDenial(notRun) } };
}
