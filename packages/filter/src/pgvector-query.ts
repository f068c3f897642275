import type { RowCondition } from "@hopwise/core/filter";
import { choice, list, mustBe, optionsOf, type Rows, such, text, whole } from "@hopwise/core/options";
import { isName, isTableName, NAME, quoted, quotedTable, TABLE_NAME } from "./names.ts";
import { parameter, type Rendered, render, type Sql, sql } from "./sql.ts";
import type { Table } from "./table.ts";
import { writeCondition } from "./to-sql.ts";

/** Options of {@link pgvectorQuery}; all are required. */
export interface VectorOptions {
  /** The name of the table, with that of its schema before it where it needs one: `documents`, `archive.documents`. */
  readonly from: string;
  /** The column of the vectors. */
  readonly embedding: string;
  /** What is searched for: a vector of as many dimensions as the column has. */
  readonly near: readonly number[];
  /** How far two vectors are apart: `cosine` is `<=>`, `euclidean` is `<->`, `inner-product` is `<#>`. */
  readonly distance: "cosine" | "euclidean" | "inner-product";
  /** How many rows there are at the most. */
  readonly limit: number;
}

/** A whole query, and the values of its parameters. */
export interface VectorQuery extends Rendered {}

/** The dimensions that pgvector has. */
const MOST_DIMENSIONS = 16_000;

const OPTIONS: Rows<VectorOptions> = {
  from: text(TABLE_NAME, isTableName),
  embedding: text(NAME, isName),
  near: list(such("a finite number", Number.isFinite), "a vector, as a list of numbers", { min: 1 }),
  distance: choice("cosine", "euclidean", "inner-product"),
  limit: whole({ min: 1, max: 10_000, example: 10 }),
};
const read = optionsOf<VectorOptions>("pgvectorQuery", OPTIONS);

const APART: { readonly [Distance in VectorOptions["distance"]]: Sql } = {
  cosine: sql`<=>`,
  euclidean: sql`<->`,
  "inner-product": sql`<#>`,
};

/**
 * The nearest neighbours among the rows that may be seen, for PostgreSQL with pgvector. It reads the columns that the table names, and
 * not the vector, which tells of the text that it was made of. With an approximate index (HNSW,
 * IVFFlat) PostgreSQL applies the condition to what the index found, so that fewer than `limit` rows may come;
 * `hnsw.iterative_scan` (pgvector 0.8) goes on.
 *
 * @throws {HopwiseError} `filter_unsupported` for what cannot be said of the table; `config_invalid` for options that cannot
 *   be right
 */
export function pgvectorQuery(condition: RowCondition, table: Table, options: VectorOptions): VectorQuery {
  const { from, embedding, near, distance, limit } = read(options);
  if (near.length > MOST_DIMENSIONS)
    return mustBe("pgvectorQuery", "near", `a vector of at most ${MOST_DIMENSIONS} dimensions`, near);
  const name = quotedTable(from, "postgres");
  const where = writeCondition("pgvectorQuery", condition, table, { dialect: "postgres", from: name });
  const names = new Set([table.id, ...Object.values(table.columns)].map((it) => it.name));
  const columns = Array.from(names, (it) => sql`${name}.${quoted(it, "postgres")}`);
  const vector = parameter(`[${near.join(",")}]`);
  return render(
    sql`SELECT ${columns.reduce((before, it) => sql`${before}, ${it}`)} FROM ${name} WHERE ${where} ORDER BY ${name}.${quoted(embedding, "postgres")} ${APART[distance]} ${vector}::vector LIMIT ${parameter(limit)}`,
    (index) => `$${index + 1}`,
  );
}
