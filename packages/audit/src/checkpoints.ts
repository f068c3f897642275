/** While the signer fails, the log takes records up to these two bounds, and then no more. */
const MOST_UNSIGNED = 100_000;
const LONGEST_UNSIGNED_MS = 60_000;
/** Node runs a timer that is longer than this at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export interface CheckpointOptions {
  /** Signs the head as it is now, in time. */
  readonly sign: (closed: boolean) => Promise<string>;
  /** Resolves when the checkpoint is a line of the log. */
  readonly add: (jws: string) => Promise<void>;
  /** After so many records, or so many milliseconds after the first that is not covered. */
  readonly records: number;
  readonly ms: number;
}

export interface Checkpoints {
  /** So many records were appended. */
  appended(records: number): void;
  /** Asks for a checkpoint now. Records do not wait for it. */
  request(): void;
  /** Whether the last attempt failed. */
  readonly failing: boolean;
  /** Why no more records may be taken; undefined where they may. */
  overdue(): unknown;
  /** The last checkpoint, which says that the log was closed. */
  close(): Promise<void>;
}

/** Decides when the head is signed. */
export function createCheckpoints({ sign, add, records, ms }: CheckpointOptions): Checkpoints {
  let uncovered = 0;
  let uncoveredSince = 0;
  let timer: NodeJS.Timeout | undefined;
  let signing: Promise<void> | undefined;
  let failure: unknown;

  const make = async (closed: boolean): Promise<void> => {
    const covered = uncovered;
    const before = performance.now();
    await add(await sign(closed));
    uncovered -= covered;
    uncoveredSince = before;
    failure = undefined;
  };

  const request = (): void => {
    clearTimeout(timer);
    timer = undefined;
    signing ??= make(false)
      .catch((cause: unknown) => {
        failure = cause ?? new Error("no reason given");
      })
      .finally(() => {
        signing = undefined;
        if (uncovered > 0) wait();
      });
  };

  const wait = (): void => {
    timer ??= setTimeout(request, Math.min(ms, LONGEST_TIMER_MS)).unref();
  };

  return {
    appended: (count) => {
      if (count === 0) return;
      if (uncovered === 0) uncoveredSince = performance.now();
      uncovered += count;
      if (uncovered >= records && failure === undefined) request();
      else wait();
    },
    request,
    get failing() {
      return failure !== undefined;
    },
    overdue: () => {
      if (failure === undefined || uncovered === 0) return undefined;
      const isLate = uncovered >= MOST_UNSIGNED || performance.now() - uncoveredSince >= LONGEST_UNSIGNED_MS;
      return isLate ? failure : undefined;
    },
    close: async () => {
      clearTimeout(timer);
      await signing;
      clearTimeout(timer);
      await make(true);
    },
  };
}
