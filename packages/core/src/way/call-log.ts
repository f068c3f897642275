import type { Stage } from "../codes.ts";
import { randomId } from "../crypto/index.ts";
import type { Allowed, Decided, Decision, Denied, Pending } from "../decision/index.ts";
import { faultOf, HopwiseError } from "../errors.ts";
import { type Awaitable, defined, plainName, timeOf } from "../lib/index.ts";
import type { CallWatch, StageWatch } from "../telemetry/index.ts";
import { isOperation } from "../token/index.ts";
import type { AskedApproval } from "./approvals/kept-request.ts";
import type { IncomingCall } from "./call.ts";
import { type Allowance, allowedOf, decidedOf, deniedOf, type Notes, pendingOf, toldFor } from "./notes.ts";
import type { EnforcementPoint } from "./options.ts";
import { countStranger, recordDecision, takeBack, unrecordedAs } from "./record-decision.ts";
import type { Taken } from "./stages/spending.ts";
import { keepTaken } from "./taken.ts";
import { timedStages } from "./timed-stages.ts";

/** The notes of one call, and how it ends: as a decision, on record, and told to whoever watches. */
export interface CallLog {
  readonly id: string;
  /**
   * Runs one stage and notes how long it took.
   *
   * @returns what it found, or the {@link HopwiseError} that it gave or threw; for anything else that it threw, also an error
   *   of that class which a host made, one of the code that such a fault has in this stage
   */
  stage<T>(name: Stage, run: (watch: StageWatch) => Awaitable<T>): Awaitable<Exclude<T, HopwiseError> | HopwiseError>;
  note(found: Partial<Notes>): void;
  /**
   * The call goes on, and does not end before this is known. Where it is a refusal the call ends in it: what was noted meanwhile is
   * forgotten, and from then on no stage runs and nothing is noted.
   */
  endsBehind(standing: Promise<HopwiseError | undefined>): undefined;
  /** Whether shadow mode lets the call go on all the same. Then it notes the first refusal: what would have happened. */
  lets(refusal: HopwiseError): boolean;
  /** Ends it with an allowance, unless that cannot be recorded. */
  allow(how?: Allowance): Promise<Allowed | Denied>;
  /** Ends it, for now: people must approve it first. A denial where that cannot be recorded. */
  wait(asked: AskedApproval): Promise<Pending | Denied>;
  /** @param taken what it took before, and gives back */
  deny(refusal: HopwiseError, taken?: Taken | undefined): Promise<Denied>;
}

export function beginLog(call: IncomingCall, point: EnforcementPoint): CallLog {
  const id = randomId();
  const watch = watchOf(call, point, id);
  const { stage: runStage, timings } = timedStages(watch);
  const book = noteBook(call);
  const stage: CallLog["stage"] = (name, run) => book.gone ?? runStage(name, run);

  const now = (): string => new Date(timeOf(point.clock)).toISOString();
  const named = { invocation: id, tool: plainName(call.tool) };
  const decided = (): Decided => decidedOf(book.notes, point, { ...named, time: now(), timings: timings() });

  const ended = <D extends Decision>(decision: D): D => {
    watch.end({ decision, verified: book.notes.verified, shown: book.notes.shown });
    return decision;
  };

  const record = (decision: Allowed | Pending): Awaitable<HopwiseError | undefined> =>
    stage("audit", () => recordDecision(decision, book.notes, call, point).then(written, notRecorded));

  return {
    id,
    stage,
    note: book.note,
    endsBehind: book.endsBehind,
    lets: (refusal) => {
      const isLet = point.shadow.lets(call.tool, refusal.code);
      if (isLet && book.notes.shadow === undefined) book.note({ shadow: refusal });
      return isLet;
    },
    allow: async (how = {}) => {
      // Made once: the record and the answer say the same, but for how long the record took.
      const common = decided();
      const allowed = allowedOf(common, book.notes, how);
      // Who may be anybody is counted, whatever they did: they must not be able to fill a disk.
      const unrecorded = book.notes.verified ? await record(allowed) : countStranger(allowed, book.notes, point);
      if (unrecorded === undefined)
        return ended(keepTaken(toldFor({ ...allowed, timings: timings() }, how), how.taken));
      how.taken?.settle("nothing_happened");
      takeBack(common, point);
      return ended(
        await unrecordedAs(deniedOf({ ...common, timings: timings() }, unrecorded), book.notes, call, point),
      );
    },
    wait: async (asked) => {
      const pending = pendingOf(decided(), asked);
      const unrecorded = await record(pending);
      if (unrecorded === undefined) return ended(pending);
      return ended(await unrecordedAs(deniedOf(decided(), unrecorded), book.notes, call, point));
    },
    deny: async (refusal, taken) => {
      taken?.settle("nothing_happened");
      const gone = await book.standing();
      const denied = deniedOf(decided(), gone ?? refusal);
      // A denial stands whether or not it could be written down.
      if (book.notes.verified) await recordDecision(denied, book.notes, call, point).catch(() => {});
      else countStranger(denied, book.notes, point);
      return ended(denied);
    },
  };
}

/** What was noted of a call, and what it waits for before it ends. */
function noteBook({ caller: { via } }: IncomingCall) {
  let notes: Notes = { received: {}, verified: via !== "proof", origins: [], verdicts: [], kept: [] };
  let standing: Promise<HopwiseError | undefined> | undefined;
  let gone: HopwiseError | undefined;
  return {
    get notes() {
      return notes;
    },
    /** The refusal in which the call ends whatever follows, once that is known. */
    get gone() {
      return gone;
    },
    note: (found: Partial<Notes>): void => {
      if (gone === undefined) notes = { ...notes, ...found };
    },
    endsBehind: (behind: Promise<HopwiseError | undefined>): undefined => {
      const before = notes;
      standing = behind.then((refusal) => {
        gone = refusal;
        const { verified, calledAt } = notes;
        if (gone !== undefined) notes = { ...before, verified, ...defined({ calledAt }) };
        return gone;
      });
    },
    standing: async () => standing,
  };
}

function watchOf(
  { tool, traceparent, caller: { via } }: IncomingCall,
  { tools, telemetry }: EnforcementPoint,
  id: string,
): CallWatch {
  const named = Object.hasOwn(tools, tool) || isOperation(tool);
  return telemetry.begin({ invocation: id, tool, via, named, traceparent });
}

function written(): undefined {}

/** No allowed call without its record. */
function notRecorded(cause: unknown): HopwiseError {
  const message = `the decision could not be recorded, so the call may not run: ${faultOf(cause, "the audit sink")}`;
  return new HopwiseError("audit_unavailable", message, { cause });
}
