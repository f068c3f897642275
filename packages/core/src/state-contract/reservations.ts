import { caseOf, type Scene, type StateCase } from "./case.ts";
import { same, sure, thrownBy } from "./expect.ts";
import { CALLS, OWNER, PAID, stepsOf } from "./spending-steps.ts";
import { newName } from "./texts.ts";

/** What a reservation comes to that is asked for again, taken back, or comes beside others. */
export const RESERVATIONS: readonly StateCase[] = [
  caseOf("counts a reservation once that comes to two processes at the same moment", async (scene) => {
    const { charge, reserve, spent } = stepsOf(scene);
    const ids = [newName(), newName(), newName()];
    const answers = await Promise.all(
      ids.flatMap((id, i) =>
        [scene.one, scene.two, scene.one, scene.two].map((driver) =>
          reserve([charge(30, 100), charge(1, 100, { account: "rate", counter: `${i}` })], id, driver),
        ),
      ),
    );
    for (const [i, { outcome }] of answers.entries()) same(outcome, "reserved", `answer ${i + 1}`);
    same(await spent(PAID), [90], "what is spent");
  }),
  caseOf("counts what it says to be reserved, also of a reservation that it refused before", async (scene) => {
    const { charge, reserve, settle, spent } = stepsOf(scene);
    const [first, again] = [newName(), newName()];
    await reserve([charge(900, 1000)], first);
    for (const driver of [scene.one, scene.two]) {
      const refused = await reserve([charge(1, 9, CALLS), charge(200, 1000)], again, driver);
      same(refused, { outcome: "refused", charge: 1, spent: 900 }, "200 more, by one name");
    }
    await settle(first, "nothing_happened");
    const { outcome } = await reserve([charge(1, 9, CALLS), charge(200, 1000)], again);
    same(await spent(PAID, CALLS), outcome === "reserved" ? [200, 1] : [0, 0], `what is spent, where it is ${outcome}`);
  }),
  caseOf("gives nothing back of what it never counted", async (scene) => {
    const { charge, reserve, settle, spent } = stepsOf(scene);
    const [refused, late, past] = [newName(), newName(), newName()];
    same((await reserve([charge(900, 1000), charge(5, 9, CALLS)])).outcome, "reserved", "900 of 1000");
    same((await reserve([charge(4, 9, CALLS), charge(200, 1000)], refused)).outcome, "refused", "200 more");
    const charges = [charge(50, 1000), charge(1, 9, CALLS)];
    const about = { owner: OWNER, charges };
    await thrownBy(() => scene.one.spending.reserve({ ...about, id: late, nowSeconds: scene.now() - 3600 }));
    await thrownBy(() => reserve([...charges, { ...charge(1, 1000), untilSeconds: scene.now() - 10 }], past));
    for (const id of [refused, late, past]) await settle(id, "nothing_happened", scene.two);
    same(await spent(PAID, CALLS), [900, 5], "what is spent");
  }),
  caseOf("comes to one end where a reservation and its ends come at the same moment", async (scene) => {
    const { charge, reserve, settle, spent } = stepsOf(scene);
    const ids = Array.from({ length: 20 }, newName);
    const steps = ids.flatMap((id, i) => {
      const [here, there] = i % 2 === 0 ? [scene.one, scene.two] : [scene.two, scene.one];
      return [
        async () => void (await reserve([charge(3, 1000)], id, here)),
        () => settle(id, "nothing_happened", there),
      ].sort(() => (i % 4 < 2 ? 1 : -1));
    });
    await Promise.all(steps.map((step) => step()));
    same(await spent(PAID), [0], "what is spent of what was withdrawn");
    const both = ids.map(() => newName());
    for (const id of both) await reserve([charge(3, 1000)], id);
    await Promise.all(
      both.flatMap((id) => [settle(id, "spent", scene.one), settle(id, "nothing_happened", scene.two)]),
    );
    const [left = 0] = await spent(PAID);
    const again = await Promise.all(both.map((id) => reserve([charge(3, 1000)], id)));
    same(left, 3 * again.filter(({ outcome }) => outcome === "reserved").length, "what is spent of what stands");
    same(await spent(PAID), [left], "what is spent in the end");
  }),
  caseOf("ends a reservation once, of its own owner alone: another's of the same id is another one", endsItsOwn),
  caseOf("takes charges in whichever order they come, also at the same moment", async (scene) => {
    const { charge, reserve, spent } = stepsOf(scene);
    const of = ["a", "b", "c"].map((account) => ({ account, counter: "n" }));
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, i) => {
        const charges = of.map((one) => charge(1, 1000, one));
        return reserve(i % 2 === 0 ? charges : charges.reverse(), newName(), i % 4 < 2 ? scene.one : scene.two);
      }),
    );
    sure(
      answers.every(({ outcome }) => outcome === "reserved"),
      "some were not reserved",
    );
    same(await spent(...of), [40, 40, 40], "what is spent");
  }),
  caseOf("says what is spent in the order in which it is asked, also of one counter twice", asksInOrder),
];

async function asksInOrder(scene: Scene): Promise<void> {
  const { charge, reserve, spent } = stepsOf(scene);
  const [a, b, c, nobody] = ["a", "b", "c", "d"].map((counter) => ({ account: "budget", counter })) as [
    typeof PAID,
    typeof PAID,
    typeof PAID,
    typeof PAID,
  ];
  const charges = [charge(2, 9, b), charge(3, 9, c), charge(1, 9, a), charge(0, 9, nobody), charge(4, 9, c)];
  same(await reserve(charges), { outcome: "reserved", spent: [2, 7, 1, 0, 7] }, "what is reserved");
  same(await spent(c, nobody, a, c, b), [7, 0, 1, 7, 2], "what is spent");
  const tooMuch = [charge(1, 9, a), charge(1, 9, c), charge(2, 9, c)];
  same(await reserve(tooMuch), { outcome: "refused", charge: 2, spent: 7 }, "what is refused for both together");
}

async function endsItsOwn(scene: Scene): Promise<void> {
  const id = newName();
  const [ann, ben, stranger] = ["ann", "ben", "cy"].map((name) => stepsOf(scene, name)) as [Steps, Steps, Steps];
  for (const { charge, reserve } of [ann, ben]) await reserve([charge(30, 100)], id);
  for (const how of ["spent", "nothing_happened"] as const) await stranger.settle(id, how, scene.two);
  await ben.settle(id, "nothing_happened", scene.two);
  same([await ann.spent(PAID), await ben.spent(PAID)], [[30], [0]], "what is spent, once another gave theirs back");
  for (const how of ["nothing_happened", "spent", "nothing_happened"] as const) await ann.settle(id, how);
  same(await ann.spent(PAID), [0], "what is spent of what was given back");
  for (const { charge, reserve, spent } of [ann, ben, stranger]) {
    same((await reserve([charge(30, 100)], id)).outcome, "withdrawn", "the same one again");
    same(await spent(PAID), [0], "what is spent of it");
  }
}

type Steps = ReturnType<typeof stepsOf>;
