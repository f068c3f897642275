import type { ApprovedCall, DecisionRecord, OtherRequest } from "../audit/index.ts";
import type { WaitingApproval } from "../decision/index.ts";
import { isoOf } from "../lib/index.ts";

/** What a call waits for, and who approved it, in words for people: a line each. */
export function approvalWords({
  approval,
  other,
  approved,
}: Pick<DecisionRecord, "approval" | "other" | "approved">): readonly string[] {
  return [
    ...(approval === undefined ? [] : [waits(approval)]),
    ...(other === undefined ? [] : [wasOfAnother(other)]),
    ...(approved === undefined ? [] : [`approved by ${namesIn(approved)} (request ${approved.request})`]),
  ];
}

function waits({ request, reason, approvers, untilSeconds }: WaitingApproval): string {
  const people = approvers === 1 ? "a person" : `${approvers} people`;
  return `waits for ${people} until ${isoOf(untilSeconds)}: "${reason}" (request ${request})`;
}

function wasOfAnother({ request, changed }: OtherRequest): string {
  const what = `its caller named request ${request}, and since that was made ${changed.join(", ")} changed`;
  // The same call as far as its caller goes: people would be asked again and again, whatever they say.
  const isOfRow = changed.every((pointer) => pointer === "/reason" || pointer.startsWith(ATTRIBUTES));
  return isOfRow && changed.some((pointer) => pointer.startsWith(ATTRIBUTES))
    ? `${what}; name the attributes that count in showToApprovers of the tool map, without those that change by themselves`
    : what;
}

const ATTRIBUTES = "/resource/attributes/";

function namesIn({ by }: ApprovedCall): string {
  return by
    .map(
      ({ approver, answeredAtSeconds }) => `${approver.subject} of ${approver.issuer} at ${isoOf(answeredAtSeconds)}`,
    )
    .join(", ");
}
