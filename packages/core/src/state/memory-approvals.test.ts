import { beforeEach, describe, expect, it, vi } from "vitest";
import { errorOf } from "../world.fixture.ts";
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

describe("requests in memory", () => {
  let now: number;
  let approvals: ApprovalStore;
  beforeEach(() => {
    now = NOW;
    approvals = memoryDriver({ since: 0, clock: () => now * 1000 }).approvals;
  });
  const keep = (id: string, untilSeconds: number, more: Partial<Kept> = {}) =>
    approvals.keep({ ...KEPT, id, untilSeconds, nowSeconds: now, ...more });
  const listed = async () => (await approvals.list(10)).map(({ id }) => id);

  it("end at their end, and not a moment before", async () => {
    await keep("a", NOW + 60);
    now = NOW + 59.999;
    expect([await listed(), (await approvals.find("a"))?.id, (await approvals.latest("c"))?.id]).toEqual([
      ["a"],
      "a",
      "a",
    ]);
    now = NOW + 60;
    expect([await listed(), await approvals.find("a"), await approvals.latest("c")]).toEqual([
      [],
      undefined,
      undefined,
    ]);
    expect(await approvals.answer({ ...ANSWER, nowSeconds: now })).toBe("gone");
  });

  it("are gone for good once another one came after their end, also where the clock goes back", async () => {
    await keep("a", NOW + 3, { call: "of a" });
    await keep("b", NOW + 4, { call: "of b" });
    now = NOW + 3;
    await keep("c", NOW + 60);
    now = NOW;
    expect(await listed()).toEqual(["b", "c"]);
    expect(await approvals.find("a")).toBeUndefined();
    expect((await approvals.find("b"))?.id).toBe("b");
  });

  it("are gone for good once anything was asked after their end: their use may be forgotten by then", async () => {
    await keep("a", NOW + 60);
    now = NOW + 60;
    await approvals.latest("of another call");
    now = NOW;
    expect([await listed(), await approvals.find("a")]).toEqual([[], undefined]);
  });

  it("may be kept anew under an id that ended within the same second", async () => {
    await keep("a", NOW + 3.2);
    now = NOW + 3.5;
    await keep("a", NOW + 3.8);
    now = NOW + 3.9;
    await keep("a", NOW + 60);
    now = NOW + 5;
    expect(await listed()).toEqual(["a"]);
  });

  it("are not all walked over for each that comes", async () => {
    for (let i = 0; i < 100; i++) await keep(`${i}`, NOW + 60, { call: `${i}` });
    let walks = 0;
    const walk = Map.prototype[Symbol.iterator];
    vi.spyOn(Map.prototype, Symbol.iterator).mockImplementation(function (this: Map<unknown, unknown>) {
      walks += this.size >= 100 ? 1 : 0;
      return walk.call(this) as never;
    });
    await keep("one more", NOW + 60, { call: "one more" });
    vi.restoreAllMocks();
    expect(walks).toBe(0);
  });

  it("leave the newest of their call, which may end after one before it", async () => {
    await keep("a", NOW + 3);
    expect(await keep("b", NOW + 60, { after: "a" })).toBe("b");
    now = NOW + 3;
    await keep("of another call", NOW + 60, { call: "another" });
    expect((await approvals.latest("c"))?.id).toBe("b");
    expect(await keep("d", NOW + 60)).toBe("b");
  });

  it("may come after one that ended", async () => {
    expect(await keep("b", NOW + 60, { after: "a" })).toBe("b");
  });

  it("take 64 answers, and say so beyond", async () => {
    await keep("a", NOW + 60);
    for (let i = 0; i < 64; i++) expect(await approvals.answer({ ...ANSWER, key: `${i}` })).toBe("kept");
    expect(await errorOf(() => approvals.answer(ANSWER))).toMatchObject({
      code: "state_unavailable",
      message: "more than 64 people answered one request",
    });
    expect(await approvals.answer({ ...ANSWER, key: "5" })).toBe("known");
  });
});
