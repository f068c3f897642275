import { type DenialCode, isDenialCode, type Stage } from "../codes.ts";
import type { Timings } from "../decision/index.ts";
import { HopwiseError, isOwn } from "../errors.ts";
import { type Awaitable, strayMember } from "../lib/index.ts";
import type { CallWatch } from "../telemetry/index.ts";
import type { CallLog } from "./call-log.ts";

/** Runs the stages of one call, and notes how long each took. What a stage finds at once costs no promise. */
export function timedStages(watch: CallWatch): { readonly stage: CallLog["stage"]; readonly timings: () => Timings } {
  const start = performance.now();
  const spent: { [stage in Stage]?: number } = {};
  return {
    timings: () => ({ ...spent, total: performance.now() - start }),
    stage: <T>(name: Stage, run: Parameters<typeof watch.stage<T>>[1]) => {
      const from = performance.now();
      const stray = strayMember();
      if (stray !== undefined) return new HopwiseError("guard_failed", stray);
      const ended = <Found>(found: Found): Found => {
        spent[name] = (spent[name] ?? 0) + performance.now() - from;
        return found;
      };
      const failed = (error: unknown): HopwiseError =>
        ended(isOwn(error) && isDenialCode(error.code) ? error : faultIn(name, error));
      try {
        const found = watch.stage(name, run) as Awaitable<Exclude<T, HopwiseError> | HopwiseError>;
        return isPromise(found) ? found.then(ended, failed) : ended(found);
      } catch (error) {
        return failed(error);
      }
    },
  };
}

/** By a function, which no data has: arguments may have a member of that name. */
function isPromise<T>(found: Awaitable<T>): found is Promise<T> {
  return typeof (Object(found) as { readonly then?: unknown }).then === "function";
}

/** What a host's own code may still do within a stage, besides answering late or not at all, ends the call as well. */
function faultIn(stage: Stage, cause: unknown): HopwiseError {
  return new HopwiseError(
    FAULTS[stage],
    `the stage "${stage}" failed: something that the host program provides threw`,
    {
      cause,
    },
  );
}

/** A row for each stage: a new one does not compile before it is said whom its faults are laid on. */
const FAULTS: { readonly [S in Stage]: DenialCode } = {
  guard: "guard_failed",
  arguments: "guard_failed",
  token: "guard_failed",
  proof: "guard_failed",
  state: "state_unavailable",
  agents: "registry_unavailable",
  grant: "guard_failed",
  context: "context_unavailable",
  policy: "policy_unavailable",
  approval: "state_unavailable",
  spending: "state_unavailable",
  audit: "audit_unavailable",
  result: "guard_failed",
};
