import type { RowAnswer } from "../decision/index.ts";
import { HopwiseError, isRefusal } from "../errors.ts";
import type { CheckedRow, Filter, Row } from "../filter/index.ts";
import { ageBy } from "../lib/index.ts";
import { ARGUMENTS, type FilterRule, type ToolEntry } from "../resource/index.ts";
import { changesResults, type Obligations } from "../result/index.ts";
import { checkAlive } from "../token/index.ts";
import { lookAgain } from "./look-again.ts";
import type { EnforcementPoint } from "./options.ts";
import { readRows } from "./read-rows.ts";
import { createRowTally } from "./row-tally.ts";
import type { CallContext } from "./stages/context.ts";
import { isRowGranted, type KnownCaller } from "./stages/grant.ts";
import { type AskedCall, askAboutRows, type PolicyAnswer } from "./stages/policy.ts";

/** An allowed call. */
export interface FilteredCall {
  readonly asked: AskedCall;
  readonly holder: KnownCaller;
  readonly entry: ToolEntry;
  readonly context: Pick<CallContext, "resource" | "action">;
  /** With what rows must fulfil; without for a tool that gives none. */
  readonly answer: PolicyAnswer;
  /** What the handing over obliges to: plans oblige to nothing. It holds of each row; an approval was given by now. */
  readonly owed: Obligations;
}

/**
 * The filter of an allowed call, where its tool gives rows. The condition stays in here until it is taken: nothing that is
 * printed shows it.
 */
export function openFilter(call: FilteredCall, point: EnforcementPoint): Filter | undefined {
  const {
    entry,
    context: { action },
    answer: { condition },
  } = call;
  if (condition === undefined || entry.filter === undefined) return undefined;
  const { plansSuffice = false, withinMs = point.deadlineMs } = entry.filter;
  const ageMs = ageBy(point.clock);
  let taken = false;
  const tally = createRowTally();
  const notLapsed = (): void => {
    if (ageMs() <= withinMs) return;
    const message = `the filter serves one read, within ${withinMs} ms of its decision; ask anew, or give the tool's filter a longer withinMs`;
    throw new HopwiseError("filter_lapsed", message);
  };
  return {
    kind: entry.kind,
    action,
    plansSuffice,
    get applied() {
      return tally.applied;
    },
    get fault() {
      return tally.fault;
    },
    fail: tally.fail,
    leaveOut: tally.leaveOut,
    take: () => {
      // To come again would not help: the tool reads twice the next time, too.
      if (taken) throw new HopwiseError("filter_unapplied", USED);
      const { chain } = call.holder.caller;
      if (chain !== undefined) checkAlive(chain.expiresAt, point.nowSeconds());
      notLapsed();
      taken = true;
      return condition;
    },
    check: async (given) => {
      try {
        const { rows, tooLarge, unfit } = readRows(given, entry.argumentsAs ?? ARGUMENTS);
        if (!taken)
          throw new HopwiseError("config_invalid", "check: take the filter's condition first, and read by it");
        notLapsed();
        const answers = await checkRead(call, rows, point);
        const passed = answers.filter((answer) => answer !== undefined);
        const unread = passed.filter((answer) => answer instanceof HopwiseError);
        tally.add({ rows: passed.length, leftOut: answers.length - passed.length, tooLarge, unfit });
        tally.leaveOut(unread.length, unread[0]);
        return answers.map((answer) => (answer instanceof HopwiseError ? undefined : answer));
      } catch (cause) {
        tally.fail(cause);
        throw cause;
      }
    },
  };
}

const USED =
  "the filter was used already; it serves one read of one call: let the tool read once, or have several parts of one read checked by check of that filter";

const NOTHING_OWED: CheckedRow = Object.freeze({});

/** The chain stands, before and after; every grant lets a row pass; and the policies let every hop see it. */
async function checkRead(
  call: FilteredCall,
  rows: readonly (Row | undefined)[],
  point: EnforcementPoint,
): Promise<readonly RowAnswer[]> {
  const {
    asked,
    holder,
    entry,
    context: { resource, action },
    owed,
  } = call;
  const filter = entry.filter as FilterRule;
  await mustStand(call, point);
  if (filter.plansSuffice === true) {
    const checked = changesResults(owed) ? { obligations: owed } : NOTHING_OWED;
    return rows.map((row) => row && checked);
  }
  const isGranted = isRowGranted(holder, asked.tool, filter, point);
  const granted = rows.filter((row) => row !== undefined && isGranted(row)) as readonly Row[];
  const answers = await askAboutRows(asked, { resource, action, owed, rows: granted }, point);
  if (rows.length > 0) await mustStand(call, point);
  const byRow = new Map(granted.map((row, i) => [row, answers[i]]));
  return rows.map((row) => row && byRow.get(row));
}

async function mustStand({ asked, holder }: FilteredCall, point: EnforcementPoint): Promise<void> {
  const now = await lookAgain(holder, asked.tool, point);
  if (isRefusal(now)) throw now;
}
