import { describe, expect, it } from "vitest";
import { allOf, calls, type RowCondition, variableOf } from "./row-condition.ts";
import { shapeOf } from "./shape.ts";

const region = (value: string) => calls("eq", variableOf("R.attr.region"), { value });
const amount = calls("le", variableOf("R.attr.amount"), { value: 1000 });
const of = (expression: RowCondition["expression"], more: Partial<RowCondition> = {}) =>
  shapeOf({ expression, required: [], unknown: "sql", ...more });

describe("a condition on record", () => {
  it("has its form, and no value", async () => {
    const { condition } = await of(calls("and", region("EMEA"), amount));
    expect(condition).toBe("and(le(R.attr.amount, ?), eq(R.attr.region, ?))");
    expect(await of(true)).toMatchObject({ condition: "every row" });
    expect(await of(false)).toMatchObject({ condition: "no row" });
  });

  it("has the same hash as the same condition, in whichever order a plan gave its operands, and another than any other", async () => {
    const one = await of(calls("or", region("EMEA"), calls("and", amount, region("AMER"))));
    expect(await of(calls("or", calls("and", region("AMER"), amount), region("EMEA")))).toEqual(one);
    const hashes = await Promise.all([
      of(region("EMEA")),
      of(region("AMER")),
      of(region("EMEA"), { unknown: "weak" }),
      of(region("EMEA"), { required: ["region"] }),
    ]);
    expect(new Set(hashes.map(({ conditionHash }) => conditionHash)).size).toBe(4);
    // What is no AND and no OR keeps the order of its operands.
    expect((await of(calls("lt", { value: 1 }, { name: "request.resource.attr.a" }))).condition).toBe(
      "lt(?, R.attr.a)",
    );
  });

  it("says that plans sufficed, and is cut where it is long", async () => {
    expect(await of(amount, { unknown: "weak" })).toMatchObject({ plansSuffice: true });
    const long = calls("or", ...Array.from({ length: 200 }, (_, i) => region(String(i))));
    expect((await of(long)).condition.length).toBe(1001);
  });
});

describe("conditions together", () => {
  it("absorb a denied one, leave out an allowed one, and name each but once", () => {
    expect(allOf([true, false, amount])).toBe(false);
    expect(allOf([true, true])).toBe(true);
    expect(allOf([amount, true, { ...amount }])).toEqual(amount);
    const twice = calls("or", region("EMEA"), region("EMEA"));
    expect(allOf([twice, calls("and", region("EMEA"), calls("and", amount, twice))])).toEqual(
      calls("and", region("EMEA"), amount),
    );
    const flag = variableOf("R.attr.flag");
    expect(allOf([calls("eq", calls("or", flag, flag), flag)]), "a lone attribute may be no boolean").toEqual(
      calls("eq", calls("or", flag), flag),
    );
    expect(allOf([calls("not", twice)])).toEqual(calls("not", region("EMEA")));
    expect(allOf([amount, region("EMEA")])).toEqual(calls("and", amount, region("EMEA")));
  });
});
