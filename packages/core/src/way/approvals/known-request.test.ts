import { expect, it } from "vitest";
import { type ApprovalStores, vouchedSince } from "./known-request.ts";

const since = (kept?: number, used?: number): number =>
  vouchedSince({ approvals: { notBefore: kept }, spending: { notBefore: used } } as never as ApprovalStores);

it("neither store vouches for what is older than the other knows", () => {
  expect([since(5, 7), since(7, 5), since(7), since(undefined, 7), since()]).toEqual([
    7,
    7,
    7,
    7,
    Number.NEGATIVE_INFINITY,
  ]);
});
