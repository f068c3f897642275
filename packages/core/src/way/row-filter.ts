import type { Resource } from "@cerbos/core";
import { isDenialCode } from "../codes.ts";
import { HopwiseError, isOwn, isRefusal } from "../errors.ts";
import type { CheckedRow, Filter, Row, RowCondition } from "../filter/index.ts";
import { isObject, mustBe } from "../options/index.ts";
import { ARGUMENTS, type FilterRule, type ToolEntry } from "../resource/index.ts";
import { attributesFrom } from "../source/index.ts";
import { lookAgain } from "./look-again.ts";
import type { EnforcementPoint } from "./options.ts";
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
      // Of a read of which one part could not be checked, nothing is.
      return failed ? undefined : applied;
    },
    get fault() {
      return fault;
    },
    fail,
    take: () => {
      if (taken) throw new HopwiseError("filter_lapsed", "the filter was used already; it serves one read of one call");
      notLapsed();
      taken = true;
      return condition;
    },
    check: async (given) => {
      try {
        const rows = readRows(given, entry);
        if (!taken)
          throw new HopwiseError("config_invalid", "check: take the filter's condition first, and read by it");
        notLapsed();
        const answers = await checkRead(call, rows, point);
        const shown = answers.filter((answer) => answer !== undefined).length;
        const before = applied ?? { rows: 0, leftOut: 0 };
        applied = Object.freeze({ rows: before.rows + shown, leftOut: before.leftOut + answers.length - shown });
        return answers;
      } catch (cause) {
        failed = true;
        fail(cause);
        throw cause;
      }
    },
  };
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

const ROWS = 'rows, such as [{ id: "inv-1", attributes: { region: "EMEA" } }]';

/** @throws {HopwiseError} `config_invalid`, `attributes_invalid` */
function readRows(given: unknown, { argumentsAs = ARGUMENTS }: ToolEntry): readonly (Row | undefined)[] {
  if (!Array.isArray(given)) return mustBe("check", "rows", ROWS, given);
  return Array.from(given, (row: unknown, i): Row | undefined => {
    if (row === undefined) return undefined;
    const at = ["rows", i];
    if (!isObject(row)) return mustBe("check", at, ROWS, row);
    const { id, attributes } = row as Partial<Row>;
    if (typeof id !== "string" || id === "") return mustBe("check", [...at, "id"], "the row's id, a text", id);
    const plain = attributesFrom(attributes);
    if (Object.hasOwn(plain, argumentsAs)) {
      throw new HopwiseError(
        "attributes_invalid",
        `row ${i} has an attribute "${argumentsAs}", which is the name of the arguments; set argumentsAs in the tool map`,
      );
    }
    return { id, attributes: plain };
  });
}
