import { type DenialCode, isDenialCode, type Stage } from "../codes.ts";
import { randomId } from "../crypto/index.ts";
import type { Allowed, Decided, Decision, Denied, Timings } from "../decision/index.ts";
import { HopwiseError, isOwn } from "../errors.ts";
import { plainText, timeOf } from "../lib/index.ts";
import type { CallWatch, StageWatch } from "../telemetry/index.ts";
import { MCP_OPERATIONS } from "../token/index.ts";
import type { IncomingCall } from "./call.ts";
import { type Allowance, allowedOf, decidedOf, deniedOf, type Notes } from "./notes.ts";
import type { EnforcementPoint } from "./options.ts";
import { countStranger, recordDecision, takeBack } from "./record-decision.ts";

/** The notes of one call, and how it ends: as a decision, on record, and told to whoever watches. */
export interface CallLog {
  readonly id: string;
  /**
   * Runs one stage and notes how long it took.
   *
   * @returns what it found, or the {@link HopwiseError} that it gave or threw; for anything else that it threw, also an error
   *   of that class which a host made, one of the code that such a fault has in this stage
   */
  stage<T>(name: Stage, run: (watch: StageWatch) => T | Promise<T>): Promise<Exclude<T, HopwiseError> | HopwiseError>;
  note(found: Partial<Notes>): void;
  /** Ends it with an allowance, unless that cannot be recorded. */
  allow(how?: Allowance): Promise<Allowed | Denied>;
  deny(refusal: HopwiseError): Promise<Denied>;
}

export function beginLog(call: IncomingCall, point: EnforcementPoint): CallLog {
  const id = randomId();
  const watch = watchOf(call, point, id);
  const start = performance.now();
  const spent: { [stage in Stage]?: number } = {};
  const notes: Notes = { received: {}, verified: call.caller.via !== "proof", origins: [], verdicts: [], kept: [] };

  const timings = (): Timings => ({ ...spent, total: performance.now() - start });

  const decided = (): Decided =>
    decidedOf(notes, {
      invocation: id,
      time: new Date(timeOf(point.clock)).toISOString(),
      tool: plainText(call.tool),
      timings: timings(),
    });

  const ended = <D extends Decision>(decision: D): D => {
    watch.end({ decision, verified: notes.verified, shown: notes.shown });
    return decision;
  };

  const stage: CallLog["stage"] = async <T>(name: Stage, run: (watch: StageWatch) => T | Promise<T>) => {
    const from = performance.now();
    try {
      return (await watch.stage(name, run)) as Exclude<T, HopwiseError> | HopwiseError;
    } catch (error) {
      return isOwn(error) && isDenialCode(error.code) ? error : faultIn(name, error);
    } finally {
      spent[name] = (spent[name] ?? 0) + performance.now() - from;
    }
  };

  return {
    id,
    stage,
    note: (found) => {
      Object.assign(notes, found);
    },
    allow: async (how = {}) => {
      // Made once: the record and the answer say the same, but for how long the record took.
      const common = decided();
      const allowed = allowedOf(common, notes, how);
      const unrecorded = await stage("audit", () => recordDecision(allowed, notes, call, point).catch(notRecorded));
      if (unrecorded === undefined) return ended({ ...allowed, timings: timings() });
      takeBack(common, point);
      return ended(deniedOf({ ...common, timings: timings() }, unrecorded));
    },
    deny: async (refusal) => {
      const denied = deniedOf(decided(), refusal);
      // A denial stands whether or not it could be written down.
      if (notes.verified) await recordDecision(denied, notes, call, point).catch(() => {});
      else countStranger(denied, notes, point);
      return ended(denied);
    },
  };
}

/** What a host's own code may still do within a stage, besides answering late or not at all, ends the call as well. */
function faultIn(stage: Stage, cause: unknown): HopwiseError {
  const code = FAULTS[stage] ?? "guard_failed";
  return new HopwiseError(code, `the stage "${stage}" failed: something that the host program provides threw`, {
    cause,
  });
}

const FAULTS: { readonly [stage in Stage]?: DenialCode } = {
  agents: "registry_unavailable",
  state: "state_unavailable",
  context: "context_unavailable",
  policy: "policy_unavailable",
  audit: "audit_unavailable",
};

function watchOf(
  { tool, traceparent, caller: { via } }: IncomingCall,
  { tools, telemetry }: EnforcementPoint,
  id: string,
): CallWatch {
  const named = Object.hasOwn(tools, tool) || MCP_OPERATIONS.some((operation) => operation === tool);
  return telemetry.begin({ invocation: id, tool, via, named, traceparent });
}

/** No allowed call without its record. */
function notRecorded(cause: unknown): HopwiseError {
  return new HopwiseError("audit_unavailable", "the decision could not be recorded, so the call may not run", {
    cause,
  });
}
