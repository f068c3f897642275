import type { Awaitable, Health } from "../lib/index.ts";
import type { ApprovalStore } from "./approvals.ts";
import type { ReplayStore } from "./replay.ts";
import type { RevocationLog } from "./revocation-log.ts";
import type { SpendingStore } from "./spending.ts";

/**
 * What keeps everything that several processes must remember together: memory, SQLite, Redis. A driver only stores, each
 * step atomically; what it means that something was revoked, spent or approved is decided in the core. `openedState` makes a
 * {@link State} of it, and `stateContract` of `@hopwise/core/state-contract` holds it against all that is promised here.
 *
 * Every function throws {@link HopwiseError} `state_unavailable` where it cannot tell, with words that say why: the store
 * is down, full, read-only, locked, has another clock. Nothing that it stores is a token or a proof, and everything ends,
 * but for revocations without an end.
 *
 * **Epoch.** A store may lose what it knew: it was flushed, restored, or failed over to a replica that lacked the last
 * entries. Then a new epoch begins for proofs, spending and approvals: their `notBefore` is the time since which nothing
 * was lost. By the time at which a step has answered, `notBefore` is that of the epoch in which it was done.
 */
export interface StateDriver {
  /** For messages, such as `Redis at 127.0.0.1:6379`. Never with a password. */
  readonly name: string;
  readonly replay: ReplayStore;
  readonly spending: SpendingStore;
  readonly approvals: ApprovalStore;
  readonly revocations: RevocationLog;
  /**
   * Whether it could do its work just now: asks the store. Never throws.
   *
   * @param nowSeconds the clock of the caller, in seconds since the epoch. A store whose own clock is more than 5 seconds from it
   *   refuses all that this caller asks, and so is not well for it. Left out: clocks are not compared
   */
  health(nowSeconds?: number): Awaitable<Health>;
  /** Ends timers and what the driver opened itself; never a client that was passed in. Steps refuse afterwards. Twice is as good as once. */
  close(): Awaitable<void>;
}
