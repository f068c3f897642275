import { expect, it } from "vitest";
import { NOW } from "../../world.fixture.ts";
import type { AskedApproval } from "./kept-request.ts";
import { approvalUse, endCounters, refusalCharge, tellingCharge } from "./use.ts";

const ASKED = { id: "request-1", request: { untilSeconds: NOW } } as AskedApproval;
const ACCOUNT = { account: "approval request-1" };

it("the counters of a request lie in one account, which outlives it by as much as clocks differ", () => {
  const charge = { ...ACCOUNT, untilSeconds: NOW + 120 };
  expect(approvalUse(ASKED)).toEqual([
    { ...charge, counter: "no", amount: 0, most: 0 },
    { ...charge, counter: "used", amount: 1, most: 1 },
  ]);
  expect(refusalCharge(ASKED)).toEqual({ ...charge, counter: "no", amount: 1, most: Number.MAX_SAFE_INTEGER });
  expect(tellingCharge(ASKED)).toEqual({ ...charge, counter: "told", amount: 1, most: 1 });
  expect(endCounters(ASKED)).toEqual([
    { ...ACCOUNT, counter: "used" },
    { ...ACCOUNT, counter: "no" },
  ]);
});
