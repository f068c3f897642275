/**
 * How much chance is given a try: a share of it in `pnpm test`, all of it where `HOPWISE_RUNS=full` says so, which is
 * what `pnpm test:law` and `pnpm test:fuzz` do. `HOPWISE_SEED` repeats a run that failed.
 */
import { randomInt } from "node:crypto";

const full = process.env["HOPWISE_RUNS"] === "full";

/** Where all randomness of a run comes from; every failure names it. */
export const SEED: number = Number(process.env["HOPWISE_SEED"] ?? randomInt(2 ** 31));

/** Time limit of a test, in milliseconds. */
export const PATIENCE: number = full ? 3 * 60 * 60 * 1000 : 120 * 1000;

export function runs(share: number, all: number): number {
  return full ? all : share;
}

/** Prints what was counted, where the whole of it ran: counts of a share say little. */
export function report(title: string, lines: readonly string[]): void {
  if (full || process.env["SHOW"])
    console.log([`${title} (HOPWISE_SEED=${SEED})`, ...lines.map((line) => `  ${line}`)].join("\n"));
}

export function thousands(count: number): string {
  return count.toLocaleString("en-US");
}

/** Lets the test runner breathe between two long stretches of work. */
export function breathe(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
