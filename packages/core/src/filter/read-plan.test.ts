import { describe, expect, it } from "vitest";
import { readPlan } from "./read-plan.ts";

const region = { operator: "eq", operands: [{ name: "request.resource.attr.region" }, { value: "EMEA" }] };
const conditional = (condition: unknown) => readPlan({ kind: "KIND_CONDITIONAL", condition } as never);

/** An expression of so many levels. */
function deep(levels: number): object {
  return levels === 0 ? region : { operator: "not", operands: [deep(levels - 1)] };
}

describe("a plan", () => {
  it("is all rows, no row, or those that fulfil its condition", () => {
    expect(readPlan({ kind: "KIND_ALWAYS_ALLOWED" } as never)).toEqual({ rows: true });
    expect(readPlan({ kind: "KIND_ALWAYS_DENIED" } as never)).toEqual({ rows: false });
    expect(conditional(region)).toEqual({ rows: region });
  });

  it("with something that fits no schema is no empty list", () => {
    const validationErrors = [{ source: "SOURCE_PRINCIPAL", path: "/region", message: "secret" }];
    const reading = readPlan({ kind: "KIND_ALWAYS_DENIED", validationErrors } as never);
    expect(reading).toEqual({ problem: "the principal does not fit its schema" });
    const ofResource = [{ source: "SOURCE_RESOURCE", path: "/args", message: "secret" }];
    expect(readPlan({ kind: "KIND_ALWAYS_ALLOWED", validationErrors: ofResource } as never)).toEqual({
      problem: "an argument does not fit its schema",
    });
  });

  it.each([undefined, "", "KIND_UNSPECIFIED", 3])("of the kind %j cannot be relied on", (kind) => {
    expect(readPlan({ kind } as never)).toEqual({ problem: "the plan is of no known kind" });
  });

  it.each(["get-field", "set-field", "struct"])(
    "that would carry attributes of a principal (%s) is refused for either reason, and never shown",
    (operator) => {
      const reading = conditional({
        operator: "or",
        operands: [region, { operator, operands: [{ value: { secret: "4711" } }, { name: "gone" }] }],
      });
      const either = /reads one that it does not have \(.*\), or holds an object in one against the row/;
      expect(reading).toEqual({ problem: expect.stringMatching(either) });
      expect(JSON.stringify(reading)).not.toContain("4711");
    },
  );

  it.each(["request.principal.attr.region", "request.aux_data.jwt.sub", "P.id", "request", "request.resourceful.x"])(
    "that names %s, which is nothing of a row, is refused",
    (name) => {
      expect(conditional({ operator: "eq", operands: [{ name }, { value: 1 }] })).toEqual({
        problem: expect.stringMatching(/names something else than the resource/),
      });
    },
  );

  it("may name an element of a list, where a lambda binds it, and nowhere else", () => {
    const list = { name: "request.resource.attr.tags" };
    const body = { operator: "eq", operands: [{ name: "e.k" }, { value: "a" }] };
    const exists = { operator: "exists", operands: [list, { operator: "lambda", operands: [body, { name: "e" }] }] };
    expect(conditional(exists)).toEqual({ rows: exists });
    expect(conditional(body)).toHaveProperty("problem");
    const binding = [{ name: "request.principal.attr.x" }, { name: "request" }];
    expect(conditional({ operator: "lambda", operands: binding })).toHaveProperty("problem");
  });

  it.each([
    ["that is missing", undefined],
    ["without operands", { operator: "eq" }],
    ["with an operand that is nothing", { operator: "not", operands: [{}] }],
    ["with a value that is no JSON", { operator: "not", operands: [{ value: Number.NaN }] }],
    [
      "of a value that throws",
      {
        get operator() {
          throw new Error("secret");
        },
      },
    ],
  ])("with a condition %s cannot be read", (_, condition) => {
    const reading = conditional(condition);
    expect(reading).toHaveProperty("problem");
    expect(JSON.stringify(reading)).not.toContain("secret");
  });

  it.each([2 ** 53, Number.NaN, new Date(0)])("with the value %s says which ones there may be", (value) => {
    const problem = expect.stringContaining("is not of finite numbers (whole ones up to 2^53 - 1)");
    expect(conditional({ operator: "eq", operands: [region, { value }] })).toEqual({ problem });
  });

  it("has bounds: nothing is built of one that is too deep or too large", () => {
    expect(conditional(deep(60))).toHaveProperty("rows");
    expect(conditional(deep(300))).toEqual({ problem: "the plan's condition is too large" });
    const wide = { operator: "or", operands: Array.from({ length: 6000 }, () => ({ value: true })) };
    expect(conditional(wide)).toEqual({ problem: "the plan's condition is too large" });
  });
});
