import { HopwiseError } from "@hopwise/core";
import { lockedTooLong } from "./faults.ts";
import type { Moment } from "./store.ts";

/**
 * Steps that write. Those that come in one turn, or wait for the lock, are done together: in one transaction, with one wait for the
 * disk.
 */
export interface WriteQueue {
  /** Whether any step waits. */
  readonly isWaiting: boolean;
  add<T>(work: (at: Moment) => T, onDisk: boolean): Promise<T>;
  /** Does at once what waits, unless another process holds the lock: for the last moment before the file is closed. */
  finish(): void;
}

/** What the queue needs of the store. */
export interface Transactions {
  readonly file: string;
  readonly deadlineMs: number;
  /** Does the work in one transaction. @returns false where another process holds the lock @throws where nothing of it was done */
  transact(work: (at: Moment) => void, onDisk: boolean): boolean;
  /** Does a part of a transaction. What throws leaves nothing behind, and the rest stands. */
  inPart<T>(at: Moment, work: (at: Moment) => T): T;
}

interface Step {
  readonly onDisk: boolean;
  readonly until: number;
  /** Keeps the answer until the transaction is done. */
  run(at: Moment): void;
  /** The same, as one of several: keeps a refusal, too. */
  runAmongOthers(at: Moment): void;
  settle(): void;
  fail(fault: unknown): void;
}

/** Before a step is tried again: as long as chance says, so that processes which wait for each other do not meet again. */
export function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1 + Math.random() * 7));
}

/** A transaction of more would hold up other processes, and the event loop. */
const MOST_TOGETHER = 64;

export function createWriteQueue({ file, deadlineMs, transact, inPart }: Transactions): WriteQueue {
  let steps: Step[] = [];
  let pumping = false;

  const pump = async (): Promise<void> => {
    while (steps.length > 0) {
      if (!isNextDone()) refuseLate();
      // Also where more wait: other processes and the event loop have their turn.
      if (steps.length > 0) await pause();
    }
    pumping = false;
  };

  const isNextDone = (): boolean => {
    const group = steps.slice(0, MOST_TOGETHER);
    const done = isDone(group);
    if (done) steps = steps.slice(group.length);
    return done;
  };

  const isDone = (group: readonly Step[]): boolean => {
    const run = group.length === 1 ? "run" : "runAmongOthers";
    const onDisk = group.some((step) => step.onDisk);
    try {
      const done = transact((at) => {
        for (const step of group) step[run](at);
      }, onDisk);
      if (done) for (const { settle } of group) settle();
      return done;
    } catch (fault) {
      for (const { fail } of group) fail(fault);
      return true;
    }
  };

  const refuseLate = (): void => {
    const now = performance.now();
    const late = steps.filter(({ until }) => until <= now);
    steps = steps.filter(({ until }) => until > now);
    for (const { fail } of late) fail(lockedTooLong(file, deadlineMs));
  };

  return {
    get isWaiting() {
      return pumping;
    },
    add: async (work, onDisk) =>
      new Promise((resolve, reject) => {
        const until = performance.now() + deadlineMs;
        steps.push({ onDisk, until, ...stepOf(work, inPart, resolve, reject) });
        if (pumping) return;
        pumping = true;
        // The disk holds up this whole process: what was begun in the same turn, such as a question to the policies, leaves before it.
        setImmediate(() => void pump());
      }),
    finish: () => {
      while (steps.length > 0 && isNextDone());
    },
  };
}

function stepOf<T>(
  work: (at: Moment) => T,
  inPart: Transactions["inPart"],
  resolve: (answer: T) => void,
  reject: (fault: unknown) => void,
): Pick<Step, "run" | "runAmongOthers" | "settle" | "fail"> {
  let settle = (): void => {};
  const run = (at: Moment): void => {
    const answer = work(at);
    settle = () => resolve(answer);
  };
  return {
    run,
    runAmongOthers: (at) => {
      try {
        inPart(at, run);
      } catch (error) {
        // A refusal is this step's alone; what fails in SQLite is everybody's.
        if (!(error instanceof HopwiseError)) throw error;
        settle = () => reject(error);
      }
    },
    settle: () => settle(),
    fail: reject,
  };
}
