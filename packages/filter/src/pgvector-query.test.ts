import { describe, expect, it } from "vitest";
import { text } from "./column.ts";
import { attr, call, value, where } from "./expressions.fixture.ts";
import { pgvectorQuery } from "./pgvector-query.ts";
import { table } from "./table.ts";
import { toSql } from "./to-sql.ts";

const documents = table({ id: text(), columns: { region: text() } });
const condition = where(call("eq", attr("region"), value("EMEA")), { required: ["region"] });
const options = {
  from: "documents",
  embedding: "embedding",
  near: [0.5, -1, 1e-7],
  distance: "cosine",
  limit: 10,
} as const;

describe("pgvectorQuery", () => {
  it("asks for the nearest of those rows that may be seen", () => {
    const shown = toSql(condition, documents, { dialect: "postgres", from: "documents" });
    expect(pgvectorQuery(condition, documents, options)).toMatchObject({
      text: `SELECT "documents"."id", "documents"."region" FROM "documents" WHERE ${shown.text} ORDER BY "documents"."embedding" <=> $2::vector LIMIT $3`,
      values: ["EMEA", "[0.5,-1,1e-7]", 10],
    });
  });

  it("takes a table with its schema, each in marks of its own", () => {
    const { text: query } = pgvectorQuery(condition, documents, { ...options, from: 'archive.doc"s' });
    const name = '"archive"."doc""s"';
    expect(query).toMatch(`SELECT ${name}."id", ${name}."region" FROM ${name} WHERE`);
    expect(query).toContain(`${name}."region" IS NOT NULL`);
    expect(query).toContain(`ORDER BY ${name}."embedding" <=>`);
    const inSqlite = toSql(condition, documents, { dialect: "sqlite", from: "main.documents" });
    expect(inSqlite.text).toContain("`main`.`documents`.`region` IS NOT NULL");
    for (const from of ["a.b.c", ".b", "a.", ".", "hopwise_a.b", "a.hopwise_b"]) {
      expect(() => pgvectorQuery(condition, documents, { ...options, from })).toThrow(
        /from must be a name .*a schema's/,
      );
    }
  });

  it("reads each column that the table names, once, and neither the vector nor what is added to the table later", () => {
    const own = table({ id: text("doc_id"), columns: { id: text("doc_id"), owner: text("by"), author: text("by") } });
    const { text: query } = pgvectorQuery(where(true), own, options);
    expect(query).toMatch(/^SELECT "documents"\."doc_id", "documents"\."by" FROM /);
  });

  it("knows the distances of pgvector", () => {
    const sign = (distance: "cosine" | "euclidean" | "inner-product") =>
      / (<\S+>) /.exec(pgvectorQuery(where(true), documents, { ...options, distance }).text)?.[1];
    expect([sign("cosine"), sign("euclidean"), sign("inner-product")]).toEqual(["<=>", "<->", "<#>"]);
  });

  it("refuses a vector that is none", () => {
    for (const near of [[], [Number.NaN], ["1"], Array.from({ length: 16_001 }, () => 0)]) {
      expect(() => pgvectorQuery(condition, documents, { ...options, near: near as never })).toThrow(
        /pgvectorQuery: near/,
      );
    }
  });
});
