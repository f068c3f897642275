import type { InEach } from "./names.ts";
import { type Sql, sql } from "./sql.ts";
import type { Place } from "./term.ts";

/*
 * Not by these words: where a table has a column named `true` or `false`, SQLite reads the column, so that rows would say
 * themselves which of them are shown.
 */
export const TRUE: Sql = sql`(1 = 1)`;
export const FALSE: Sql = sql`(1 = 0)`;

/** Takes what is not known for false. In PostgreSQL TRUE is never a column, and `IS TRUE` is what its planner understands. */
export function isTrue(condition: Sql, { dialect }: Place): Sql {
  return sql`(${condition}) ${IS_TRUE[dialect]}`;
}

const IS_TRUE: InEach<Sql> = { postgres: sql`IS TRUE`, sqlite: sql`IS 1` };
