import { failed } from "../../errors.ts";
import { type Awaitable, warner } from "../../lib/index.ts";
import { func, maybe, members, type Rows, type Shape, whole } from "../../options/index.ts";
import { APPROVERS, type Approver } from "../../token/index.ts";
import type { AuthorizerOptions } from "../options.ts";
import type { ShownApproval } from "./kept-request.ts";

/** How calls wait for a person. */
export interface ApprovalOptions {
  /** Those whose own keys may sign answers. Whether they may approve a call is for policies (kind `approval`). Default: nobody, so that only issuers with `approvals` in their anchor may. */
  readonly approvers?: readonly Approver[];
  /** For how long a request may be answered, and its approved call be made, in seconds. Default 3600. */
  readonly withinSeconds?: number;
  /** How many requests one chain may make in each span of `withinSeconds`; spans begin at fixed times, so that up to twice as many may wait across the edge of two. Default 20. One user may make 200 by all chains together, or as many as one chain where that is more. */
  readonly maxWaiting?: number;
  /**
   * Told of each new request once it is on record, to tell somebody. Nobody waits for it, and what it throws changes nothing: it is
   * not called again for that request, and `onWarning` is told that it failed.
   */
  readonly onRequest?: (request: ShownApproval) => unknown;
  /**
   * Told of each answer that this authorizer took, once it is kept, with the request as it is then: to wake the agent whose call may be
   * made, or to keep who said what. Nobody waits for it, and what it throws changes nothing, and is told as that of `onRequest`.
   */
  readonly onAnswer?: (request: ShownApproval) => unknown;
}

const ROWS: Rows<ApprovalOptions> = {
  approvers: maybe(APPROVERS),
  withinSeconds: maybe(whole({ min: 1, max: 30 * 86_400, example: 3600 })),
  maxWaiting: maybe(whole({ min: 1, max: 10_000, example: 20 })),
  onRequest: maybe(func("a function that tells somebody of a request")),
  onAnswer: maybe(func("a function that hears of an answer")),
};

export const APPROVALS: Shape = members(ROWS, "how calls wait for a person, such as { approvers }");

/** What tells people of a request, where there is such a thing. Never rejects. */
type Tell = (id: string, request: Awaitable<ShownApproval>) => Promise<void>;
type Told = { readonly [Name in "onRequest" | "onAnswer"]?: Tell };

/** The options, complete. */
export interface ApprovalRules extends Required<Omit<ApprovalOptions, keyof Told>>, Told {
  /** Says, once, that a call waits for more people than have a key here. */
  readonly warnOfTooFew: (needed: number) => void;
}

function tooFew(needed: number, known: number): string {
  const [waits, few] =
    known === 0
      ? ["an approval", "nobody who could give it"]
      : [`the approval of ${needed} people`, `${known} alone who could give it`];
  return `a call waits for ${waits}, and this authorizer knows ${few}: name people, each with a key, in approvals.approvers, or say approvals: true in a trust anchor`;
}

/** Two keys of one person are one person; who has none signs nothing. */
function peopleIn(approvers: readonly Approver[]): number {
  const signing = approvers.filter(({ keys }) => keys.length > 0);
  return new Set(signing.map(({ issuer, subject }) => JSON.stringify([issuer, subject]))).size;
}

export function approvalRules({
  approvals: { onRequest, onAnswer, ...approvals } = {},
  onWarning,
}: Pick<AuthorizerOptions, "approvals" | "onWarning">): ApprovalRules {
  const warn = warner(onWarning);
  const known = peopleIn(approvals.approvers ?? []);
  let isSaid = false;
  return {
    approvers: [],
    withinSeconds: 3600,
    maxWaiting: 20,
    ...approvals,
    ...(onRequest !== undefined && { onRequest: heard("onRequest", onRequest, warn) }),
    ...(onAnswer !== undefined && { onAnswer: heard("onAnswer", onAnswer, warn) }),
    warnOfTooFew: (needed) => {
      if (isSaid || needed <= known) return;
      isSaid = true;
      warn(tooFew(needed, known));
    },
  };
}

/** The same function, of which an operator hears where it fails: else a call would wait of which nobody knows. */
function heard(name: keyof Told, tell: (request: ShownApproval) => unknown, warn: (text: string) => void): Tell {
  const what = name === "onRequest" ? "the request" : "an answer to the request";
  return async (id, request) => {
    try {
      await tell(await request);
    } catch (cause) {
      const why = failed(`approvals.${name}`, cause);
      const text = `it is not sure that anybody was told of ${what} ${id} for an approval: ${why}; it is not told again, and approvals.list() has it`;
      warn(text);
    }
  };
}
