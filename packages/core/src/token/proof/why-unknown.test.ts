import { expect, it } from "vitest";
import { NOW } from "../../world.fixture.ts";
import { whyUnknown } from "./why-unknown.ts";

const limits = { proofWindowSeconds: 30 };
const BEFORE = "it was made before this server began to remember proofs; make a new one";
const AHEAD =
  "its time lies ahead of the verifier's clock, and 30 seconds ago this server did not remember proofs yet; check the clock, or try again then";

it.each<[string, madeAt: number, nowSeconds: number, why: string | undefined]>([
  ["from before the memory began", NOW - 0.001, NOW + 1, BEFORE],
  ["from before, however long the memory is now", NOW - 0.001, NOW + 1000, BEFORE],
  ["of the moment in which it began", NOW, NOW, undefined],
  ["of since then", NOW + 5, NOW + 5, undefined],
  ["ahead, while a fast clock could have put its time on what was used before", NOW + 5.001, NOW + 5, AHEAD],
  ["ahead, in the last moment of that", NOW + 40, NOW + 29.999, AHEAD],
  ["ahead, once that is over", NOW + 40, NOW + 30, undefined],
])("a memory knows whether something was used before, or says why not: %s", (_, madeAt, nowSeconds, why) => {
  expect(whyUnknown(madeAt, { rememberedSince: NOW, nowSeconds, limits })).toBe(why);
});

it("a memory that never ends knows all", () => {
  for (const madeAt of [0, NOW + 5]) expect(whyUnknown(madeAt, { nowSeconds: NOW, limits })).toBeUndefined();
});
