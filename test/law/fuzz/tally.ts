/** What came of the cases of a fuzzer: outcomes by code, the slowest inputs, and inputs that took too long. */
import { HopwiseError } from "@hopwise/core";
import { ran } from "../../support/ran.ts";
import { breathe, report, SEED, thousands } from "../random/runs.ts";

/** An input that takes longer than this, also when tried again, counts as a hang. */
const HANG_MS = 50;

export interface Slow {
  readonly ms: number;
  /** Characters of the input. */
  readonly size: number;
  readonly what: string;
}

export interface Tally {
  readonly outcomes: ReadonlyMap<string, number>;
  readonly cases: number;
  readonly hangs: readonly Slow[];
  count(outcome: string): void;
  /** How often an outcome that begins like this was counted. */
  of(prefix: string): number;
  /**
   * Runs one case and measures it. A case that was slow is measured twice again, since other processes may have had the
   * time; `again` does so where a second `run` would find its answer remembered.
   */
  timed<T>(what: string, size: number, run: () => T | Promise<T>, again?: () => unknown): Promise<T>;
  print(title: string): void;
}

export function createTally(): Tally {
  const outcomes = new Map<string, number>();
  const hangs: Slow[] = [];
  let cases = 0;
  let spent = 0;
  let slowest: Slow = { ms: 0, size: 0, what: "nothing" };

  const measure = async <T>(run: () => T | Promise<T>): Promise<{ ms: number; value: T }> => {
    const start = performance.now();
    const value = await run();
    return { ms: performance.now() - start, value };
  };

  return {
    outcomes,
    get cases() {
      return cases;
    },
    hangs,
    count: (outcome) => {
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    },
    of: (prefix) => [...outcomes].reduce((sum, [name, count]) => (name.startsWith(prefix) ? sum + count : sum), 0),
    timed: async (what, size, run, again = run) => {
      const { ms, value } = await measure(run);
      cases++;
      spent += ms;
      if (ms > Math.min(slowest.ms, HANG_MS)) {
        const best = Math.min(ms, (await measure(again)).ms, (await measure(again)).ms);
        if (best > slowest.ms) slowest = { ms: best, size, what };
        if (best > HANG_MS) hangs.push({ ms: best, size, what });
      }
      return value;
    },
    print: (title) => {
      const sorted = [...outcomes].sort(([, a], [, b]) => b - a);
      report(title, [
        `cases: ${thousands(cases)}, on average ${((1000 * spent) / cases).toFixed(0)} µs`,
        ...sorted.map(([outcome, count]) => `${outcome.padEnd(48)} ${thousands(count).padStart(10)}`),
        `slowest input: ${slowest.ms.toFixed(1)} ms, ${thousands(slowest.size)} characters, ${slowest.what}`,
        `inputs that took longer than ${HANG_MS} ms: ${hangs.length}`,
      ]);
    },
  };
}

/** Runs many cases, each with a seed of its own, which is all that is needed to repeat it. */
export async function eachCase(count: number, run: (seed: number) => void | Promise<void>): Promise<void> {
  for (let i = 0; i < count; i++) {
    if (i % 2000 === 1999) await breathe();
    try {
      await run((SEED + i) | 0);
      ran("fuzz inputs");
    } catch (cause) {
      throw new Error(`case HOPWISE_SEED=${SEED + i}: ${cause instanceof Error ? cause.message : cause}`, { cause });
    }
  }
}

/** The code of a refusal. Anything else that was thrown is a crash, and is thrown on. */
export function codeOf(error: unknown): string {
  if (error instanceof HopwiseError) return error.code;
  throw error;
}
