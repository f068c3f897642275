import type { RowExpression } from "@hopwise/core/filter";
import { describe, expect, it } from "vitest";
import { attr, call, each, value, where } from "./expressions.fixture.ts";
import { list, table, text, toCerbos } from "./index.ts";
import { planOf } from "./plan-of.ts";

const DOCS = table({
  id: text(),
  columns: { region: text(), owner: text({ null: "absent" }), note: text({ null: "null" }), tags: list("text") },
});
const NULL = value(null);
const EMEA = call("eq", attr("region"), value("EMEA"));
const id: RowExpression = { name: "request.resource.id" };

describe("the plan for a table", () => {
  it.each<[string, RowExpression | boolean, RowExpression | boolean]>([
    ["is NULL", call("eq", attr("region"), NULL), false],
    ["is NULL, the other way round", call("eq", NULL, attr("region")), false],
    ["is not NULL", call("ne", attr("region"), NULL), true],
    ["is an id", call("ne", id, NULL), true],
    [
      "is there, as a wildcard asks",
      call("or", call("eq", attr("region"), NULL), call("ne", attr("region"), NULL)),
      true,
    ],
    ["is not NULL, beside another", call("and", EMEA, call("ne", attr("region"), NULL)), EMEA],
    ["is NULL, or another", call("or", call("eq", attr("region"), NULL), EMEA), EMEA],
    ["is not NULL, or another", call("or", EMEA, call("ne", attr("region"), NULL)), true],
    ["is NULL, and another", call("and", call("eq", attr("region"), NULL), EMEA), false],
    ["is not what is NULL", call("not", call("eq", attr("region"), NULL)), true],
    ["is not another", call("not", call("and", EMEA, call("ne", attr("region"), NULL))), call("not", EMEA)],
    ["is one of several", call("in", attr("region"), value(["a", null])), call("in", attr("region"), value(["a"]))],
    ["is one of none", call("in", attr("region"), value([null])), false],
  ])("does not ask whether a column is NULL that never is: %s", (_, asked, said) => {
    expect(planOf(where(asked), DOCS)).toEqual(toCerbos(where(said)));
  });

  it.each<[string, RowExpression | boolean]>([
    ["another that may be", call("and", call("eq", attr("owner"), NULL), call("ne", attr("note"), NULL))],
    ["one of several", call("in", attr("note"), value(["a", null]))],
    ["another column", call("eq", attr("region"), attr("note"))],
    ["what is no NULL", call("or", EMEA, call("in", value(null), attr("tags")))],
    ["within a list", call("exists", attr("tags"), each("t", call("ne", { name: "t" }, NULL)))],
    ["everything", true],
    ["nothing", false],
  ])("asks whatever else there is: %s", (_, expression) => {
    expect(planOf(where(expression), DOCS)).toEqual(toCerbos(where(expression)));
  });

  it("asks for required attributes that may be NULL, and for no other", () => {
    expect(planOf(where(EMEA, { required: ["region", "owner", "note"] }), DOCS)).toEqual(
      toCerbos(where(EMEA, { required: ["owner", "note"] })),
    );
    expect(planOf(where(true, { required: ["region"] }), DOCS)).toEqual({ kind: "KIND_ALWAYS_ALLOWED" });
  });

  it("refuses what has no column", () => {
    for (const bad of [where(call("eq", attr("other"), value("a"))), where(true, { required: ["other"] })]) {
      expect(() => planOf(bad, DOCS)).toThrow(expect.objectContaining({ code: "filter_unsupported" }));
    }
  });
});
