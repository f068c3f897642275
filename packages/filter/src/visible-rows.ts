import { HopwiseError } from "@hopwise/core";
import { inOwnWords, type Obligations } from "@hopwise/core/adapter";
import { type Filter, isFilter } from "@hopwise/core/filter";
import { mustBe, reading } from "@hopwise/core/options";
import { changedRow } from "./changed-row.ts";
import { mustFitSome } from "./misfit.ts";
import { DIALECTS } from "./names.ts";
import { ownRow, type Plain } from "./own-row.ts";
import { planOf } from "./plan-of.ts";
import { isTable, type Table } from "./table.ts";
import type { CerbosPlan } from "./to-cerbos.ts";
import { toPredicate } from "./to-predicate.ts";
import { type SqlCondition, type SqlOptions, toSql } from "./to-sql.ts";
import { wrongTypeIn } from "./wrong-type.ts";

/** How the rows are read: by SQL, by an adapter of Cerbos' own for an ORM, or out of a list in memory. */
export type ReadBy = SqlOptions | { readonly dialect: "cerbos" } | { readonly dialect: "memory" };

/** What the query gets: a condition for a `WHERE` with its parameters, a query plan, or a function that tells it of each row. */
export type Where<By extends ReadBy> = By extends { readonly dialect: "memory" }
  ? (row: object) => boolean
  : By extends { readonly dialect: "cerbos" }
    ? CerbosPlan
    : SqlCondition;

type Awaitable<T> = T | PromiseLike<T>;

/**
 * The one read of a tool that gives rows: takes the filter's condition, reads by it, and gives the rows that the second check
 * let pass, changed as policies oblige to. The rows are copies: of a row or a value with a `toJSON`, such as a model of an ORM, of what
 * that makes. The query selects the columns that the table names, at least; without
 * one, nothing can be checked (`config_invalid`). Return what this gave, and nothing else.
 *
 * @example
 * ```ts
 * // in a tool's execute, on a FastMCP server or in an AI SDK loop
 * const found = await visibleRows(currentFilter(), invoices, { dialect: "postgres" }, async ({ text, values }) =>
 *   (await db.query(`SELECT id, region, amount FROM invoice WHERE ${text} ORDER BY due LIMIT 50`, values)).rows);
 * ```
 *
 * @param filter of the allowed call: `currentFilter()` in a tool, `filter` of a decision elsewhere
 * @param by with `dialect: "cerbos"` the query gets a plan for an adapter such as `queryPlanToPrisma`. How that compares is its own
 *   matter, so such rows are always checked: a filter with `plansSuffice` is refused
 * @param query asked once, and not at all for a plan that allows nothing, of which adapters make no condition; what it throws is
 *   thrown on, but where PostgreSQL finds a column of another type than the table says
 * @throws {HopwiseError} `config_invalid` without a filter, for a query that gives no list; `filter_unsupported`;
 *   and what {@link Filter.take} and {@link Filter.check} throw. A row that does not fit the table, is too large to be asked
 *   about, or cannot be changed as policies oblige to, is left out and counted. Where every row misfits at one column, it is
 *   `config_invalid`, which names the column; `result_withheld` or `policy_inconclusive` where rows that cannot be changed are
 *   all that was found
 */
export async function visibleRows<Row extends object, const By extends ReadBy>(
  filter: Filter | undefined,
  table: Table,
  by: By,
  query: (where: Where<By>) => Awaitable<readonly Row[]>,
): Promise<readonly Row[]> {
  if (filter === undefined) {
    throw new HopwiseError(
      "config_invalid",
      "visibleRows: there is no filter: no call runs here, or the tool map's entry of its tool has no filter, such as filter: { arguments: {} }",
    );
  }
  if (!isFilter(filter))
    mustBe("visibleRows", "filter", "the filter of an allowed call, such as currentFilter()", filter);
  if (!isTable(table)) mustBe("visibleRows", "table", "a table, such as table({ id: text(), columns: { … } })", table);
  if (typeof query !== "function") mustBe("visibleRows", "query", "a function that reads rows", query);
  const dialect = reading(
    "visibleRows",
    "by",
    'how rows are read, such as { dialect: "postgres" }',
    by,
    (it) => it.dialect,
  );
  // By `toSql` alone it would be refused for the dialects of SQL, once the filter was taken.
  if (!READ_BY.has(dialect)) mustBe("visibleRows", ["by", "dialect"], READ_BY_WORDS, dialect);
  try {
    if (dialect === "cerbos" && filter.plansSuffice) throw uncheckedPlan();
    const condition = filter.take();
    const looked: object[] = [];
    const where =
      dialect === "memory"
        ? noting(toPredicate(condition, table), looked)
        : dialect === "cerbos"
          ? planOf(condition, table)
          : toSql(condition, table, by as SqlOptions);
    const rows = isNothing(where)
      ? []
      : listed("what query gives", await asked(table, () => query(where as Where<By>)));
    // Of a cell that does not fit its column nothing is known, so that such rows are gone before they are looked at.
    if (rows.length === 0) mustFitSome(looked.map((row) => ownRow(table, row).misfits));
    // Nobody asks about these rows: a query that forgot the condition, or has an OR beside it, would show each that it found.
    const passes = filter.plansSuffice ? toPredicate(condition, table) : undefined;
    return await shown(filter, table, rows, passes);
  } catch (cause) {
    // The record says why the tool failed, and its caller whether to come again.
    filter.fail(cause);
    throw cause;
  }
}

const READ_BY: ReadonlySet<unknown> = new Set([...DIALECTS, "cerbos", "memory"] satisfies ReadBy["dialect"][]);
const READ_BY_WORDS = `${[...DIALECTS, "cerbos"].map((it) => `"${it}"`).join(", ")} or "memory"`;

/** Of such a plan an adapter gives no condition, and an ORM reads every row by none. */
function isNothing(where: Where<ReadBy>): boolean {
  return "kind" in where && where.kind === "KIND_ALWAYS_DENIED";
}

function uncheckedPlan(): HopwiseError {
  const message =
    'visibleRows: the tool map says filter: { plansSuffice: true }, and by says dialect: "cerbos"; an adapter compares as its database does, so its rows must be checked: leave plansSuffice out, or read by SQL';
  return inOwnWords(new HopwiseError("config_invalid", message));
}

async function asked<Rows>(table: Table, query: () => Awaitable<Rows>): Promise<Rows> {
  try {
    return await query();
  } catch (cause) {
    throw wrongTypeIn(cause, table) ?? cause;
  }
}

/** The same condition, which notes the rows that it was asked about: the query may leave out more of them. */
function noting(passes: (row: object) => boolean, looked: object[]): (row: object) => boolean {
  return (row) => {
    looked.push(row);
    return passes(row);
  };
}

/** A list may be a proxy, which fails while it is read. */
function listed<Item>(what: string, rows: readonly Item[]): readonly Item[] {
  try {
    if (Array.isArray(rows)) return Array.from(rows);
  } catch {
    // See above.
  }
  return mustBe("visibleRows", what, "a list of rows, such as result.rows of a driver", rows);
}

async function shown<Row extends object>(
  filter: Filter,
  table: Table,
  given: readonly unknown[],
  passes: (row: object) => boolean = () => true,
): Promise<readonly Row[]> {
  const read = given.map((row) => ownRow(table, row));
  // Of all that came: a row that fits, but should not have come, shows that its columns do.
  mustFitSome(read.map(({ misfits }) => misfits));
  const rows = read.filter(({ row, resource }) => resource === undefined || passes(row));
  const checked = listed("what the filter's check gives", await filter.check(rows.map(({ resource }) => resource)));
  const passed = rows.flatMap(({ row }, i) => {
    const obligations = checked[i]?.obligations;
    return checked[i] === undefined ? [] : [obligations === undefined ? row : changedOrWhyNot(table, row, obligations)];
  });
  const unchanged = passed.filter((row) => row instanceof HopwiseError);
  if (unchanged.length > 0) filter.leaveOut(unchanged.length, unchanged[0]);
  if (unchanged.length === passed.length) mustFind(filter, unchanged[0]);
  return passed.flatMap((row) => (row instanceof HopwiseError ? [] : [row as Row]));
}

/** Whoever can write a row that cannot be changed must not end every search by it. */
function changedOrWhyNot(table: Table, row: Plain, obligations: Obligations): Plain | HopwiseError {
  try {
    return changedRow(table, row, obligations);
  } catch (cause) {
    if (cause instanceof HopwiseError && cause.code === "result_withheld") return cause;
    throw cause;
  }
}

/** Rows that cannot be shown are all that was found: an empty list would look as if there were none. */
function mustFind({ fault }: Filter, unchanged: HopwiseError | undefined): void {
  const why = fault ?? unchanged;
  if (why === undefined) return;
  // A filter may be a program's own.
  const read = reading(
    "visibleRows",
    ["filter", "fault"],
    "why rows cannot be shown, { code, message }",
    why,
    (it) => ({
      code: it.code,
      message: it.message,
    }),
  );
  throw inOwnWords(new HopwiseError(read.code, read.message));
}
