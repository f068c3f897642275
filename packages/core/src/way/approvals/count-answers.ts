import { rowOf } from "../../codes.ts";
import { type HopwiseError, isOwn, isRefusal } from "../../errors.ts";
import { verifyApproval } from "../../token/index.ts";
import type { EnforcementPoint } from "../options.ts";
import type { AskedApproval, CountedAnswer } from "./kept-request.ts";
import { approvingPerson } from "./may-approve.ts";

export interface Counted {
  readonly answers: readonly CountedAnswer[];
  /** Who said what of these: {@link saidBy}. */
  readonly said: ReadonlySet<string>;
  /** Why it cannot be told just now whether some other answer counts. */
  readonly untold: HopwiseError | undefined;
}

/**
 * Those answers to a request that count now: signed by somebody who may approve it by the policies as they are, of just
 * this request. One yes for each person, and every no. Anything else in the store counts for nothing.
 */
export async function countAnswers(
  asked: AskedApproval,
  answers: readonly string[],
  point: EnforcementPoint,
): Promise<Counted> {
  const read = await Promise.all(answers.map((text) => readAnswer(text, asked, point)));
  const said = new Set<string>();
  const counting = read.flatMap((one) => {
    if (one === undefined || isRefusal(one)) return [];
    const { person, ...answer } = one;
    const key = saidBy(person, answer.answer);
    if (said.has(key)) return [];
    said.add(key);
    return [answer];
  });
  return { answers: counting, said, untold: read.find((one) => isRefusal(one)) };
}

/** What a person said, as a key. */
export function saidBy(person: string, answer: string): string {
  return JSON.stringify([person, answer]);
}

/** @returns undefined for what counts for nothing; an error where that cannot be told */
async function readAnswer(
  text: string,
  asked: AskedApproval,
  point: EnforcementPoint,
): Promise<(CountedAnswer & { readonly person: string }) | HopwiseError | undefined> {
  const { trust, limits, deadlineMs, approvalRules } = point;
  const reading = { trust, limits, deadlineMs, nowSeconds: point.nowSeconds(), approvers: approvalRules.approvers };
  try {
    const verified = await verifyApproval(text, { ...reading, request: asked.request });
    const { answer, approver, issuedAt, signedBy } = verified;
    const person = await approvingPerson(verified, asked, point);
    return isRefusal(person) ? undefined : { person, answer, approver, answeredAtSeconds: issuedAt, key: signedBy };
  } catch (error) {
    if (!isOwn(error)) throw error;
    // A refusal is an answer; what could not be asked is none.
    return rowOf(error.code).fault === true ? error : undefined;
  }
}
