import { describe, expect, it } from "vitest";
import { text } from "./column.ts";
import { attr, call, value, where } from "./expressions.fixture.ts";
import { pgvectorQuery } from "./pgvector-query.ts";
import { table } from "./table.ts";
import { toSql } from "./to-sql.ts";

/** What a query builder's tag makes of a template: parts in parts, and parameters that it numbers itself. */
interface Part {
  readonly strings: TemplateStringsArray;
  readonly given: readonly unknown[];
}

function tag(strings: TemplateStringsArray, ...given: readonly unknown[]): Part {
  if (!Array.isArray(strings.raw)) throw new Error("no template");
  return { strings, given };
}

function written(part: Part, values: unknown[] = []): { readonly text: string; readonly values: readonly unknown[] } {
  const whole = part.strings.reduce((before, it, i) => {
    const given = part.given[i - 1];
    const isPart = typeof given === "object" && given !== null && "strings" in given;
    return before + (isPart ? written(given as Part, values).text : `$${values.push(given)}`) + it;
  });
  return { text: whole, values };
}

// Names that a program would trip over that splits the text at its parameters.
const things = table({ id: text(), columns: { a: text("a$1"), b: text("what?") } });
const condition = where(call("and", call("in", attr("a"), value(["x", "y"])), call("eq", attr("b"), value("z"))));

describe("the parts of a condition", () => {
  it("stand in the query of a builder that numbers parameters itself, behind and before others", () => {
    const { strings, values } = toSql(condition, things, { dialect: "postgres" });
    const second = toSql(condition, things, { dialect: "postgres", parametersFrom: 2 });
    const query = written(tag`SELECT * FROM t WHERE tenant = ${"acme"} AND ${tag(strings, ...values)} LIMIT ${50}`);
    expect(query).toEqual({
      text: `SELECT * FROM t WHERE tenant = $1 AND ${second.text} LIMIT $4`,
      values: ["acme", '{"x","y"}', "z", 50],
    });
  });

  it.each(["postgres", "sqlite"] as const)(
    "are the same as the text (%s), one more than there are values",
    (dialect) => {
      for (const one of [condition, where(true), where(false)]) {
        const { text: whole, strings, values } = toSql(one, things, { dialect });
        expect(strings).toHaveLength(values.length + 1);
        const sign = (i: number) => (dialect === "postgres" ? `$${i}` : "?");
        expect(strings.reduce((before, it, i) => before + sign(i) + it)).toBe(whole);
        expect([strings.raw, Object.isFrozen(strings), Object.isFrozen(strings.raw)]).toEqual([
          [...strings],
          true,
          true,
        ]);
      }
    },
  );

  it("are those of a whole query by vectors, too", () => {
    const options = { from: "things", embedding: "e", near: [1], distance: "cosine", limit: 10 } as const;
    const { text: whole, values, strings } = pgvectorQuery(condition, things, options);
    expect(written(tag(strings, ...values))).toEqual({ text: whole, values });
  });
});
