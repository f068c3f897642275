import { HopwiseError } from "@hopwise/core";
import { inOwnWords } from "@hopwise/core/adapter";
import { isKind } from "@hopwise/core/options";
import { elementIn, listIn } from "./cell.ts";
import type { ColumnType } from "./column.ts";
import type { NamedColumn } from "./table.ts";

/** Why a row cannot be checked, in words that quote nothing of it. */
export interface Misfit {
  /** Left out where it is no row at all. */
  readonly column?: string;
  readonly problem: string;
  /** What to do where no row fits there. */
  readonly remedy: string;
  readonly isMissing?: true;
  /** The row has it by a name that the ORM made of the column's. */
  readonly isRenamed?: true;
  /** It has the type, and a value that no check can see: whoever writes rows can write it. */
  readonly isValue?: true;
}

/** A cell that does not fit its column. */
export function misfitAt(row: object, column: NamedColumn): Misfit {
  const { name, type } = column;
  if (!Object.hasOwn(row, name)) {
    const other = Object.keys(row).find((it) => inLetters(it) === inLetters(name));
    const problem =
      other === undefined
        ? "is not in the row; select it, by this name"
        : `is not in the row, which has ${JSON.stringify(other)}; give that by the name of the column`;
    return { column: name, problem, remedy: "", isMissing: true, ...(other !== undefined && { isRenamed: true }) };
  }
  const given = (row as { readonly [name: string]: unknown })[name];
  if (given === null) return { column: name, problem: "is NULL; say what that stands for, by null", remedy: "" };
  if (given === undefined)
    return { column: name, problem: "is undefined; give null where it has no value", remedy: "" };
  const { expected, remedy } = EXPECTED[type];
  return {
    column: name,
    problem: `must be ${expected}`,
    ...(isUnseen(given, column) && { isValue: true }),
    remedy: `; the table says ${inWords(column)}, and ${cameWords(given, column)} came: ${remedy(JSON.stringify(name))}`,
  };
}

/**
 * A column that the row has of its class, as models of an ORM have theirs: nobody left it out of the query. A document lacks what
 * has no value, and a model what its `toJSON` keeps back.
 */
export function asInherited(misfit: Misfit, given: object): Misfit {
  const column = String(misfit.column);
  if (misfit.isMissing !== true || misfit.isRenamed || !(isIn(given, column) || isIn(given, "toJSON"))) return misfit;
  const problem = isIn(given, "toJSON")
    ? `is not in what toJSON() makes of the row; select it, and give null where it has no value, such as { ${JSON.stringify(column)}: null, ...row.toJSON() }`
    : "comes from its class, and only a row's own columns are read; give plain objects, such as row.toJSON() makes";
  return { ...misfit, problem };
}

/** ORMs make `ownerId` of `owner_id`, and the other way round. */
function inLetters(name: string): string {
  return name.toLowerCase().replaceAll("_", "");
}

function isIn(given: object, column: string): boolean {
  try {
    return column in given && !(column in {});
  } catch {
    return false; // a proxy may throw anything
  }
}

/** A number that is not finite, as a driver gives it; half a character; a time that RFC 3339 cannot say; a list of lists. */
function isUnseen(given: unknown, column: NamedColumn): boolean {
  const { type, stored, milliseconds } = column;
  switch (type) {
    case "number":
      return typeof given === "number" || (stored === "numeric" && NOT_FINITE.test(String(given)));
    case "text":
      return typeof given === "string" && !given.isWellFormed();
    case "timestamp":
      return isKind(given, "Date") ? milliseconds === true : NO_TIME.test(String(given));
    case "list":
      return misfitsIn(given, column).some((it) => Array.isArray(it) || isUnseenElement(it));
    default:
      return false;
  }
}

const NOT_FINITE = /^(NaN|-?Infinity)$/;
/** PostgreSQL has these, and prints before the common zones an offset with seconds. */
const NO_TIME = /^(-?infinity|\d{5,}-.*|.* BC|.*[+-]\d\d:\d\d:\d\d)$/i;

function isUnseenElement(given: unknown): boolean {
  return typeof given === "string" ? !given.isWellFormed() : typeof given === "number" && !Number.isFinite(given);
}

/** The elements of a list that do not fit it. */
function misfitsIn(given: unknown, column: NamedColumn): readonly unknown[] {
  return listIn(given)?.filter((element) => elementIn(element, column) === undefined) ?? [];
}

/**
 * Where no row fits, and all misfit at one place, it is not the rows: the table says another type than the driver gives, or
 * the query gives no rows. To its caller, an empty list would look like a denial.
 *
 * @param rows what is wrong with each row that was read
 * @throws {HopwiseError} `config_invalid`
 */
export function mustFitSome(rows: readonly (readonly Misfit[])[]): void {
  const [first = [], ...others] = rows;
  const common = first.find(
    ({ column, isValue }) => isValue !== true && others.every((misfits) => misfits.some((it) => it.column === column)),
  );
  if (common === undefined) return;
  const { column, problem, remedy } = common;
  const what = column === undefined ? "each" : `the column ${JSON.stringify(column)} of each`;
  const message = `visibleRows: none of the rows that were read can be checked: ${what} ${problem}${remedy}`;
  const detail = column === undefined ? {} : { pointer: pointerOf(column) };
  throw inOwnWords(new HopwiseError("config_invalid", message, detail));
}

export function pointerOf(column: string): string {
  return `/${column.replaceAll("~", "~0").replaceAll("/", "~1")}`;
}

/** What a value is, and nothing of what it holds. */
export function typeWords(value: unknown): string {
  if (value === null || value === undefined) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (isKind(value, "Date")) return "a Date";
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return "bytes";
  if (typeof value === "string") return "a text";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

/** Of a list also what in it does not fit: drivers give the elements of a `bigint[]` as texts. */
function cameWords(given: unknown, column: NamedColumn): string {
  const [misfit] = column.type === "list" ? misfitsIn(given, column) : [];
  return misfit === undefined ? typeWords(given) : `a list with ${typeWords(misfit)} in it`;
}

/** A column as somebody wrote it. */
function inWords({ type, of, stored, milliseconds }: NamedColumn): string {
  const said = stored === undefined ? (milliseconds ? "{ milliseconds: true }" : "") : `{ stored: "${stored}" }`;
  return type === "list" ? `list("${of}")` : `${type}(${said})`;
}

/** What a column of each type must hold, and what to do where a driver gives something else. */
const EXPECTED: {
  readonly [Type in ColumnType]: { readonly expected: string; readonly remedy: (quoted: string) => string };
} = {
  text: {
    expected: 'a text; a number is one where it says stored: "integer"',
    remedy: (quoted) => `cast it in the query (${quoted}::text), or say the type that it has`,
  },
  number: {
    expected: 'a finite number; a text is one where it says stored: "bigint" or "numeric"',
    remedy: (quoted) =>
      `say number({ stored: "numeric" }) or "bigint", which drivers give as texts, cast it in the query (${quoted}::float8), or set the driver's type parser`,
  },
  boolean: {
    expected: "true or false",
    remedy: (quoted) => `cast it in the query (${quoted}::boolean), or say the type that it has`,
  },
  timestamp: {
    expected:
      "a time of RFC 3339 with its zone; where it says milliseconds: true, one without more digits than these, or a Date",
    remedy: (quoted) =>
      `cast it in the query (${quoted}::text; of a count of seconds make a text in a view), set the driver's type parser to give texts, or say timestamp({ milliseconds: true }) of a timestamptz(3)`,
  },
  list: {
    expected: "a list of its type",
    remedy: (quoted) => `cast it in the query (to_jsonb(${quoted})), or say the type of its elements`,
  },
};
