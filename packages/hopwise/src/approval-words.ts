import { createHash } from "node:crypto";
import { canonicalJson, isoOf, type JsonObject, wholeText } from "@hopwise/core/adapter";
import type { ShownApproval } from "@hopwise/core/state";
import { oneLine } from "./terminal.ts";

/** Most of a resource's id that stands in a list: it may be a caller's own words, and must not push out what comes after it. */
const LONGEST_ID = 80;

/** One request in a line, for a list. */
export function requestLine(shown: ShownApproval): string {
  const { id, state, request, user } = shown;
  const { tool, resource, agents, reason, untilSeconds } = request;
  const who = [user, ...agents.map(({ name }) => name)].join(" → ");
  const what = resource.id.length > LONGEST_ID ? `${resource.id.slice(0, LONGEST_ID)}…` : resource.id;
  const line = oneLine(
    `${id}  ${state}, until ${isoOf(untilSeconds)}  ${tool} on ${resource.kind} ${JSON.stringify(what)} for ${who}: ${reason}`,
  );
  return withGapsWritten(line);
}

/**
 * Spaces enough end a line on the screen, and set what comes after them below the names that stand there: an argument could so show
 * a line of its own, with another amount. Two may stand in any text.
 */
function withGapsWritten(text: string): string {
  return text.replace(/ {3,}/g, (gap) => "\\u0020".repeat(gap.length));
}

/**
 * A request as who approves it must see it: whole. Each line is safe to print, whatever a caller wrote.
 *
 * @param before the request of the same call that was over when this one was asked for: who says yes must know that somebody said
 *   no, or that the call may have run
 */
export function requestLines(shown: ShownApproval, before?: ShownApproval): readonly string[] {
  const { id, state, request, user, arguments: args, answers, askedAtSeconds, invocation } = shown;
  const { resource, agents, approvers } = request;
  const isAll = isHashOf(request.argumentsHash.parsed, args);
  const lines: readonly (readonly [string, string])[] = [
    ["request", `${id}: ${state}`],
    ["why", request.reason],
    ["tool", `${request.tool} at ${request.audience}`],
    ["for", `${user} (${request.user.subject} of ${request.user.issuer})`],
    ["by", agents.map(({ name, key }) => `${name} (key ${key})`).join(" → ") || "the user alone"],
    ["on", `${resource.kind} ${JSON.stringify(resource.id)}`],
    ...membersOf(resource.attributes),
    ["arguments", isAll ? "these, and no others:" : "not all are shown; the approval is of all, by their hash:"],
    ...membersOf(args),
    ["asked", `${isoOf(askedAtSeconds)}, call ${invocation}`],
    ["until", isoOf(request.untilSeconds)],
    ["needs", `${approvers} ${approvers === 1 ? "person" : "people"}; ${yesIn(answers)} said yes`],
    ...answersOf(answers),
    ...(before === undefined ? [] : beforeOf(before)),
  ];
  return lines.map(([name, text]) => `${name.padEnd(11)}${withGapsWritten(wholeText(text))}`);
}

/** What became of a request by an answer. */
export function becameWords({ state, request, answers }: ShownApproval): string {
  const missing = request.approvers - yesIn(answers);
  if (state !== "waiting" || missing < 1) return `the request is ${state}`;
  return `the request waits for ${missing} more ${missing === 1 ? "person" : "people"}`;
}

function yesIn(answers: ShownApproval["answers"]): number {
  return answers.filter(({ answer }) => answer === "yes").length;
}

function answersOf(answers: ShownApproval["answers"]): readonly (readonly [string, string])[] {
  return answers.map(({ answer, approver, answeredAtSeconds }) => [
    "",
    `${answer} by ${approver.subject} of ${approver.issuer}, ${isoOf(answeredAtSeconds)}`,
  ]);
}

const BEFORE: Readonly<Record<ShownApproval["state"], string>> = {
  denied: "somebody said no to this same call",
  used: "this same call was approved and made: it may have run",
  approved: "this same call is approved already, and may run",
  waiting: "this same call waits already",
};

function beforeOf({ id, state, answers }: ShownApproval): readonly (readonly [string, string])[] {
  return [["before", `${BEFORE[state]} (request ${id})`], ...answersOf(answers)];
}

const INDENT = " ".repeat(14);

function membersOf(values: object): readonly (readonly [string, string])[] {
  return Object.entries(values).map(([name, value]) => [INDENT, `${name}: ${JSON.stringify(value)}`] as const);
}

/** Whether it is the SHA-256 of the canonical JSON of arguments, as a request has it. */
function isHashOf(hash: string, args: JsonObject): boolean {
  try {
    return createHash("sha256").update(canonicalJson(args)).digest("base64url") === hash;
  } catch {
    return false; // no call has arguments of which there is no such text
  }
}
