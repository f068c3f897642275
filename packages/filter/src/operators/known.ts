import type { InEach } from "../names.ts";
import { type Sql, sql } from "../sql.ts";
import type { Place, Term } from "../term.ts";

/** What CEL makes an error of. */
export function unknown({ dialect }: Place): Sql {
  return UNKNOWN[dialect];
}

const UNKNOWN: InEach<Sql> = { postgres: sql`NULL::boolean`, sqlite: sql`NULL` };

/** Something of a row of which all these terms are known; else unknown. */
export function whereKnown(terms: readonly Term[], place: Place, then: Sql): Sql {
  const guards = terms.filter(({ certain }) => !certain).map((term) => isKnown(term, place));
  const [first, ...others] = guards;
  if (first === undefined) return then;
  const all = others.reduce((before, guard) => sql`${before} AND ${guard}`, first);
  return sql`(CASE WHEN ${all} THEN ${then} END)`;
}

function isKnown(term: Term, place: Place): Sql {
  const hasValue = sql`${term.sql(place)} IS NOT NULL`;
  return term.isNull === undefined ? hasValue : sql`(${term.isNull(place)} OR ${hasValue})`;
}
