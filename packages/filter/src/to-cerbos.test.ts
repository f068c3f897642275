import type { RowExpression } from "@hopwise/core/filter";
import { describe, expect, it } from "vitest";
import { attr, call, each, value, where } from "./expressions.fixture.ts";
import { toCerbos } from "./to-cerbos.ts";

const EMEA = call("eq", attr("region"), value("EMEA"));
const present = (name: string): RowExpression => call("ne", attr(name), value(null));

describe("toCerbos", () => {
  it("gives a query plan as Cerbos' clients do", () => {
    expect(toCerbos(where(true))).toEqual({ kind: "KIND_ALWAYS_ALLOWED" });
    expect(toCerbos(where(false, { required: ["region"] }))).toEqual({ kind: "KIND_ALWAYS_DENIED" });
    const within = call("exists", attr("tags"), each("t", call("eq", { name: "t.name" }, value("a"))));
    for (const expression of [EMEA, within])
      expect(toCerbos(where(expression))).toEqual({ kind: "KIND_CONDITIONAL", condition: expression });
  });

  it("says of each required attribute that it is not null", () => {
    expect(toCerbos(where(true, { required: ["region"] }))).toEqual({
      kind: "KIND_CONDITIONAL",
      condition: present("region"),
    });
    expect(toCerbos(where(EMEA, { required: ["region", "x-y"] }))).toEqual({
      kind: "KIND_CONDITIONAL",
      condition: call(
        "and",
        EMEA,
        present("region"),
        call("ne", call("index", { name: "request.resource.attr" }, value("x-y")), value(null)),
      ),
    });
  });

  it("refuses `weak` for an attribute that may be absent, which a plan cannot say", () => {
    const weak = { unknown: "weak", required: ["region"] } as const;
    expect(toCerbos(where(EMEA, weak))).toMatchObject({ kind: "KIND_CONDITIONAL" });
    const others = [
      call("or", EMEA, attr("paid")),
      call("exists", attr("region"), each("e", call("eq", { name: "e.k" }, value(1)))),
    ];
    for (const expression of others) {
      expect(() => toCerbos(where(expression, weak))).toThrow(expect.objectContaining({ code: "filter_unsupported" }));
    }
    const byIndex = call("eq", call("index", { name: "request.resource.attr" }, value("x-y")), value(1));
    expect(() => toCerbos(where(byIndex, weak))).toThrow(/the attribute "x-y", which is not required/);
  });

  it("refuses what is not in the table of operators, and what is not of the resource", () => {
    const bad = [
      call("matches", attr("region"), value("SECRET")),
      call("eq", { name: "request.principal.attr.x" }, value("SECRET")),
      call("get-field", call("struct"), value("x")),
    ];
    for (const expression of bad) {
      expect(() => toCerbos(where(call("not", expression)))).toThrow(
        expect.objectContaining({ code: "filter_unsupported" }),
      );
      expect(() => toCerbos(where(expression))).not.toThrow(/SECRET/);
    }
  });
});
