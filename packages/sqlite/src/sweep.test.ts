import { createForgetting } from "@hopwise/core/state";
import { expect, it } from "vitest";
import { sqliteApprovals } from "./approvals.ts";
import { checkTaking, sqliteReplay } from "./replay.ts";
import { sqliteLog } from "./revocation-log.ts";
import { sqliteSpending } from "./spending.ts";
import { rowsOf, storeAt } from "./store.fixture.ts";
import { sweepOnce } from "./sweep.ts";

/** A clock that nobody set. */
const BELIEVED = (now: number): number => now;

/** One of everything, that ends in a minute; the revocations in one, and never. */
async function filled() {
  const store = await storeAt();
  const nowSeconds = store.at.now;
  const untilSeconds = nowSeconds + 60;
  await sqliteReplay(store).claim("a", untilSeconds, { madeAtSeconds: nowSeconds, owner: "o", root: "r" });
  const charge = { account: "a", counter: "c", amount: 1, most: 9, untilSeconds };
  const reservation = { id: "i", owner: "o", nowSeconds };
  await sqliteSpending(store).reserve({ ...reservation, charges: [charge, { ...charge, counter: "d" }] });
  const approvals = sqliteApprovals(store);
  await approvals.keep({ id: "q", call: "c", text: "t", untilSeconds, nowSeconds });
  await approvals.answer({ id: "q", key: "k", text: "t", nowSeconds });
  for (const [id, end] of [
    ["r1", untilSeconds],
    ["r2", undefined],
    ["r3", untilSeconds],
  ] as const) {
    await sqliteLog(store).append({ id, text: "t", ...(end !== undefined && { untilSeconds: end }) });
  }
  return store;
}

it("what has not ended stays, and so does what a clock that is set may still need", async () => {
  const store = await filled();
  const all = { proof: 1, share: 3, account: 1, counter: 2, reservation: 1, request: 1, answer: 1, entry: 3 };
  expect(await rowsOf(store)).toEqual(all);
  store.at.now += 59;
  await sweepOnce(store, BELIEVED);
  expect(await rowsOf(store)).toEqual(all);
  store.at.now += 2;
  await sweepOnce(store, BELIEVED);
  expect(await rowsOf(store)).toEqual({ ...all, request: 0, answer: 0 });
});

it("what has ended is deleted, but for the newest entry of the log, behind which the next page begins", async () => {
  const store = await filled();
  const head = await sqliteLog(store).head();
  store.at.now += 2 * 86_400;
  expect(await sweepOnce(store, BELIEVED)).toBe(false);
  const none = { proof: 0, account: 0, counter: 0, reservation: 0, request: 0, answer: 0 };
  expect(await rowsOf(store)).toEqual({ ...none, share: 1, entry: 2 }); // how many proofs there are in all: none
  expect(await sqliteLog(store).read(head)).toMatchObject({ continues: true, entries: [] });
  expect((await sqliteLog(store).read(undefined)).entries.map(({ id }) => id)).toEqual(["r2", "r3"]);
});

it("what was spent and revoked is there where the clock jumped ahead by ten years, and back, and no proof is taken twice", async () => {
  const store = await filled();
  const nowSeconds = store.at.now;
  const forgetting = createForgetting();
  store.at.now += 10 * 365 * 86_400;
  await sweepOnce(store, forgetting);
  store.at.now = nowSeconds;
  expect(await rowsOf(store)).toMatchObject({ proof: 0, account: 1, counter: 2, entry: 3 });
  expect(await sqliteSpending(store).spent("o", [{ account: "a", counter: "c" }])).toEqual([1]);
  expect((await sqliteLog(store).read(undefined)).entries.map(({ id }) => id)).toEqual(["r1", "r2", "r3"]);
  const again = sqliteReplay(store).claim("a", nowSeconds + 60, { madeAtSeconds: nowSeconds });
  await expect(again).rejects.toMatchObject({ code: "state_unavailable" });
  await expect(store.write((at) => checkTaking(at, store))).rejects.toThrow(
    /^the clock was ahead when this store forgot/,
  );
  store.at.now += 600;
  await store.write((at) => checkTaking(at, store));
});

it("much of it is deleted a little at a time, and nobody waits for a thousand counters of one account", async () => {
  const store = await storeAt();
  const charges = Array.from({ length: 1000 }, (_, i) => ({
    account: "a",
    counter: `${i}`,
    amount: 1,
    most: 1,
    untilSeconds: store.at.now + 60,
  }));
  await sqliteSpending(store).reserve({ id: "i", owner: "o", nowSeconds: store.at.now, charges });
  store.at.now += 86_400;
  const left: (number | undefined)[] = [];
  while (await sweepOnce(store, BELIEVED)) left.push((await rowsOf(store))["counter"]);
  expect(left).toEqual([800, 600, 400, 200, 0]);
  expect(await rowsOf(store)).toMatchObject({ account: 0, counter: 0 });
});

it("a share is given back with its proof, and an old account's counters are not those of a new one", async () => {
  const store = await storeAt({ maxProofsOfRoot: 1 });
  const replay = sqliteReplay(store);
  const spending = sqliteSpending(store);
  const reserve = async (id: string) =>
    spending.reserve({
      id,
      owner: "o",
      nowSeconds: store.at.now,
      charges: [{ account: "a", counter: "c", amount: 5, most: 9, untilSeconds: store.at.now + 60 }],
    });
  expect(await replay.claim("a", store.at.now + 60, { root: "r" })).toBe(true);
  await expect(replay.claim("b", store.at.now + 60, { root: "r" })).rejects.toThrow(
    "more than 1 live proofs of one root",
  );
  await reserve("i");
  store.at.now += 200;
  expect(await replay.claim("b", store.at.now + 60, { root: "r" })).toBe(true); // also where nothing was swept yet
  expect(await reserve("j")).toEqual({ outcome: "reserved", spent: [5] });
  await spending.settle({ id: "i", owner: "o", nowSeconds: store.at.now }, "nothing_happened");
  expect(await spending.spent("o", [{ account: "a", counter: "c" }])).toEqual([5]); // what it gave back was the old one's
});
