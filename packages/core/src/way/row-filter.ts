import type { Resource } from "@cerbos/core";
import { isDenialCode } from "../codes.ts";
import { HopwiseError, isOwn, isRefusal } from "../errors.ts";
import type { AppliedFilter, CheckedRow, Filter, Row, RowCondition } from "../filter/index.ts";
import { ARGUMENTS, type FilterRule, type ToolEntry } from "../resource/index.ts";
import { lookAgain } from "./look-again.ts";
import type { EnforcementPoint } from "./options.ts";
import { readRows } from "./read-rows.ts";
import { isRowGranted, type KnownCaller } from "./stages/grant.ts";
import { type AskedCall, askAboutRows } from "./stages/policy.ts";

/** An allowed call. */
export interface FilteredCall {
  readonly asked: AskedCall;
  readonly holder: KnownCaller;
  readonly entry: ToolEntry;
  readonly resource: Resource;
  readonly action: string;
  /** What rows must fulfil; undefined for a tool that gives none. */
  readonly condition: RowCondition | undefined;
}

/**
 * The filter of an allowed call, where its tool gives rows. The condition stays in here until it is taken: nothing that is
 * printed shows it.
 */
export function openFilter(call: FilteredCall, point: EnforcementPoint): Filter | undefined {
  const { entry, action, condition } = call;
  if (condition === undefined || entry.filter === undefined) return undefined;
  const { plansSuffice = false, withinMs = point.deadlineMs } = entry.filter;
  const lapsesAt = performance.now() + withinMs;
  let taken = false;
  let applied: Filter["applied"];
  let fault: Filter["fault"];
  let failed = false;

  const fail = (cause: unknown): void => {
    failed = true;
    if (!isOwn(cause)) return;
    const { code, message } = cause;
    // A mistake of the program itself is no answer to its caller.
    fault ??= { code, message, told: isDenialCode(code) ? code : undefined };
  };
  const notLapsed = (): void => {
    if (performance.now() <= lapsesAt) return;
    const message = `the filter serves one read, within ${withinMs} ms of its decision; ask anew, or give the tool's filter a longer withinMs`;
    throw new HopwiseError("filter_lapsed", message);
  };
  return {
    kind: entry.kind,
    action,
    plansSuffice,
    get applied() {
      // Of a read of which one part failed, nothing is: it could not be checked, or not changed as policies oblige to.
      return failed ? undefined : applied;
    },
    get fault() {
      return fault;
    },
    fail,
    take: () => {
      // To come again would not help: the tool reads twice the next time, too.
      if (taken) throw new HopwiseError("filter_unapplied", USED);
      notLapsed();
      taken = true;
      return condition;
    },
    check: async (given) => {
      try {
        const { rows, tooLarge } = readRows(given, entry.argumentsAs ?? ARGUMENTS);
        if (!taken)
          throw new HopwiseError("config_invalid", "check: take the filter's condition first, and read by it");
        notLapsed();
        const answers = await checkRead(call, rows, point);
        const shown = answers.filter((answer) => answer !== undefined).length;
        applied = addUp(applied, { rows: shown, leftOut: answers.length - shown, tooLarge });
        return answers;
      } catch (cause) {
        fail(cause);
        throw cause;
      }
    },
  };
}

const USED =
  "the filter was used already; it serves one read of one call: let the tool read once, or have several parts of one read checked by check of that filter";

/** Several parts of one read together. */
function addUp(before: AppliedFilter | undefined, part: Required<AppliedFilter>): AppliedFilter {
  const tooLarge = (before?.tooLarge ?? 0) + part.tooLarge;
  return Object.freeze({
    rows: (before?.rows ?? 0) + part.rows,
    leftOut: (before?.leftOut ?? 0) + part.leftOut,
    ...(tooLarge > 0 && { tooLarge }),
  });
}

const NOTHING_OWED: CheckedRow = Object.freeze({});

/** The chain stands, before and after; every grant lets a row pass; and the policies let every hop see it. */
async function checkRead(
  call: FilteredCall,
  rows: readonly (Row | undefined)[],
  point: EnforcementPoint,
): Promise<readonly (CheckedRow | undefined)[]> {
  const { asked, holder, entry, resource, action } = call;
  const filter = entry.filter as FilterRule;
  await mustStand(call, point);
  if (filter.plansSuffice === true) return rows.map((row) => row && NOTHING_OWED);
  const isGranted = isRowGranted(holder, asked.tool, filter, point);
  const granted = rows.filter((row) => row !== undefined && isGranted(row)) as readonly Row[];
  const answers = await askAboutRows(asked, resource, action, granted, point);
  if (rows.length > 0) await mustStand(call, point);
  const byRow = new Map(granted.map((row, i) => [row, answers[i]]));
  return rows.map((row) => row && byRow.get(row));
}

async function mustStand({ asked, holder }: FilteredCall, point: EnforcementPoint): Promise<void> {
  const now = await lookAgain(holder, asked.tool, point);
  if (isRefusal(now)) throw now;
}
