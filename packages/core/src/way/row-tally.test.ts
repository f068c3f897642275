import { expect, it } from "vitest";
import { HopwiseError } from "../errors.ts";
import { errorOf } from "../world.fixture.ts";
import { createRowTally } from "./row-tally.ts";

const WITHHELD = new HopwiseError("result_withheld", "a pointer leads into a text");
const FAULT = { code: "result_withheld", message: "a pointer leads into a text", told: "result_withheld" };

it("nothing came of a read that was not checked", () => {
  const tally = createRowTally();
  expect([tally.applied, tally.fault]).toEqual([undefined, undefined]);
});

it("the parts of a read add up, and say of what did not happen nothing", () => {
  const tally = createRowTally();
  tally.add({ rows: 3, leftOut: 1, tooLarge: 0, unfit: 0 });
  expect(tally.applied).toStrictEqual({ rows: 3, leftOut: 1 });
  tally.add({ rows: 2, leftOut: 4, tooLarge: 2, unfit: 1 });
  tally.add({ rows: 0, leftOut: 3, tooLarge: 1, unfit: 2 });
  expect(tally.applied).toStrictEqual({ rows: 5, leftOut: 8, tooLarge: 3, unfit: 3 });
  expect(Object.isFrozen(tally.applied)).toBe(true);
});

it("rows that cannot be changed are left out of those that passed, as long as some are left", () => {
  const tally = createRowTally();
  tally.add({ rows: 3, leftOut: 1, tooLarge: 0, unfit: 0 });
  tally.leaveOut(2, WITHHELD);
  expect(tally.applied).toStrictEqual({ rows: 1, leftOut: 3, unfulfilled: 2 });
  expect(tally.fault).toBeUndefined();
  tally.leaveOut(1, new HopwiseError("policy_inconclusive", "another"));
  expect([tally.applied, tally.fault]).toEqual([undefined, FAULT]);
  tally.add({ rows: 1, leftOut: 0, tooLarge: 0, unfit: 0 });
  expect(tally.applied).toStrictEqual({ rows: 1, leftOut: 4, unfulfilled: 3 });
});

it("rows that cannot be changed for another reason are told in our words", () => {
  const tally = createRowTally();
  tally.add({ rows: 1, leftOut: 0, tooLarge: 0, unfit: 0 });
  tally.leaveOut(1, new Error("hunter2"));
  expect(tally.fault).toEqual({
    ...FAULT,
    message: "rows could not be changed as the policies oblige to",
  });
});

it("no rows are none that are left out, and an empty read is one that found nothing", () => {
  const tally = createRowTally();
  tally.add({ rows: 0, leftOut: 2, tooLarge: 0, unfit: 0 });
  tally.leaveOut(0, WITHHELD);
  expect([tally.applied, tally.fault]).toEqual([{ rows: 0, leftOut: 2 }, undefined]);
});

it.each([4, -1, 0.5, "1", undefined])("no more are left out than passed: %j of three", async (rows) => {
  const tally = createRowTally();
  const message = (passed: number): string =>
    `leaveOut: rows must be how many rows are left out of those that passed, at most ${passed} here`;
  expect(await errorOf(() => tally.leaveOut(1, WITHHELD))).toMatchObject({ message: message(0) });
  tally.add({ rows: 3, leftOut: 0, tooLarge: 0, unfit: 0 });
  expect(await errorOf(() => tally.leaveOut(rows as number, WITHHELD))).toMatchObject({
    code: "config_invalid",
    message: message(3),
  });
  expect(tally.applied).toStrictEqual({ rows: 3, leftOut: 0 });
});

it("nothing came of a read of which one part failed, and the first fault of ours is told of it", () => {
  const tally = createRowTally();
  tally.add({ rows: 3, leftOut: 0, tooLarge: 0, unfit: 0 });
  tally.fail(new Error("hunter2"));
  expect([tally.applied, tally.fault]).toEqual([undefined, undefined]);
  tally.fail(new HopwiseError("config_invalid", "of a program"));
  expect(tally.fault).toEqual({ code: "config_invalid", message: "of a program", told: undefined });
  tally.fail(WITHHELD);
  tally.add({ rows: 3, leftOut: 0, tooLarge: 0, unfit: 0 });
  expect([tally.applied, tally.fault?.code]).toEqual([undefined, "config_invalid"]);
});
