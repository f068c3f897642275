import type { ClaimAbout } from "../state/index.ts";
import { caseOf, type Scene, type StateCase } from "./case.ts";
import { answeredBy, same, sure, thrownBy, unavailable } from "./expect.ts";
import { OWNER as ANN } from "./spending-steps.ts";
import { newName, ODD_TEXTS } from "./texts.ts";

const BOB = '["https://id.example","bob"]';
const SHARES = { mostOfRoot: 6, mostOfUser: 9 };

/** Proofs seen: each is good for one call. */
export const REPLAY: readonly StateCase[] = [
  caseOf("lets a proof through once, and never again before its end, at whichever of two processes", async (scene) => {
    const { one, two, now } = scene;
    const about = { madeAtSeconds: now(), nowSeconds: now(), owner: ANN, root: "r" };
    const key = newName();
    same(await one.replay.claim(key, now() + 30, about), true, "the first claim");
    same(await one.replay.claim(key, now() + 30, about), false, "the second claim");
    same(await two.replay.claim(key, now() + 30, about), false, "the claim of the other process");
    same(await two.replay.claim(key, now() + 50, { ...about, owner: BOB, root: "s" }), false, "the claim for another");
    same(await two.replay.claim(key, now() + 50), false, "the claim for nobody");
  }),
  caseOf("lets exactly one of many through that come to two processes at the same moment", async (scene) => {
    const { one, two, now } = scene;
    for (const keys of [Array(60).fill(newName()), Array.from({ length: 60 }, newName)]) {
      const claims = await Promise.all(
        keys.flatMap((key) => [one, two].map(({ replay }) => replay.claim(key, now() + 30, { nowSeconds: now() }))),
      );
      same(claims.filter((first) => first === true).length, new Set(keys).size, "how many passed");
      same(claims.filter((first) => first === false).length, 120 - new Set(keys).size, "how many were refused");
    }
  }),
  caseOf("tells proofs apart by their whole name, whatever stands in it", async ({ one, two, now }) => {
    for (const key of ODD_TEXTS) {
      same(await one.replay.claim(key, now() + 30), true, `the first claim of ${JSON.stringify(key)}`);
    }
    for (const key of ODD_TEXTS) {
      same(await two.replay.claim(key, now() + 30), false, `the second claim of ${JSON.stringify(key)}`);
    }
  }),
  caseOf("refuses to claim where the clocks lie more than five seconds apart, and keeps nothing", async (scene) => {
    const { one, now } = scene;
    const key = newName();
    for (const apart of [-3600, -7, 7, 3600]) {
      const claim = (): unknown => one.replay.claim(key, now() + 7200, { nowSeconds: now() + apart });
      await unavailable(claim, `a caller's clock that is ${apart} seconds from the store's`);
    }
    for (const apart of [-4, 4]) {
      const first = await one.replay.claim(`${key}${apart}`, now() + 30, { nowSeconds: now() + apart });
      same(first, true, `a caller's clock that is ${apart} seconds from the store's`);
    }
    same(await one.replay.claim(key, now() + 30, { nowSeconds: now() }), true, "the claim, once the clock is right");
  }),
  caseOf("refuses an end that is past by its own clock, which it could not keep", async ({ one, now }) => {
    const key = newName();
    for (const past of [1, 3, 3600]) {
      const claim = (): unknown => one.replay.claim(key, now() - past, { nowSeconds: now() - Math.min(past + 1, 4) });
      await unavailable(claim, `an end that is past by ${past} seconds`);
      await unavailable(() => one.replay.claim(key, now() - past), `the same, by a caller without a clock`);
    }
    same(await one.replay.claim(key, now() + 30), true, "the claim with an end ahead");
  }),
  caseOf("throws for an end that is no time, and keeps nothing", async ({ one, now }) => {
    const key = newName();
    for (const end of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      sure((await thrownBy(() => one.replay.claim(key, end))) !== undefined, `an end of ${end}: it answered`);
    }
    same(await one.replay.claim(key, now() + 30), true, "the claim with an end");
  }),
  caseOf("remembers a proof until its end, whatever else is claimed meanwhile", async ({ one, two, now, store }) => {
    if (store.advance === undefined) return;
    const key = newName();
    const about = { madeAtSeconds: now() };
    const until = about.madeAtSeconds + 60;
    same(await one.replay.claim(key, until, about), true, "the first claim");
    for (const seconds of [30, 20]) {
      await store.advance(seconds);
      same(await one.replay.claim(newName(), now() + 20), true, "the claim of another");
      same(await two.replay.claim(key, until, about), false, `the second claim, ${seconds} seconds later`);
    }
  }),
  caseOf("lets no proof through that a longer window keeps alive, once it forgot it", async (scene) => {
    const { one, two, now, store } = scene;
    if (store.advance === undefined) return;
    const key = newName();
    const madeAtSeconds = now();
    same(await one.replay.claim(key, now() + 50, { madeAtSeconds }), true, "the first claim");
    for (const seconds of [51, 60, 3600]) {
      await store.advance(seconds);
      await thrownBy(() => two.replay.claim(newName(), now() + 50, { madeAtSeconds: now() }));
      const again = await answeredBy(() => two.replay.claim(key, now() + 50, { madeAtSeconds }));
      sure(again !== true, `it let the proof through again, ${seconds} seconds later`);
    }
  }),
  caseOf("gives neither a root nor a user more than their share, and leaves the others theirs", shares, SHARES),
  caseOf(
    "takes nothing of a share for a proof that was claimed before, and still knows it",
    async ({ one, now }) => {
      const about = { owner: ANN, root: "r" };
      const key = newName();
      same(await one.replay.claim(key, now() + 60, about), true, "the first claim");
      for (let i = 0; i < 30; i++) same(await one.replay.claim(key, now() + 60, about), false, "a later claim");
      for (let i = 1; i < 6; i++) {
        same(await one.replay.claim(newName(), now() + 60, about), true, `claim ${i} of five within the share`);
      }
      await thrownBy(() => one.replay.claim(newName(), now() + 60, about));
      same(await one.replay.claim(key, now() + 60, about), false, "the claim of a used proof, where the share is full");
    },
    SHARES,
  ),
  caseOf(
    "gives a share back when its proofs have ended",
    async ({ one, now, store }) => {
      if (store.advance === undefined) return;
      const about = { owner: ANN, root: "r" };
      for (let i = 0; i < 20; i++) await thrownBy(() => one.replay.claim(newName(), now() + 60, about));
      await store.advance(7200);
      for (let i = 0; i < 6; i++)
        same(await one.replay.claim(newName(), now() + 60, about), true, "a claim, hours later");
    },
    SHARES,
  ),
];

async function shares({ one, two, now }: Scene): Promise<void> {
  /** How many of many pass. */
  const passed = async (tries: number, about: ClaimAbout): Promise<number> => {
    let count = 0;
    for (let i = 0; i < tries; i++) {
      const { replay } = i % 2 === 0 ? one : two;
      const error = await thrownBy(() => replay.claim(newName(), now() + 300, { ...about, nowSeconds: now() }));
      if (error === undefined) count++;
      else await unavailable(() => Promise.reject(error), "a claim beyond the share");
    }
    return count;
  };
  // Where a share is so many a minute, a minute that ends in between lets a second share through.
  const ofRoot = await passed(20, { owner: ANN, root: "r" });
  sure(ofRoot >= 6 && ofRoot <= 12, `of one root ${ofRoot} proofs passed, where 6 are its share`);
  let ofUser = ofRoot;
  for (const root of ["s", "u", "v", "w"]) ofUser += await passed(20, { owner: ANN, root });
  sure(ofUser >= 9 && ofUser <= 18, `of one user ${ofUser} proofs passed, where 9 are their share`);
  same(await passed(6, { owner: BOB, root: "t" }), 6, "how many of another user passed");
  same(await one.replay.claim(newName(), now() + 300), true, "the claim of what is nobody's");
}
