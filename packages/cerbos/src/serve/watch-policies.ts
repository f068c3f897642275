import { stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { HopwiseError } from "@hopwise/core";
import { policyFiles } from "../policies/index.ts";

/** A policy folder that is looked at while a PDP serves it. */
export interface PolicyWatch {
  /** Why its policies must not be served at the moment. */
  readonly problem: string | undefined;
  /** Resolves once they may be served, or nobody waits any more. */
  sound(): Promise<void>;
}

/** Short against the three seconds that Cerbos takes before it serves what changed. */
const LOOK_MS = 500;

/**
 * Checks a folder again whenever its files have changed: Cerbos takes up the change by itself, and sees no trap in it.
 * It looks, and is not told: links and mounted folders change in ways of which no file system tells.
 *
 * @param before how the files were when they were checked last: see {@link stateOf}
 * @param check rejects with a HopwiseError where the policies must not be served
 * @param onProblem is told each time that they change into such
 */
export function watchPolicies(
  folder: string,
  before: string,
  check: () => Promise<void>,
  onProblem: (problem: string) => void,
  closing: AbortSignal,
): PolicyWatch {
  let problem: string | undefined;
  const waiting = new Set<() => void>();
  const wake = (): void => {
    for (const settle of waiting) settle();
    waiting.clear();
  };
  /** @returns false where it cannot be told, since a file is just being replaced: Cerbos cannot read it either */
  const judge = async (): Promise<boolean> => {
    const was = problem;
    try {
      await check();
      problem = undefined;
      wake();
    } catch (fault) {
      if (!(fault instanceof HopwiseError)) return false;
      problem = fault.message;
      if (was === undefined && !closing.aborted) onProblem(problem);
    }
    return true;
  };
  const watch = async (): Promise<void> => {
    let seen = before;
    while (!closing.aborted) {
      const now = await stateOf(folder);
      // What does not hold may do so for want of an answer: the check itself can fail.
      const isDue = now !== seen || problem !== undefined;
      if (isDue && (await judge())) seen = now;
      // It does not keep the process alive.
      await delay(LOOK_MS, undefined, { signal: closing, ref: false }).catch(() => {});
    }
    wake();
  };
  void watch();
  return {
    get problem() {
      return problem;
    },
    sound: () =>
      new Promise((settle) => {
        if (problem === undefined || closing.aborted) settle();
        else waiting.add(settle);
      }),
  };
}

/** Differs when a policy came, went, or was written. A folder that cannot be read is in a state of its own. */
export async function stateOf(folder: string): Promise<string> {
  try {
    const files = await policyFiles(folder);
    const stats = await Promise.all(
      files.map(async (file) => {
        const { ino, size, mtimeMs } = await stat(join(folder, file));
        return [file, ino, size, mtimeMs];
      }),
    );
    return JSON.stringify(stats);
  } catch {
    return "cannot be read";
  }
}
