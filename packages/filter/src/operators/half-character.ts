import { type Sql, sql } from "../sql.ts";

/**
 * Whether a text that SQLite read out of JSON has half a character in it, such as `"\ud800"`: no check can see that. SQLite
 * writes it as UTF-8 would; of all other texts none has one of these bytes after ED. Its functions on texts take halves for
 * U+FFFD, or end at a NUL.
 */
export function hasHalfCharacter(text: Sql): Sql {
  const bytes = sql`CAST(${text} AS BLOB)`;
  return sql`(instr(${bytes}, x'ED') > 0 AND EXISTS (SELECT 1 FROM (VALUES
    (x'EDA0'), (x'EDA1'), (x'EDA2'), (x'EDA3'), (x'EDA4'), (x'EDA5'), (x'EDA6'), (x'EDA7'),
    (x'EDA8'), (x'EDA9'), (x'EDAA'), (x'EDAB'), (x'EDAC'), (x'EDAD'), (x'EDAE'), (x'EDAF'),
    (x'EDB0'), (x'EDB1'), (x'EDB2'), (x'EDB3'), (x'EDB4'), (x'EDB5'), (x'EDB6'), (x'EDB7'),
    (x'EDB8'), (x'EDB9'), (x'EDBA'), (x'EDBB'), (x'EDBC'), (x'EDBD'), (x'EDBE'), (x'EDBF'))
    WHERE instr(${bytes}, column1) > 0))`;
}
