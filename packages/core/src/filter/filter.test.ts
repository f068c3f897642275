import { describe, expect, it } from "vitest";
import { errorOf } from "../world.fixture.ts";
import { checkApplied, type Filter } from "./filter.ts";

const none = (): void => {};
const FAILING = {
  get applied(): never {
    throw new Error("hunter2");
  },
};

describe("the result of a tool that gives rows", () => {
  it("may be shown once what was read was checked, as that of a tool that gives none", async () => {
    expect(() => checkApplied(undefined)).not.toThrow();
    const unchecked = { kind: "invoice", take: none, check: none, fail: none, leaveOut: none } as unknown as Filter;
    expect(() => checkApplied({ ...unchecked, applied: { shown: 1 } } as unknown as Filter)).not.toThrow();
    expect((await errorOf(() => checkApplied(unchecked))).code).toBe("filter_unapplied");
  });

  it.each([null, 5, [], FAILING])("is not shown beside what is no filter (%#), and our words say so", async (none) => {
    const error = await errorOf(() => checkApplied(none as never));
    expect([error.code, error.message.includes("hunter2")]).toEqual(["config_invalid", false]);
  });
});
