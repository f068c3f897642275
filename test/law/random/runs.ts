/**
 * How much chance is given a try: a share of it in `pnpm test`, all of it where `HOPWISE_RUNS=full` says so, which is
 * what `pnpm test:law` and `pnpm test:fuzz` do. `HOPWISE_SEED` repeats a run that failed.
 */
import { randomInt } from "node:crypto";
import { expect } from "vitest";

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

/**
 * Fails where what a trial is about hardly came up: a law that is never put to the test holds trivially. The floor is a
 * sixth of what comes up in most runs of this size, and that is at least 30: chance alone does not come below it.
 */
export function expectMet(what: string, seen: number | undefined, usually: number): void {
  if (usually < 30) throw new Error(`${what}: ${usually} are too few to tell a fault from chance; draw more`);
  expect(seen ?? 0, what).toBeGreaterThan(usually / 6);
}

export function thousands(count: number): string {
  return count.toLocaleString("en-US");
}

/** Lets the test runner breathe between two long stretches of work. */
export function breathe(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
