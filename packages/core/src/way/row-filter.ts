import type { Resource } from "@cerbos/core";
import { type DenialCode, type ErrorCode, rowOf } from "../codes.ts";
import { HopwiseError, isOwn, isRefusal } from "../errors.ts";
import type { CheckedRow, Filter, Row, RowCondition } from "../filter/index.ts";
import { isObject, mustBe } from "../options/index.ts";
import { ARGUMENTS, type ToolEntry } from "../resource/index.ts";
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
  const { asked, holder, entry, action, condition } = call;
  if (condition === undefined || entry.filter === undefined) return undefined;
  const { plansSuffice = false, withinMs = point.deadlineMs } = entry.filter;
  const lapsesAt = performance.now() + withinMs;
  const isGranted = isRowGranted(holder, asked.tool, entry.filter, point);
  let taken = false;
  let applied: Filter["applied"];
  let fault: Filter["fault"];

  const fail = (cause: unknown): void => {
    if (isOwn(cause)) fault ??= { code: cause.code, message: cause.message, told: toldOf(cause.code) };
  };
  const notLapsed = (): void => {
    if (performance.now() <= lapsesAt) return;
    const message = `the filter serves one read, within ${withinMs} ms of its decision; ask anew, or give the tool's filter a longer withinMs`;
    throw new HopwiseError("filter_lapsed", message);
  };
  const stillAllowed = async (): Promise<void> => {
    const now = await lookAgain(holder, asked.tool, point);
    if (isRefusal(now)) throw now;
  };

  return {
    kind: entry.kind,
    action,
    plansSuffice,
    get applied() {
      return applied;
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
      const rows = readRows(given, entry);
      if (!taken) throw new HopwiseError("config_invalid", "check: take the filter's condition first, and read by it");
      notLapsed();
      await stillAllowed();
      const fitting = rows.filter((row) => row !== undefined);
      const found = plansSuffice ? fitting.map(() => NOTHING_OWED) : await askAbout(call, fitting, isGranted, point);
      if (!plansSuffice && rows.length > 0) await stillAllowed();
      const byRow = new Map(fitting.map((row, i) => [row, found[i]]));
      const answers = rows.map((row) => row && byRow.get(row));
      const shown = answers.filter((answer) => answer !== undefined).length;
      const before = applied ?? { rows: 0, leftOut: 0 };
      applied = Object.freeze({ rows: before.rows + shown, leftOut: before.leftOut + answers.length - shown });
      return answers;
    },
  };
}

/** A mistake of the program itself is no answer to its caller. */
function toldOf(code: ErrorCode): DenialCode | undefined {
  const { stage } = rowOf(code);
  return stage === "start" || stage === "holder" || stage === "statement" ? undefined : (code as DenialCode);
}

const NOTHING_OWED: CheckedRow = Object.freeze({});

/** Policies are asked only about rows that every grant lets pass. */
async function askAbout(
  { asked, resource, action }: FilteredCall,
  rows: readonly Row[],
  isGranted: (row: Row) => boolean,
  point: EnforcementPoint,
): Promise<readonly (CheckedRow | undefined)[]> {
  const granted = rows.filter(isGranted);
  const answers = await askAboutRows(asked, resource, action, granted, point);
  const byRow = new Map(granted.map((row, i) => [row, answers[i]]));
  return rows.map((row) => byRow.get(row));
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
