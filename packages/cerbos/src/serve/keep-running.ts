import { setTimeout as delay } from "node:timers/promises";
import { quietly } from "@hopwise/core/adapter";
import { either, flag, maybe, members, type Shape } from "@hopwise/core/options";
import { exitWords, type PdpExit } from "../binary/index.ts";
import { LISTENER, milliseconds } from "../option-shapes.ts";
import type { PolicyWatch } from "./watch-policies.ts";

/** How a PDP that died is started again. */
export interface RestartOptions {
  /**
   * How long to wait before the first new start, in milliseconds. Each further start waits twice as long as the one before.
   *
   * @defaultValue 100
   */
  readonly firstPauseMs?: number;
  /**
   * The longest pause, in milliseconds. A PDP that served for as long as this is taken for sound: the next pause is the first
   * one again.
   *
   * @defaultValue 30_000
   */
  readonly longestPauseMs?: number;
  /** Called when the PDP is gone, when a new start failed, and when one serves again. What it throws is dropped. */
  readonly onChange?: (change: PdpChange) => void;
}

/** A PDP that went away, did not come back yet, or serves again. */
export interface PdpChange {
  readonly up: boolean;
  /** Why it is not up: its end, or the error of the start that failed. */
  readonly problem?: string;
  /** How long it is until the next start, in milliseconds. */
  readonly pauseMs?: number;
}

const RESTART_OPTION = "true, false, or pauses, such as { firstPauseMs: 100 }";

/** How `startPdp` reads its option of this name. */
export const RESTART: Shape = either(
  RESTART_OPTION,
  flag(),
  members<RestartOptions>(
    {
      firstPauseMs: maybe(milliseconds(100)),
      longestPauseMs: maybe(milliseconds(30_000)),
      onChange: maybe(LISTENER),
    },
    RESTART_OPTION,
  ),
);

/** That a PDP died, and how. */
export function goneWords(exit: PdpExit): string {
  return `the PDP is gone (${exitWords(exit)})`;
}

/** One process of a PDP. */
export interface Run {
  readonly exited: Promise<PdpExit>;
  /** Whether it was stopped for its policies: also where they are mended before it is gone. */
  readonly stopped: boolean;
}

/**
 * Starts a PDP again when it dies, without end: its calls are denied meanwhile, and giving up would deny them for ever. One
 * that was stopped for its policies comes back once they may be served, whatever the options.
 *
 * @param again starts the next process; rejects where that does not serve
 * @param restart undefined for a PDP that otherwise stays gone
 * @param closing ends it
 * @returns the end of the last process
 */
export async function keepRunning(
  first: Run,
  again: () => Promise<Run>,
  restart: RestartOptions | undefined,
  policies: Pick<PolicyWatch, "problem" | "sound">,
  closing: AbortSignal,
): Promise<PdpExit> {
  const { firstPauseMs = 100, longestPauseMs = 30_000, onChange } = restart ?? {};
  const tell = (change: PdpChange): void => quietly(() => onChange?.(change));
  let pauseMs = firstPauseMs;
  let run = first;
  let problem: string | undefined;
  while (!closing.aborted) {
    if (problem === undefined) {
      const from = performance.now();
      const exit = await run.exited;
      if (closing.aborted || (restart === undefined && !run.stopped)) break;
      if (performance.now() - from >= longestPauseMs) pauseMs = firstPauseMs;
      problem = policies.problem ?? goneWords(exit);
    }
    tell({ up: false, problem, pauseMs });
    // A pause does not keep the process alive.
    await delay(pauseMs, undefined, { signal: closing, ref: false }).catch(() => {});
    await policies.sound();
    if (closing.aborted) break;
    pauseMs = Math.min(pauseMs * 2, longestPauseMs);
    try {
      run = await again();
      problem = undefined;
      tell({ up: true });
    } catch (fault) {
      problem = fault instanceof Error ? fault.message : String(fault);
    }
  }
  return run.exited;
}
