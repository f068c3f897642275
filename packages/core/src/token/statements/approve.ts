import { HopwiseError } from "../../errors.ts";
import { timeAway } from "../../lib/index.ts";
import { CLOCK, choice, maybe, members, millisecondsBy, optionsOf } from "../../options/index.ts";
import { ISSUER, KEY_ID, LIFETIME, SIGNER, SUBJECT } from "../claims/index.ts";
import type { Signer } from "../keys/index.ts";
import { type ApprovalRequest, hashOfRead, REQUEST } from "./approval-request.ts";
import { type IssuerName, signStatement } from "./statement.ts";

/** What an approver answers. */
export type ApprovalAnswer = "yes" | "no";

/** One answer to be signed. */
export interface ApprovalOrder {
  /** The approver's own key. Or the key of the issuer where the approver logged in; then say `as`. */
  readonly signer: Signer;
  /** The issuer that signs, and the user of it who answers. */
  readonly as?: IssuerName & { readonly subject: string };
  /** The request, as it was shown to who answers. */
  readonly request: ApprovalRequest;
  readonly answer: ApprovalAnswer;
  /** How long the answer may be used. Default: as long as the request allows. */
  readonly lifetimeSeconds?: number;
  /** The clock, in milliseconds since the epoch. */
  readonly clock?: () => number;
}

const readOrder = optionsOf<ApprovalOrder>("signApproval", {
  signer: SIGNER,
  as: maybe(
    members<NonNullable<ApprovalOrder["as"]>>(
      { issuer: ISSUER, kid: KEY_ID, subject: SUBJECT },
      "an issuer and its user, { issuer, kid, subject }",
    ),
  ),
  request: REQUEST,
  answer: choice("yes", "no"),
  lifetimeSeconds: maybe(LIFETIME),
  clock: maybe(CLOCK),
});

/**
 * Signs an answer to a request for an approval: of one call with just these arguments, attributes, user and agents.
 *
 * @throws {HopwiseError} `approval_refused` for a request that has run out; `config_invalid`, `signing_failed`
 */
export async function signApproval(given: ApprovalOrder): Promise<string> {
  const order = readOrder(given);
  const { request, answer, as, lifetimeSeconds, clock = Date.now } = order;
  const hash = await hashOfRead(request);
  const { audience, untilSeconds } = request;
  const nowMs = millisecondsBy(clock, "signApproval");
  const now = Math.floor(nowMs / 1000);
  const exp = lifetimeSeconds === undefined ? untilSeconds : Math.min(now + lifetimeSeconds, untilSeconds);
  if (exp <= now) {
    refuseApproval("/exp", `the request has run out${timeAway(untilSeconds - now)}; have the call asked about anew`);
  }
  const claims = { aud: audience, answer, exp, request: hash, ...(as !== undefined && { sub: as.subject }) };
  return signStatement("hw-approval+jwt", claims, order, nowMs);
}

export function refuseApproval(pointer: string, rule: string): never {
  throw new HopwiseError("approval_refused", `the approval is not acceptable: ${rule}`, { pointer, rule });
}
