/** What each driver keeps at most: the same in all of them, so that a program on another store meets no other bounds. */
export const STORE_LIMITS: {
  /** Requests for approvals that wait. */
  readonly requests: number;
  /** Answers to one request. */
  readonly answers: number;
  /** Counters of one account: it is that of one user, who must not take the room of all. */
  readonly counters: number;
} = { requests: 100_000, answers: 64, counters: 10_000 };
