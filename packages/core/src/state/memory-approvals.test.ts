import { expect, it } from "vitest";
import { errorOf } from "../testing.fixture.ts";
import type { ApprovalStore, KeptAnswer } from "./approvals.ts";
import { memoryDriver } from "./memory.ts";

const NOW = 1_760_000_000;
type Kept = Parameters<ApprovalStore["keep"]>[0];

const KEPT: Kept = { id: "a", call: "c", text: "t", untilSeconds: NOW + 60, nowSeconds: NOW };
const ANSWER: KeptAnswer = { id: "a", key: "k", text: "yes", nowSeconds: NOW };
/** What stands for nothing in the place of a member: an end that is no time would never come. */
const WRONG: { readonly [type: string]: readonly unknown[] } = {
  string: [undefined, null, 5, {}],
  number: [undefined, null, Number.NaN, Number.POSITIVE_INFINITY, `${NOW}`],
};

it.each(Object.entries(KEPT))("a request whose %s is nothing of the kind is not kept", async (name, right) => {
  const { approvals } = memoryDriver({ since: 0, clock: () => NOW * 1000 });
  for (const wrong of WRONG[typeof right] ?? []) {
    const keep = () => approvals.keep({ ...KEPT, [name]: wrong });
    expect(await errorOf(keep), String(wrong)).toMatchObject({ code: "config_invalid", pointer: `/${name}` });
  }
  expect(await approvals.list(10)).toEqual([]);
});

it.each(Object.entries(ANSWER))("an answer whose %s is nothing of the kind is not kept", async (name, right) => {
  const { approvals } = memoryDriver({ since: 0, clock: () => NOW * 1000 });
  await approvals.keep(KEPT);
  for (const wrong of WRONG[typeof right] ?? []) {
    const answer = () => approvals.answer({ ...ANSWER, [name]: wrong });
    expect(await errorOf(answer), String(wrong)).toMatchObject({ code: "config_invalid", pointer: `/${name}` });
  }
  expect(await approvals.find("a")).toEqual({ id: "a", text: "t", answers: [] });
});
