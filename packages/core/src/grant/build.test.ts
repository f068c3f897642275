import { describe, expect, it } from "vitest";
import { errorOf } from "../world.fixture.ts";
import {
  absent,
  all,
  any,
  contains,
  exact,
  grant,
  int,
  notOneOf,
  oneOf,
  optional,
  range,
  subset,
  type ToolGrantInput,
  wildcard,
} from "./index.ts";
import { anyArguments, noArguments } from "./markers.ts";

describe("the builder of grants", () => {
  it.each(["*", "mcp:tools/*", "https://pay.acme.example/mcp#mcp:tools/*"])(
    "does not take %j for a tool: who means every tool says so",
    (tool) => {
      expect(() => grant({ [tool]: anyArguments })).toThrow(
        expect.objectContaining({ code: "config_invalid", message: expect.stringContaining("everyTool()") }),
      );
    },
  );

  it("makes the shapes that stand in tokens", () => {
    expect(
      grant({
        pay: {
          a: exact("EUR"),
          b: oneOf("x", 1, null),
          c: notOneOf("y"),
          d: range({ min: 0, below: 9.5 }),
          e: range({ above: 0, max: 9 }),
          f: int({ max: 3 }),
          g: contains("x"),
          h: subset("x", "y"),
          i: all(int(), range({ min: 1 })),
          j: any(exact(1), exact(2)),
          k: wildcard(),
          l: optional(exact(true)),
          m: absent(),
        },
      }),
    ).toStrictEqual({
      pay: {
        a: { constraint_type: "exact", value: "EUR" },
        b: { constraint_type: "one_of", values: ["x", 1, null] },
        c: { constraint_type: "not_one_of", excluded: ["y"] },
        d: { constraint_type: "range", min: 0, max: 9.5, max_inclusive: false },
        e: { constraint_type: "range", min: 0, max: 9, min_inclusive: false },
        f: { constraint_type: "int", max: 3 },
        g: { constraint_type: "contains", required: ["x"] },
        h: { constraint_type: "subset", allowed: ["x", "y"] },
        i: { constraint_type: "all", constraints: [{ constraint_type: "int" }, { constraint_type: "range", min: 1 }] },
        j: {
          constraint_type: "any",
          constraints: [
            { constraint_type: "exact", value: 1 },
            { constraint_type: "exact", value: 2 },
          ],
        },
        k: { constraint_type: "wildcard" },
        l: { constraint_type: "optional", constraint: { constraint_type: "exact", value: true } },
        m: { constraint_type: "absent" },
      },
    });
  });

  it("makes ranges without the bounds that were not given", () => {
    expect(range({ min: 1 })).toStrictEqual({ constraint_type: "range", min: 1 });
    expect(range({ below: 1 })).toStrictEqual({ constraint_type: "range", max: 1, max_inclusive: false });
  });

  it("makes of all with one clause that clause", () => {
    expect(all(int())).toEqual(int());
    expect(grant({ t: { a: all(...[1].map(exact)) } })).toEqual({ t: { a: exact(1) } });
  });

  it("says any arguments, and no arguments, only where that was written", () => {
    expect(grant({ a: anyArguments, b: noArguments })).toStrictEqual({
      a: {},
      b: { "": { constraint_type: "absent" } },
    });
  });

  it("refuses an empty map of arguments, because it would mean any", async () => {
    const error = await errorOf(() => grant({ pay: {} }));
    expect(error).toMatchObject({ code: "config_invalid", pointer: "/pay" });
    expect(error.message).toContain("anyArguments or noArguments");
  });

  it("refuses a bare value in the place of a constraint, and says which argument, not what stood there", async () => {
    const error = await errorOf(() => grant({ pay: { "to/whom": "secret-payee" as never } }));
    expect(error).toMatchObject({ code: "config_invalid", pointer: "/pay/to~1whom" });
    expect(error.message).toContain("a constraint is expected, such as exact(…)");
    expect(error.message).not.toContain("secret-payee");
  });

  it("keeps nothing of what it was given, so that a later change reaches no grant", () => {
    const values = ["a"];
    const input = { arg: { constraint_type: "one_of" as const, values } };
    const made = grant({ pay: input });
    values.push("b");
    Object.assign(input, { other: exact(1) });
    expect(made).toEqual({ pay: { arg: { constraint_type: "one_of", values: ["a"] } } });
  });

  it.each([
    ["min with above", { min: 1, above: 1 }],
    ["max with below", { max: 1, below: 1 }],
  ])("refuses a range of %s", async (_, bounds) => {
    const error = await errorOf(() => range(bounds));
    expect(error.code).toBe("config_invalid");
    expect(error.message).toContain("give min or above, and max or below, not both of a pair");
  });

  it.each<[string, { readonly [tool: string]: unknown }, string]>([
    ["min above max", { pay: { amount: range({ min: 2, max: 1 }) } }, "/pay/amount"],
    ["no values", { pay: { to: oneOf() } }, "/pay/to/values"],
    ["65 values", { pay: { to: oneOf(...Array(65).keys()) } }, "/pay/to/values"],
    ["a fraction as an integer's bound", { pay: { n: int({ max: 1.5 }) } }, "/pay/n/max"],
    ["all of none", { pay: { n: all() } }, "/pay/n/constraints"],
    ["any of none", { pay: { n: any() } }, "/pay/n/constraints"],
    ["optional below the top", { pay: { n: any(optional(int())) } }, "/pay/n/constraints/0"],
    ["an unknown constraint", { pay: { n: { constraint_type: "regex", value: ".*" } } }, "/pay/n/constraint_type"],
    ["a tool without a name", { "": { n: int() } }, "/"],
    ["text instead of constraints", { pay: { n: "INV-7" } }, "/pay/n"],
    ["text instead of arguments", { pay: "all" }, "/pay"],
    ["NaN", { pay: { n: exact(Number.NaN) } }, "/pay/n/value"],
    ["an infinite bound", { pay: { n: range({ max: Number.POSITIVE_INFINITY }) } }, "/pay/n/max"],
    ["a number that no double holds exactly", { pay: { n: exact(2 ** 53) } }, "/pay/n/value"],
    ["a lone surrogate", { pay: { "a/b": exact("\ud800") } }, "/pay/a~1b/value"],
    ["a bigint", { pay: { n: { constraint_type: "exact", value: 1n } } }, "/pay/n/value"],
    ["a constraint that refers to itself", { pay: { n: cyclic() } }, "/pay/n"],
    ["a tool called __proto__", JSON.parse('{"__proto__":{"n":{"constraint_type":"wildcard"}}}'), ""],
  ])("refuses %s as a mistake of its author, with the place", async (_, tools, pointer) => {
    const error = await errorOf(() => grant(tools as { [tool: string]: ToolGrantInput }));
    expect(error.code).toBe("config_invalid");
    expect(error.pointer).toContain(pointer);
    expect(error.message).toContain(`at "${error.pointer}"`);
  });
});

function cyclic(): unknown {
  const clauses: unknown[] = [exact(1)];
  const constraint = { constraint_type: "any", constraints: clauses };
  clauses.push(constraint);
  return constraint;
}

describe("tools of audiences beside bare ones", () => {
  const any = { x: wildcard() };
  it("are refused: a chain has the ones or the others", () => {
    expect(() => grant({ [`https://pay.example#a`]: any, b: any })).toThrow(/bare tools beside some of an audience/);
    expect(() => grant({ b: any, [`https://pay.example#a`]: any })).toThrow(
      expect.objectContaining({ code: "config_invalid" }),
    );
  });

  it("are let through without the others", () => {
    expect(Object.keys(grant({ a: any, b: any }))).toEqual(["a", "b"]);
    expect(Object.keys(grant({ "https://pay.example#a": any, "https://pay.example#b": any }))).toHaveLength(2);
  });
});
