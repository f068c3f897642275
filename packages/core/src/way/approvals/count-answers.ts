import { rowOf } from "../../codes.ts";
import { HopwiseError, isRefusal } from "../../errors.ts";
import { secondsBy } from "../../options/index.ts";
import { verifyApproval } from "../../token/index.ts";
import type { EnforcementPoint } from "../options.ts";
import type { AskedApproval } from "./kept-request.ts";
import { approvingPerson } from "./may-approve.ts";
import type { CountedAnswer } from "./shown-approval.ts";

/**
 * Those answers to a request that count now: signed by somebody who may approve it by the policies as they are, of just
 * this request. One yes for each person, and every no. Anything else in the store counts for nothing.
 *
 * @throws {HopwiseError} where it cannot be told just now
 */
export async function countAnswers(
  asked: AskedApproval,
  answers: readonly string[],
  point: EnforcementPoint,
): Promise<readonly CountedAnswer[]> {
  const counted = await Promise.all(answers.map((text) => readAnswer(text, asked, point)));
  const people = new Set<string>();
  return counted.flatMap((one) => {
    if (one === undefined) return [];
    const { person, ...answer } = one;
    const key = JSON.stringify([person, answer.answer]);
    if (people.has(key)) return [];
    people.add(key);
    return [answer];
  });
}

async function readAnswer(
  text: string,
  asked: AskedApproval,
  point: EnforcementPoint,
): Promise<(CountedAnswer & { readonly person: string }) | undefined> {
  const { trust, limits, deadlineMs, approvalRules } = point;
  const reading = { trust, limits, deadlineMs, nowSeconds: secondsBy(point.clock), approvers: approvalRules.approvers };
  const verified = await verifyApproval(text, { ...reading, request: asked.request }).catch(orUntold);
  if (isRefusal(verified)) return undefined;
  const { answer, approver, issuedAt } = verified;
  const person = await approvingPerson(verified, asked, point).catch(orUntold);
  return isRefusal(person) ? undefined : { person, answer, approver, answeredAtSeconds: issuedAt };
}

/** A refusal is an answer; what could not be asked is none. */
function orUntold(error: unknown): HopwiseError {
  if (error instanceof HopwiseError && rowOf(error.code).fault !== true) return error;
  throw error;
}
