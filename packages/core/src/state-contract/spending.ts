import type { Charge, Reserved } from "../state/index.ts";
import { caseOf, type Scene, type StateCase } from "./case.ts";
import { same, sure, thrownBy, unavailable } from "./expect.ts";
import { CALLS, OWNER, PAID, stepsOf } from "./spending-steps.ts";
import { newName, ODD_TEXTS } from "./texts.ts";

const MOST = Number.MAX_SAFE_INTEGER;

const reserved = (...spent: readonly number[]): Reserved => ({ outcome: "reserved", spent });

/** What is spent: one atomic step over all counters. */
export const SPENDING: readonly StateCase[] = [
  caseOf(
    "counts what is reserved to the unit, and refuses the first unit beyond, with what is spent",
    async (scene) => {
      const { charge, reserve, spent } = stepsOf(scene);
      same(await spent(PAID, CALLS), [0, 0], "what is spent of what nobody charged");
      same(await reserve([charge(900, 1000)]), reserved(900), "900 of 1000");
      const refused: Reserved = { outcome: "refused", charge: 0, spent: 900 };
      same(await reserve([charge(101, 1000)]), refused, "101 more");
      same(await reserve([charge(100, 1000)], newName(), scene.two), reserved(1000), "100 more, at the other process");
      same(await reserve([charge(1, 1000)]), { ...refused, spent: 1000 }, "one more");
      same(await spent(PAID), [1000], "what is spent");
    },
  ),
  caseOf("counts all charges of a reservation or none, and names the first that does not fit", async (scene) => {
    const { charge, reserve, spent } = stepsOf(scene);
    const other = { account: "rate", counter: "paid" };
    same(await reserve([charge(5, 10), charge(5, 10, CALLS), charge(5, 10, other)]), reserved(5, 5, 5), "what fits");
    const charges = [charge(5, 10), charge(6, 10, CALLS), charge(6, 10, other)];
    same(await reserve(charges), { outcome: "refused", charge: 1, spent: 5 }, "what does not fit in two places");
    same(await spent(PAID, CALLS, other), [5, 5, 5], "what is spent");
  }),
  caseOf("adds up what one reservation charges to one counter more than once", async (scene) => {
    const { charge, reserve, spent } = stepsOf(scene);
    const twice = await reserve([charge(600, 1000), charge(600, 1000)]);
    same([twice.outcome, "charge" in twice && twice.charge], ["refused", 1], "600 and 600 of 1000");
    same((await reserve([charge(400, 1000), charge(600, 1000)])).outcome, "reserved", "400 and 600 of 1000");
    same(await spent(PAID), [1000], "what is spent");
  }),
  caseOf("only looks where the amount is 0", async (scene) => {
    const { charge, reserve, spent } = stepsOf(scene);
    same(await reserve([charge(0, 0)]), reserved(0), "whether nothing is at most 0");
    same(await reserve([charge(3, 9)]), reserved(3), "3 of 9");
    same(await reserve([charge(0, 3)]), reserved(3), "whether 3 are at most 3");
    same(await reserve([charge(0, 2)]), { outcome: "refused", charge: 0, spent: 3 }, "whether 3 are at most 2");
    same(await spent(PAID), [3], "what is spent");
  }),
  caseOf("is exact up to 2^53 - 1", async (scene) => {
    const { charge, reserve, spent } = stepsOf(scene);
    same(await reserve([charge(MOST - 1, MOST)]), reserved(MOST - 1), "all but one");
    same(await reserve([charge(MOST, MOST)]), { outcome: "refused", charge: 0, spent: MOST - 1 }, "the same again");
    same(await reserve([charge(1, MOST)]), reserved(MOST), "the last one");
    same(await reserve([charge(1, MOST)]), { outcome: "refused", charge: 0, spent: MOST }, "one beyond");
    same(await reserve([charge(MOST, MOST, CALLS)]), reserved(MOST), "all at once");
    same(await spent(PAID, CALLS), [MOST, MOST], "what is spent");
  }),
  caseOf("throws for what is no whole number from 0 to 2^53 - 1, and counts nothing", async (scene) => {
    const { charge, reserve, spent } = stepsOf(scene);
    same(await reserve([charge(10, 100)]), reserved(10), "10 of 100");
    for (const wrong of [-1, 0.5, 2 ** 53, Number.NaN, Number.POSITIVE_INFINITY, "1" as never]) {
      for (const bad of [charge(wrong, 100), charge(1, wrong)]) {
        const thrown = await thrownBy(() => reserve([charge(1, 100, CALLS), bad]));
        sure(thrown !== undefined, `an amount of ${bad.amount}, at most ${bad.most}: it answered`);
      }
    }
    same(await spent(PAID, CALLS), [10, 0], "what is spent");
  }),
  caseOf("counts a reservation once, however often it is asked for", async (scene) => {
    const { charge, reserve, settle, spent } = stepsOf(scene);
    const id = newName();
    for (const driver of [scene.one, scene.two, scene.one]) {
      same(await reserve([charge(60, 100)], id, driver), reserved(60), "60 of 100, by the same name");
    }
    same(await spent(PAID), [60], "what is spent");
    await settle(id, "spent", scene.two);
    same(await reserve([charge(60, 100)], id), reserved(60), "the same name, once it was settled");
    same(await spent(PAID), [60], "what is spent");
  }),
  caseOf("lets stand what was spent, also where it is then said that nothing happened", async (scene) => {
    const { charge, reserve, settle, spent } = stepsOf(scene);
    const id = newName();
    await reserve([charge(60, 100)], id);
    await settle(id, "spent");
    await settle(id, "nothing_happened", scene.two);
    same(await spent(PAID), [60], "what is spent");
  }),
  caseOf("gives all charges back once where nothing happened", async (scene) => {
    const { charge, reserve, settle, spent } = stepsOf(scene);
    const id = newName();
    await reserve([charge(7, 100), charge(1, 100, CALLS)]);
    await reserve([charge(60, 100), charge(1, 100, CALLS), charge(0, 100)], id);
    same(await spent(PAID, CALLS), [67, 2], "what is spent before");
    await Promise.all([scene.one, scene.two, scene.one].map((driver) => settle(id, "nothing_happened", driver)));
    await settle(id, "spent");
    same(await spent(PAID, CALLS), [7, 1], "what is spent after");
    same(await reserve([charge(60, 100)], id, scene.two), { outcome: "withdrawn" }, "the same name, once it was back");
    same(await spent(PAID, CALLS), [7, 1], "what is spent in the end");
  }),
  caseOf("refuses a reservation that was withdrawn before it came", async (scene) => {
    const { charge, reserve, settle, spent } = stepsOf(scene);
    const id = newName();
    await settle(id, "nothing_happened");
    for (const driver of [scene.two, scene.one]) {
      same(await reserve([charge(60, 100)], id, driver), { outcome: "withdrawn" }, "it, when it came");
    }
    same(await spent(PAID), [0], "what is spent");
  }),
  caseOf("never lets two processes spend more than there is, whatever comes at the same moment", async (scene) => {
    const { charge, reserve, settle, spent } = stepsOf(scene);
    const ids = Array.from({ length: 80 }, newName);
    const answers = await Promise.all(
      ids.map((id, i) => reserve([charge(3, 100), charge(1, 1000, CALLS)], id, i % 2 === 0 ? scene.one : scene.two)),
    );
    const got = ids.filter((_, i) => answers[i]?.outcome === "reserved");
    same(got.length, 33, "how many got 3 of 100");
    same(await spent(PAID, CALLS), [99, 33], "what is spent");
    await Promise.all(ids.map((id, i) => settle(id, "nothing_happened", i % 2 === 0 ? scene.two : scene.one)));
    same(await spent(PAID, CALLS), [0, 0], "what is spent once all is given back");
  }),
  caseOf("keeps owners, accounts and counters apart by their whole names, whatever stands in them", oddNames),
  caseOf("takes a thousand charges in one step", async (scene) => {
    const { charge, reserve, spent } = stepsOf(scene);
    const of = Array.from({ length: 1000 }, (_, i) => ({ account: `a${i % 20}`, counter: `${"c".repeat(200)}${i}` }));
    same(
      await reserve(of.map((counter) => charge(1, 1, counter))),
      reserved(...Array(1000).fill(1)),
      "a thousand charges",
    );
    const last = [...of.slice(1).map((counter) => charge(1, 2, counter)), charge(1, 1, of[0])];
    same(await reserve(last), { outcome: "refused", charge: 999, spent: 1 }, "the same, the last of which is too much");
    same(await spent(...of), Array(1000).fill(1), "what is spent");
  }),
  caseOf(
    "takes no more than some ten thousand counters into one account, and goes on with those it has",
    async (scene) => {
      const { charge, reserve, spent } = stepsOf(scene);
      const of = (n: number) => ({ account: "budget", counter: `c${n}` });
      for (let from = 0; from < 10_000; from += 1000) {
        const thousand = Array.from({ length: 1000 }, (_, i) => charge(1, 1, of(from + i)));
        same((await reserve(thousand)).outcome, "reserved", `a thousand counters after ${from}`);
      }
      await unavailable(() => reserve([charge(1, 9, of(5)), charge(1, 9, of(10_000))]), "one counter more");
      same(await spent(of(5), of(10_000)), [1, 0], "what is spent then");
      same(
        await reserve([charge(1, 9, of(5)), charge(0, 9, of(10_000))]),
        reserved(2, 0),
        "one that it has, and a look",
      );
      same(await reserve([charge(1, 9, { account: "other", counter: "c" })]), reserved(1), "another account");
    },
  ),
  caseOf("refuses to reserve and to settle where the clocks lie more than five seconds apart", async (scene) => {
    const { charge, reserve, spent } = stepsOf(scene);
    const { spending } = scene.one;
    const id = newName();
    await reserve([charge(60, 100)], id);
    for (const apart of [-3600, -7, 7, 3600]) {
      const about = { owner: OWNER, nowSeconds: scene.now() + apart };
      const what = `a caller's clock that is ${apart} seconds from the store's`;
      await unavailable(() => spending.reserve({ ...about, id: newName(), charges: [charge(1, 100)] }), what);
      await unavailable(() => spending.settle({ ...about, id }, "nothing_happened"), what);
    }
    same(await spent(PAID), [60], "what is spent");
  }),
  caseOf("refuses a charge whose end is past by its own clock, since it would count nothing", async (scene) => {
    const { charge, spent } = stepsOf(scene);
    for (const past of [1, 3, 3600]) {
      const charges = [charge(1, 1, CALLS), { ...charge(1, 1), untilSeconds: scene.now() - past }];
      const about = { id: newName(), owner: OWNER, nowSeconds: scene.now() - Math.min(past + 1, 4) };
      await unavailable(
        () => scene.one.spending.reserve({ ...about, charges }),
        `an end that is past by ${past} seconds`,
      );
    }
    same(await spent(PAID, CALLS), [0, 0], "what is spent");
  }),
  caseOf("counts a reservation that is said to be spent before it came, or refuses it", async (scene) => {
    const { charge, reserve, settle, spent } = stepsOf(scene);
    const id = newName();
    await settle(id, "spent");
    const { outcome } = await reserve([charge(60, 100)], id);
    same(await spent(PAID), [outcome === "reserved" ? 60 : 0], "what is spent");
  }),
  caseOf("keeps an account until the latest of its ends, and not much longer", async (scene) => {
    const { charge, reserve, spent } = stepsOf(scene);
    if (scene.store.advance === undefined) return;
    const until = (seconds: number): readonly Charge[] => [{ ...charge(1, 3), untilSeconds: scene.now() + seconds }];
    for (const [i, seconds] of [100, 1000, 100].entries()) {
      same(await reserve(until(seconds)), reserved(i + 1), `one until ${seconds}`);
    }
    for (const seconds of [50, 100, 800]) {
      await scene.store.advance(seconds);
      same(await reserve(until(10)), { outcome: "refused", charge: 0, spent: 3 }, `one more, ${seconds} seconds later`);
    }
    await scene.store.advance(3 * 86_400);
    same(await spent(PAID), [0], "what is spent of an account that ended days ago");
    same(await reserve(until(10)), reserved(1), "one of an account that begins anew");
  }),
  caseOf("gives nothing back to a later account of the same name", async (scene) => {
    const { charge, reserve, settle, spent } = stepsOf(scene);
    const late = newName();
    await reserve([{ ...charge(900, 1000), untilSeconds: scene.now() + 2 }], late);
    if (scene.store.advance !== undefined) await scene.store.advance(1500);
    else await new Promise((resolve) => setTimeout(resolve, 2200));
    // A store may keep an account for longer than it must: then it is the first one still.
    if ((await spent(PAID))[0] !== 0) return;
    same(await reserve([charge(1000, 1000)]), reserved(1000), "all of an account that begins anew");
    await settle(late, "nothing_happened", scene.two);
    same(await spent(PAID), [1000], "what is spent of it");
    same(await reserve([charge(1, 1000)]), { outcome: "refused", charge: 0, spent: 1000 }, "one more");
  }),
  caseOf("gives back what was reserved up to an hour ago", async (scene) => {
    const { charge, reserve, settle, spent } = stepsOf(scene);
    if (scene.store.advance === undefined) return;
    const id = newName();
    await reserve([{ ...charge(60, 100), untilSeconds: scene.now() + 86_400 }], id);
    await scene.store.advance(3590);
    same(await reserve([charge(60, 100)], id), reserved(60), "the same name, an hour later");
    await settle(id, "nothing_happened", scene.two);
    same(await spent(PAID), [0], "what is spent");
  }),
];

async function oddNames(scene: Scene): Promise<void> {
  const { charge, reserve, spent } = stepsOf(scene);
  const pairs = [
    ...ODD_TEXTS.map((account) => ({ account, counter: "c" })),
    ...ODD_TEXTS.filter((counter) => counter !== "c").map((counter) => ({ account: "other", counter })),
    ...[" ", "\0", ":", "/", ",", '","', "0"].flatMap((between) => [
      { account: `x${between}y`, counter: "z" },
      { account: "x", counter: `y${between}z` },
    ]),
  ];
  for (const pair of pairs) {
    const name = JSON.stringify(pair).slice(0, 60);
    same(await reserve([charge(1, 1, pair)]), reserved(1), `1 of 1 of ${name}`);
  }
  same(
    await spent(...pairs),
    pairs.map(() => 1),
    "what is spent of each",
  );
  for (const owner of ODD_TEXTS) {
    const of = stepsOf(scene, owner);
    same(await of.reserve([charge(1, 1)]), reserved(1), `1 of 1 of the owner ${JSON.stringify(owner).slice(0, 60)}`);
    same(await of.spent(PAID), [1], "what that owner spent");
  }
}
