import { type DenialCode, isDenialCode, type Stage } from "../codes.ts";
import type { Timings } from "../decision/index.ts";
import { HopwiseError, isOwn } from "../errors.ts";
import { strayMember } from "../lib/index.ts";
import type { CallWatch } from "../telemetry/index.ts";
import type { CallLog } from "./call-log.ts";

/** Runs the stages of one call, and notes how long each took. */
export function timedStages(watch: CallWatch): { readonly stage: CallLog["stage"]; readonly timings: () => Timings } {
  const start = performance.now();
  const spent: { [stage in Stage]?: number } = {};
  return {
    timings: () => ({ ...spent, total: performance.now() - start }),
    stage: async <T>(name: Stage, run: Parameters<typeof watch.stage<T>>[1]) => {
      const from = performance.now();
      const stray = strayMember();
      if (stray !== undefined) return new HopwiseError("guard_failed", stray);
      try {
        return (await watch.stage(name, run)) as Exclude<T, HopwiseError> | HopwiseError;
      } catch (error) {
        return isOwn(error) && isDenialCode(error.code) ? error : faultIn(name, error);
      } finally {
        spent[name] = (spent[name] ?? 0) + performance.now() - from;
      }
    },
  };
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
