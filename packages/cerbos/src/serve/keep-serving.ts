import type { Health } from "@hopwise/core/state";
import type { PdpExit } from "../binary/index.ts";
import { goneWords, keepRunning, type RestartOptions, type Run } from "./keep-running.ts";
import type { ServingPdp } from "./serve.ts";
import type { TakingUp } from "./take-up.ts";
import { warn } from "./warn.ts";
import { type OfChanges, stateOf, watchPolicies } from "./watch-policies.ts";

interface Kept extends TakingUp {
  readonly policies: string;
  readonly restart: RestartOptions | undefined;
  readonly listener: ((line: string) => void) | undefined;
  readonly closing: AbortSignal;
}

/** A PDP that is kept serving. */
interface KeptServing {
  readonly version: string;
  readonly exited: Promise<PdpExit>;
  /** Resolves once nothing more is done for it. */
  readonly over: Promise<unknown>;
  health(): Health;
}

/** Starts it, and sees to it from then on that it serves what the folder says, and serves nothing that it must not. */
export async function keepServing(
  start: (how: "first" | "again") => Promise<ServingPdp>,
  { policies, copy, check, takeUp, restart, listener, closing }: Kept,
): Promise<KeptServing> {
  const before = await stateOf(policies);
  const first = await start("first");
  let run = runOf(first);
  const of: OfChanges = {
    copy,
    check,
    takeUp: async () => {
      const serves = (): boolean => run.ended === undefined && !run.stopped;
      // One that does not run reads them when it starts.
      if (serves()) await takeUp(serves);
    },
    onProblem: (problem) => {
      warn(listener, `The PDP is stopped until its policies are mended. ${problem}`);
      void run.stop();
    },
    onUnserved: (problem) =>
      warn(listener, `A change has no effect: the PDP goes on with the policies before it. ${problem}`),
  };
  const watch = watchPolicies(policies, before, of, closing);
  const again = async (): Promise<Run> => {
    const state = await stateOf(policies);
    run = runOf(await start("again"));
    watch.started(state);
    // They may have changed while it started.
    if (watch.problem !== undefined) await run.stop();
    return run;
  };
  const exited = keepRunning(run, again, restart, watch, closing).then((exit) => {
    // Nobody may wait for its end, and every call is denied from now on.
    if (!closing.aborted) warn(listener, `All calls are denied: ${goneWords(exit)}. With restart it is started again.`);
    return exit;
  });
  const health = (): Health => {
    const problem = watch.unserved ?? (run.ended && goneWords(run.ended));
    return problem === undefined ? { ok: true } : { ok: false, problem };
  };
  return { version: first.version, exited, over: Promise.all([exited, watch.ended]), health };
}

interface WatchedRun extends Run {
  /** How it ended, once it did. */
  readonly ended: PdpExit | undefined;
  stop(): Promise<void>;
}

function runOf(pdp: ServingPdp): WatchedRun {
  const run = {
    exited: pdp.exited,
    ended: undefined as PdpExit | undefined,
    stopped: false,
    stop: (): Promise<void> => {
      run.stopped = true;
      return pdp.stop();
    },
  };
  void pdp.exited.then((exit) => {
    run.ended = exit;
  });
  return run;
}
