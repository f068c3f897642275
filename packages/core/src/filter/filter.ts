import type { DenialCode, ErrorCode } from "../codes.ts";
import { HopwiseError, isOwn } from "../errors.ts";
import type { JsonObject } from "../json/index.ts";
import { mustBe } from "../options/index.ts";
import type { Obligations } from "../result/index.ts";
import type { RowCondition } from "./row-condition.ts";

/** A row as policies see it: the resource's id, and its attributes. */
export interface Row {
  readonly id: string;
  readonly attributes: JsonObject;
}

/** A row that may be shown, once it was changed as policies oblige to: see `fulfil`. */
export interface CheckedRow {
  readonly obligations?: Obligations;
}

/** What came of the rows that were read. */
export interface AppliedFilter {
  /** How many may be shown. */
  readonly rows: number;
  /** How many more were read, and may not. */
  readonly leftOut: number;
  /**
   * How many of those were left out without a question, since one cannot hold them: an id or attributes that are too long or
   * too deep, a number beyond 2^53 - 1, half a character. Left out for none.
   */
  readonly tooLarge?: number;
  /**
   * How many of those were left out without a question, since they do not fit their table: a cell is of another type than its column
   * says, or NULL where it says nothing of that. Left out for none.
   */
  readonly unfit?: number;
  /**
   * How many of those were left out although the policies allow them, since what they oblige to could not be read, or not be done
   * to the row. Left out for none.
   */
  readonly unfulfilled?: number;
}

/**
 * Which rows an allowed call may show. It serves this one call, and one read: take the condition, read the rows that fulfil
 * it, have them checked, show those that passed and no others. A result for which this was not done is withheld by adapters.
 *
 * Nothing that is printed of it, or written as JSON, shows the condition.
 */
export interface Filter {
  /** The kind and the action that the rows were decided for. */
  readonly kind: string;
  readonly action: string;
  /** The second check looks at no row: see `filter.plansSuffice` of the tool map. */
  readonly plansSuffice: boolean;
  /**
   * How many rows may be shown, and how many were left out; undefined as long as none was checked, and where rows that cannot
   * be changed as policies oblige to are all that was found (`fault`).
   */
  readonly applied: AppliedFilter | undefined;
  /** Why nothing could be shown, where it was Hopwise that said so: for the record, and by `told` for the caller. */
  readonly fault: FilterFault | undefined;
  /**
   * Ends the read: nothing of it may be shown, whatever else was checked. What went wrong is noted, where it is an error of
   * Hopwise's own: any other may quote rows.
   */
  fail(cause: unknown): void;
  /**
   * The condition for the one read, for `toSql` or `toPredicate` of `@hopwise/filter`.
   *
   * @throws {HopwiseError} `filter_unapplied` the second time; `filter_lapsed` too late after the decision;
   *   `token_expired` once the chain is over
   */
  take(): RowCondition;
  /**
   * Checks what was read: the chain, its revocation and its agents once more; then each row against every token's grant and
   * with the policies for every hop, in batches. For several parts of one read it is called several times.
   *
   * @param rows undefined stands for a row that nobody can check, since it does not fit its table: it is left out. So is one
   *   that is more than a question about a resource holds, or that is none beside others that are; or of which nobody
   *   understands what the policies oblige to
   * @returns for each row whether it may be shown: undefined for one that may not
   * @throws {HopwiseError} `filter_lapsed`; a code of a call's own way, such as `token_revoked` or `policy_unavailable`:
   *   then nothing may be shown. `config_invalid` and `attributes_invalid` for what are no rows, and before `take`
   */
  check(rows: readonly (Row | undefined)[]): Promise<readonly (CheckedRow | undefined)[]>;
  /**
   * Counts rows as left out that passed, and are not shown after all: they cannot be changed as their obligations say.
   *
   * @param rows how many
   * @param cause why, as `fulfil` says it
   * @throws {HopwiseError} `config_invalid` for more than passed
   */
  leaveOut(rows: number, cause: unknown): void;
}

/** What ended a read. */
export interface FilterFault {
  readonly code: ErrorCode;
  /** For operators. */
  readonly message: string;
  /** The code for the caller; undefined for what is a mistake of the program, and nobody else's business. */
  readonly told: DenialCode | undefined;
}

/** For functions that take one from a program. */
export function isFilter(value: unknown): value is Filter {
  try {
    const { take, check, fail, leaveOut } = Object(value) as Partial<Filter>;
    return [take, check, fail, leaveOut].every((it) => typeof it === "function");
  } catch {
    return false; // it fails when it is looked at
  }
}

/** By which code a result is withheld that this error keeps from being shown. */
export function withheldBy(cause: unknown): "filter_unapplied" | "result_withheld" {
  return isOwn(cause) && cause.code === "filter_unapplied" ? cause.code : "result_withheld";
}

/**
 * The result of a call may be shown: its tool gives no rows, or showed those alone that passed.
 *
 * @throws {HopwiseError} `filter_unapplied`; `config_invalid` for what is no filter
 */
export function checkApplied(filter: Filter | undefined): void {
  if (filter === undefined) return;
  if (!isFilter(filter)) mustBe("checkApplied", "filter", "that of an allowed call, such as decision.filter", filter);
  if (filter.applied === undefined) throw unapplied(filter);
}

/** What is wrong with the result of a tool that gives rows, and showed others than those that passed. */
export function unapplied({ kind }: Pick<Filter, "kind">): HopwiseError {
  const message = `the tool gives rows of "${kind}", and returned without having them checked; read them by visibleRows, with await, or by take and check of currentFilter()`;
  return new HopwiseError("filter_unapplied", message);
}
