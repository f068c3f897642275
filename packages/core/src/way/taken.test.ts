import { expect, it } from "vitest";
import type { Allowed } from "../decision/index.ts";
import { errorOf } from "../world.fixture.ts";
import { didNothing, keepTaken, saidNothingHappened, settleTaken } from "./taken.ts";

const decisionWith = (): { readonly decision: Allowed; readonly settled: string[] } => {
  const settled: string[] = [];
  const decision = {} as Allowed;
  const kept = keepTaken(decision, { left: undefined, settle: (how) => void settled.push(how) });
  expect(kept).toBe(decision);
  return { decision, settled };
};

it("what a call took is given back where nothing happened, and else stays spent: said once", () => {
  for (const [nothing, how] of [
    [true, "nothing_happened"],
    [false, "spent"],
  ] as const) {
    const { decision, settled } = decisionWith();
    settleTaken(decision, nothing);
    settleTaken(decision, !nothing);
    expect(settled).toEqual([how]);
  }
});

it("a call that took nothing settles nothing", () => {
  const decision = {} as Allowed;
  expect(keepTaken(decision, undefined)).toBe(decision);
  expect(settleTaken(decision, true)).toBeUndefined();
});

it("that nothing happened is said of one decision", async () => {
  const [one, other] = [{} as Allowed, {} as Allowed];
  saidNothingHappened(one);
  expect([didNothing(one), didNothing(other)]).toEqual([true, false]);
  for (const none of [null, 5, "decision"]) {
    expect(await errorOf(() => saidNothingHappened(none as never))).toMatchObject({
      code: "config_invalid",
      message: expect.stringMatching(/^saidNothingHappened: decision must be a decision that allowed a call/),
      pointer: "/decision",
    });
  }
});
