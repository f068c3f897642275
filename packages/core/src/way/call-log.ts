import { decisionRecord, refusedOutcome, unverifiedAttempt } from "../audit/index.ts";
import { type DenialCode, rowOf, type Stage } from "../codes.ts";
import { randomId } from "../crypto/index.ts";
import type { Allowed, Asked, ChainView, Decided, Decision, Denied, HopVerdict } from "../decision/index.ts";
import { HopwiseError, refusalOf } from "../errors.ts";
import type { JsonObject } from "../json/index.ts";
import { defined, plainText, settleInTime } from "../lib/index.ts";
import { type Hop, hopsOf } from "../principal/index.ts";
import { changesResults, type Obligations } from "../result/index.ts";
import type { ContextOrigin } from "../source/index.ts";
import type { StageWatch } from "../telemetry/index.ts";
import { MCP_OPERATIONS } from "../token/index.ts";
import type { Caller, IncomingCall } from "./call.ts";
import type { EnforcementPoint } from "./options.ts";

/** What is known of one call so far. Only the law writes it down. */
export interface Notes {
  readonly received: JsonObject;
  readonly parsed?: JsonObject;
  readonly caller?: Caller;
  /** Whether somebody showed to be the holder, or the user; before that, a denial is nobody's. */
  readonly verified: boolean;
  /** The hops by the ids that policies see, once the directory was asked. */
  readonly hops?: readonly Hop[];
  /** Where the attributes that policies were asked with came from. */
  readonly origins: readonly ContextOrigin[];
  /** The call in the words of policies. */
  readonly asked?: Asked;
  readonly verdicts: readonly HopVerdict[];
  /** Names of the arguments that the record keeps; the others are in it as a hash. */
  readonly kept: readonly string[];
  /** For a list: how many items were shown, of how many. */
  readonly shown?: { readonly items: number; readonly of: number };
}

/** The notes of one call, and how it ends: as a decision, on record, and told to whoever watches. */
export interface CallLog {
  readonly id: string;
  /**
   * Runs one stage and notes how long it took.
   *
   * @returns what it found, or the {@link HopwiseError} that it gave or threw; anything else is a fault, and thrown on
   */
  stage<T>(name: Stage, run: (watch: StageWatch) => T | Promise<T>): Promise<Exclude<T, HopwiseError> | HopwiseError>;
  note(found: Partial<Notes>): void;
  /** Ends it with an allowance, unless that cannot be recorded. */
  allow(how?: { readonly projected?: boolean; readonly obligations?: Obligations }): Promise<Allowed | Denied>;
  deny(refusal: HopwiseError): Promise<Denied>;
}

export function beginLog({ tool, traceparent, caller: { via } }: IncomingCall, point: EnforcementPoint): CallLog {
  const { audit, telemetry, deadlineMs, clock, pdpVersion } = point;
  const [audience] = point.audience;
  const id = randomId();
  const named = Object.hasOwn(point.tools, tool) || MCP_OPERATIONS.some((operation) => operation === tool);
  const watch = telemetry.begin({ invocation: id, tool, via, named, traceparent });
  const start = performance.now();
  const spent: { [stage in Stage]?: number } = {};
  let notes: Notes = { received: {}, verified: via !== "proof", origins: [], verdicts: [], kept: [] };

  const decided = (): Decided => {
    const { asked, verdicts, origins } = notes;
    return {
      invocation: id,
      time: new Date(clock()).toISOString(),
      tool: plainText(tool),
      verdicts,
      timings: { ...spent, total: performance.now() - start },
      ...defined({ asked, chain: viewOf(notes) }),
      ...(origins.length > 0 && { context: origins }),
    };
  };

  const denied = (refusal: HopwiseError): Denied => {
    const { stage, retryable = false } = rowOf(refusal.code);
    const { code, ...rest } = refusalOf(refusal);
    return { ...decided(), outcome: "denied", code: code as DenialCode, stage: stage as Stage, ...rest, retryable };
  };

  const record = async (decision: Decision): Promise<void> => {
    const { caller, received, parsed, kept, shown } = notes;
    const call = { tool, audience, via, chain: caller?.chain, received, parsed, kept, shown, pdpVersion };
    await settleInTime(deadlineMs, audit.record(await decisionRecord(decision, call)));
  };

  const ended = <D extends Decision>(decision: D): D => {
    watch.end({ decision, verified: notes.verified, shown: notes.shown });
    return decision;
  };

  const log: CallLog = {
    id,
    stage: async <T>(name: Stage, run: (watch: StageWatch) => T | Promise<T>) => {
      const from = performance.now();
      try {
        return (await watch.stage(name, run)) as Exclude<T, HopwiseError> | HopwiseError;
      } catch (error) {
        if (error instanceof HopwiseError) return error;
        watch.fail();
        throw error;
      } finally {
        spent[name] = (spent[name] ?? 0) + performance.now() - from;
      }
    },
    note: (found) => {
      notes = { ...notes, ...found };
    },
    allow: async ({ projected = false, obligations } = {}) => {
      const owed = obligations !== undefined && changesResults(obligations);
      const allowed = (): Allowed => ({
        ...decided(),
        outcome: "allowed",
        arguments: notes.parsed ?? notes.received,
        ...(projected && { projected: true }),
        ...(owed && { obligations }),
      });
      const unrecorded = await log.stage("audit", () => record(allowed()).catch(notRecorded));
      if (unrecorded === undefined) return ended(allowed());
      // A slow disk may still come to write that it was allowed: then this says that it did not run.
      quietly(() => audit.outcome?.(refusedOutcome(decided(), audience)));
      return ended(denied(unrecorded));
    },
    deny: async (refusal) => {
      const decision = denied(refusal);
      // A denial stands whether or not it could be written down.
      if (notes.verified) await record(decision).catch(() => {});
      // Counting strangers must not break the answer to them, nor the process.
      else quietly(() => audit.unverified?.(unverifiedAttempt(decision, audience, notes.caller?.chain)));
      return ended(decision);
    },
  };
  return log;
}

/** No allowed call without its record. */
function notRecorded(cause: unknown): HopwiseError {
  return new HopwiseError("audit_unavailable", "the decision could not be recorded, so the call may not run", {
    cause,
  });
}

function quietly(run: () => unknown): void {
  void Promise.resolve()
    .then(run)
    .catch(() => {});
}

/** Who acts for whom, by the ids that policies see; before the directory was asked, by the root's own words. */
function viewOf({ caller, hops }: Notes): ChainView | undefined {
  // A user without agents is nobody's word but the transport's, until the directory knows them.
  if (caller === undefined || (caller.chain === undefined && hops === undefined)) return undefined;
  const { user, chain } = caller;
  const names = chain?.links.map(({ agent }) => agent) ?? [];
  return {
    issuer: user.issuer,
    hops: hops ?? hopsOf({ id: user.subject }, names),
    ...defined({ id: chain?.id }),
  };
}
