import { type Awaitable, type Health, noteMadeHere, quietly, settleInTime, unwaited } from "../lib/index.ts";
import {
  ANY,
  answerOf,
  atLeast,
  besides,
  CLOCK,
  func,
  hasMethods,
  having,
  METHOD,
  maybe,
  number,
  optionsOf,
  type Rows,
  readerOf,
  type Shape,
  such,
  text,
} from "../options/index.ts";
import type { ApprovalStore } from "./approvals.ts";
import { askHealth } from "./ask-health.ts";
import { ANSWER_MS, behavedLog } from "./behaved-log.ts";
import type { StateDriver } from "./driver.ts";
import { type FollowedLog, followLog } from "./follow-log.ts";
import type { ReplayStore } from "./replay.ts";
import type { RevocationStore } from "./revocation.ts";
import { type Revocations, revocationsOn } from "./shared-revocations.ts";
import type { SpendingStore } from "./spending.ts";

/** The stores that an authorizer keeps between calls. */
export interface State {
  readonly replay: ReplayStore;
  readonly revocations: RevocationStore;
  /** Counts what chains with a budget spend, and rates. Left out: a chain with a budget is refused (`budget_unsupported`). */
  readonly spending?: SpendingStore;
  /** Keeps requests for approvals. Left out: a call that a person must approve is denied (`approval_required`). */
  readonly approvals?: ApprovalStore;
  /** Whether it could do its work just now, for a caller whose clock says so much. Left out: it always can. See {@link StateDriver}. */
  health?(nowSeconds?: number): Awaitable<Health>;
  /** Ends its timers and connections. */
  close?(): Awaitable<void>;
}

/** The state of a driver, whole. */
export interface SharedState extends Required<State> {
  readonly revocations: Revocations;
}

/** How a state is made of a driver. */
export interface StateOptions {
  /**
   * How old this process's knowledge of revocations may be, in seconds. Heads are then compared in the background, and no call
   * waits for it; where the last comparison is older, a call compares. Default: every call compares.
   */
  readonly maxStalenessSeconds?: number;
  /**
   * For how long a log of revocations that was made anew stays closed, in seconds: within it, every living process gives
   * back what the store lost. Longer than the processes need to notice, which is half a second. Default 2.
   */
  readonly repairSeconds?: number;
  /** The clock, in milliseconds since the epoch. */
  readonly clock?: () => number;
}

const KEEPER = "what keeps requests, with keep, find, latest, answer and list";
const COUNTER = "what counts, with reserve, settle and spent";

/** A state that a program put together of stores. */
export const STATE: Shape = besides<State>(
  such("a state, such as memoryState()", (value) => {
    const { replay, revocations } = Object(value) as Partial<State>;
    return hasMethods(replay, ["claim"]) && hasMethods(revocations, ["find"]);
  }),
  {
    replay: ANY,
    revocations: besides<Pick<RevocationStore, "health">>(ANY, { health: METHOD }),
    spending: maybe(having(COUNTER, "reserve", "settle", "spent")),
    approvals: maybe(having(KEEPER, "keep", "find", "latest", "answer", "list")),
    health: METHOD,
    close: METHOD,
  },
);

export const STATE_ROWS: Rows<StateOptions> = {
  maxStalenessSeconds: maybe(number({ min: 0.001, max: 3600, example: 5 })),
  repairSeconds: maybe(number({ min: 0, max: 3600, example: 2 })),
  clock: maybe(CLOCK),
};

const readOptions = optionsOf<StateOptions>("openedState", STATE_ROWS);
const readDriver = readerOf<StateDriver>(
  "openedState",
  atLeast<StateDriver>(
    {
      name: text("a name for messages, such as Redis at 127.0.0.1:6379"),
      replay: having("what keeps proofs, with claim", "claim"),
      spending: having(COUNTER, "reserve", "settle", "spent"),
      approvals: having(KEEPER, "keep", "find", "latest", "answer", "list"),
      revocations: having("a log, with head, read and append", "head", "read", "append"),
      health: func("a function that says how the store is"),
      close: func("a function that ends it"),
    },
    "a driver of a store, such as memoryDriver()",
  ),
);

const REPAIR_SECONDS = 2;
/** How often heads are compared where no call does it, in milliseconds. */
const COMPARE_MS = 500;

/** How often a state that is not open yet is looked at, in milliseconds, and how long beyond its repair. */
const LOOK_MS = 20;
const PATIENCE_MS = 500;

/**
 * Makes a {@link State} of what a driver keeps: follows the log of revocations, with a copy in memory. It is given once it is
 * open, so that the first call is not refused: a store that is used for the very first time is closed for `repairSeconds`. One
 * that does not answer is given as it is: it opens by itself.
 *
 * @throws {HopwiseError} `config_invalid`
 */
export async function openedState(driver: StateDriver, options: StateOptions = {}): Promise<SharedState> {
  readDriver(driver);
  const { clock = Date.now, repairSeconds = REPAIR_SECONDS, maxStalenessSeconds } = readOptions(options);
  const log = followLog(behavedLog(driver.revocations), { clock, repairSeconds, maxStalenessSeconds });
  const every = Math.min(COMPARE_MS, (maxStalenessSeconds ?? Number.POSITIVE_INFINITY) * 300);
  const timer = unwaited(setInterval(() => quietly(log.compare), every));
  await opened(log, repairSeconds);
  return assembled(driver, revocationsOn(log, clock), () => clearInterval(timer));
}

/** Waits until a log is open, or should be. */
async function opened(log: FollowedLog, repairSeconds: number): Promise<void> {
  const until = performance.now() + repairSeconds * 1000 + PATIENCE_MS;
  for (let leftMs = until - performance.now(); leftMs > 0; leftMs = until - performance.now()) {
    try {
      await settleInTime(leftMs, log.newest());
      return;
    } catch {
      await new Promise((done) => setTimeout(done, LOOK_MS));
    }
  }
}

/** The parts of a driver as one state. */
export function assembled<Kept extends Revocations>(
  driver: StateDriver,
  revocations: Kept,
  ended: () => void,
): SharedState & { readonly revocations: Kept } {
  const { replay, spending, approvals } = driver;
  const state: SharedState & { readonly revocations: Kept } = {
    replay,
    spending,
    approvals,
    revocations,
    health: async (nowSeconds) => {
      const own = await askHealth(driver.name, ANSWER_MS, () => driver.health(nowSeconds));
      // A store may be well while every call is refused: it was made anew, and its log of revocations is closed.
      return own.ok ? ((await revocations.health?.()) ?? own) : own;
    },
    close: async () => {
      ended();
      await answerOf(ANSWER_MS, "state_unavailable", `the end of ${driver.name}`, () => driver.close());
    },
  };
  // What takes and gives revocations goes below it, to its log; all else of it another copy can use.
  noteMadeHere(state);
  return state;
}
