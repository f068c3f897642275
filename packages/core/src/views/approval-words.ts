import type { ApprovedCall } from "../audit/index.ts";
import type { WaitingApproval } from "../decision/index.ts";
import { isoOf } from "../lib/index.ts";

/** What a call waits for, and who approved it, in words for people: a line each. */
export function approvalWords(decision: {
  readonly approval?: WaitingApproval;
  readonly approved?: ApprovedCall;
}): readonly string[] {
  const { approval, approved } = decision;
  return [
    ...(approval === undefined ? [] : [waits(approval)]),
    ...(approved === undefined ? [] : [`approved by ${namesIn(approved)} (request ${approved.request})`]),
  ];
}

function waits({ request, reason, approvers, untilSeconds }: WaitingApproval): string {
  const people = approvers === 1 ? "a person" : `${approvers} people`;
  return `waits for ${people} until ${isoOf(untilSeconds)}: "${reason}" (request ${request})`;
}

function namesIn({ by }: ApprovedCall): string {
  return by
    .map(
      ({ approver, answeredAtSeconds }) => `${approver.subject} of ${approver.issuer} at ${isoOf(answeredAtSeconds)}`,
    )
    .join(", ");
}
