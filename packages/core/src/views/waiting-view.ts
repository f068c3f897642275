import type { Pending, WaitingApproval } from "../decision/index.ts";
import { mustBe, reading } from "../options/index.ts";

/**
 * What a model reads of a call that waits for people: what it waits for, and how to go on. It names no policy, rule or
 * identity; it quotes, as data, the policy's reason and the request's id, which by itself opens nothing.
 *
 * @throws {HopwiseError} `config_invalid` for what is no call that waits
 */
export function waitingView(pending: Pick<Pending, "approval">): string {
  return reading("waitingView", "pending", PENDING, pending, ({ approval }) => wordsFor(approval));
}

const PENDING = "a decision that waits for an approval";

function wordsFor(approval: WaitingApproval): string {
  const { request, reason, approvers, untilSeconds } = Object(approval) as WaitingApproval;
  if (typeof request !== "string")
    mustBe("waitingView", ["pending", "approval", "request"], "the id of a request", request);
  const people = approvers === 1 ? "A person has" : `${approvers} people have`;
  const until = new Date(untilSeconds * 1000).toISOString();
  return [
    `Waits for a person (approval_required). Nothing ran. ${people} to approve this call first, and the request was put before them.`,
    `Reason given: ${JSON.stringify(reason)}.`,
    `Go on with other work. Once it was approved, and before ${until}, make exactly the same call again, with the same arguments;`,
    `made earlier, it waits on. The request is ${JSON.stringify(request)}.`,
  ].join(" ");
}
