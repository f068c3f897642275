import { caseOf, type Scene, type StateCase } from "./case.ts";
import { answeredBy, same, sure } from "./expect.ts";
import { CALLS, PAID, stepsOf } from "./spending-steps.ts";
import { newName } from "./texts.ts";

/** Nothing ends before its end, whatever a store keeps times in. */
export const ENDS: readonly StateCase[] = [
  caseOf("keeps a proof, an account and a revocation to the last part of a second", async (scene) => {
    const { one, two, now, store } = scene;
    if (store.advance === undefined) return;
    const { charge, reserve, spent } = stepsOf(scene);
    // Shortly before a whole second: what is cut to one would end too soon by most of it.
    const untilSeconds = Math.floor(now()) + 30.95;
    const about = { madeAtSeconds: now() };
    const [key, entry] = [newName(), { id: newName(), text: "t", untilSeconds }];
    same(await one.replay.claim(key, untilSeconds, about), true, "the first claim");
    await one.revocations.append(entry);
    await reserve([{ ...charge(1, 1), untilSeconds }]);
    await store.advance(untilSeconds - now() - 0.8);
    const again = await answeredBy(() => two.replay.claim(key, untilSeconds, about));
    const counted = await spent(PAID);
    await one.revocations.append({ id: newName(), text: "u" }); // A store tidies up while it does something else.
    const { entries } = await two.revocations.read(undefined);
    if (now() >= untilSeconds) return; // The machine was busy: nothing can be told.
    same(again, false, "the second claim");
    same(counted, [1], "what is spent");
    sure(
      entries.some(({ id }) => id === entry.id),
      "the revocation is not there any more",
    );
  }),
  caseOf("remembers a proof for as long as it says that it can", async ({ one, two, now, store }) => {
    const longest = one.replay.longestWindowSeconds ?? 3600;
    sure(Number.isFinite(longest) && longest > 0, `the longest window is ${longest} seconds`);
    if (store.advance === undefined) return;
    const key = newName();
    const about = { madeAtSeconds: now() };
    const until = about.madeAtSeconds + Math.min(longest, 3600);
    same(await one.replay.claim(key, until, about), true, "the first claim");
    for (const part of [0.5, 0.45]) {
      await store.advance((until - about.madeAtSeconds) * part);
      same(await two.replay.claim(key, until, about), false, `the second claim, ${part} of the window later`);
    }
  }),
  caseOf("knows for an hour what was withdrawn before it came, and what was given back", async (scene) => {
    const { charge, reserve, settle, spent } = stepsOf(scene);
    if (scene.store.advance === undefined) return;
    const [before, back] = [newName(), newName()];
    const long = (of = PAID) => ({ ...charge(60, 100, of), untilSeconds: scene.now() + 86_400 });
    await settle(before, "nothing_happened");
    await reserve([long()], back);
    await settle(back, "nothing_happened");
    await scene.store.advance(3590);
    await reserve([long(CALLS)]); // As above.
    for (const id of [before, back]) same(await reserve([long()], id), { outcome: "withdrawn" }, "it, an hour later");
    same(await spent(PAID), [0], "what is spent");
  }),
  caseOf("gives all of its list behind a request that has ended", listsAnew),
  caseOf("never has a head of its log again that it had, also once entries were forgotten", neverTheHeadOfBefore),
];

async function listsAnew({ one, two, now, store }: Scene): Promise<void> {
  if (store.advance === undefined) return;
  const [long, short, last] = [newName(), newName(), newName()];
  for (const [id, seconds] of [
    [long, 600],
    [short, 100],
    [last, 600],
  ] as const) {
    await one.approvals.keep({ id, call: id, text: "t", nowSeconds: now(), untilSeconds: now() + seconds });
  }
  await store.advance(120);
  const listed = await two.approvals.list(10, short);
  same(
    listed.map(({ id }) => id),
    [long, last],
    "the list behind it",
  );
}

/** A copy that stands at such a head would never read what came since. */
async function neverTheHeadOfBefore({ one, two, now, store }: Scene): Promise<void> {
  if (store.advance === undefined) return;
  const heads = new Set([await two.revocations.head()]);
  for (let i = 1; i <= 6; i++) {
    const ends = i % 2 === 1 && { untilSeconds: now() + 100 };
    await one.revocations.append({ id: newName(), text: `${i}`, ...ends });
    const head = await two.revocations.head();
    sure(!heads.has(head), `the head after entry ${i} is one that it had before`);
    heads.add(head);
    await store.advance(7200);
  }
}
