import type { ApprovalAnswer, Subject } from "../../token/index.ts";
import type { AskedApproval } from "./kept-request.ts";

/** One answer that counts. */
export interface CountedAnswer {
  readonly answer: ApprovalAnswer;
  readonly approver: Subject;
  /** Seconds since the epoch. */
  readonly answeredAtSeconds: number;
}

/** A request for an approval, as people are shown it. */
export interface ShownApproval extends AskedApproval {
  /**
   * `waiting` for answers; `approved`, and its call may be made; `denied` by somebody; `used` by its one call. One that
   * lapsed is not shown.
   */
  readonly state: "waiting" | "approved" | "denied" | "used";
  readonly answers: readonly CountedAnswer[];
}
