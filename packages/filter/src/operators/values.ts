import { alike } from "../names.ts";
import { sql } from "../sql.ts";
import { literalTerm, type Place, type Term } from "../term.ts";
import { momentIn } from "../time.ts";
import { unsupported } from "../unsupported.ts";
import { operandsOf } from "./operands.ts";
import { type AnyOperator, operator } from "./operator.ts";

/** How many elements a list has, or characters a text. SQLite counts these to the first NUL. */
export const size: AnyOperator = operator<Term>({
  gives: "number",
  typing: (call, reader) => {
    const term = reader.term(operandsOf(call, 1)[0]);
    if (term.type === "list" || term.type === "text") return term;
    throw unsupported('"size" on what is neither a list column nor a text', call.pointer);
  },
  postgres: (of, place) =>
    of.type === "list" ? sql`jsonb_array_length(${of.sql(place)})::float8` : sql`char_length(${of.sql(place)})::float8`,
  sqlite: (of, place) =>
    of.type === "list"
      ? sql`CAST(json_array_length(${of.sql(place)}) AS REAL)`
      : sql`(CASE instr(${of.sql(place)}, char(0)) WHEN 0 THEN CAST(length(${of.sql(place)}) AS REAL) END)`,
  memory: (of, view) => {
    const cell = of.memory(view);
    if (Array.isArray(cell)) return cell.length;
    return typeof cell === "string" && !cell.includes("\0") ? [...cell].length : undefined;
  },
});

/**
 * The time that a text says. Of columns only those that are declared as times: a cast of a text aborts the query where one
 * row has none, with the value in the message. Of null there is none.
 */
export const timestampOf: AnyOperator = operator<Pick<Term, "sql" | "memory">>({
  gives: "timestamp",
  typing: (call, reader) => {
    const [operand] = operandsOf(call, 1);
    const moment = "value" in operand && typeof operand.value === "string" ? momentIn(operand.value) : undefined;
    if (moment !== undefined) return literalTerm("timestamp", moment);
    const term = reader.term(operand);
    if (term.type === "moment") return term;
    throw unsupported('"timestamp" on what is neither a time column nor a literal of RFC 3339', call.pointer);
  },
  ...alike((time: Pick<Term, "sql">, place: Place) => time.sql(place)),
  memory: (time, view) => time.memory(view) ?? undefined,
});
