import { expect, it } from "vitest";
import { errorOf } from "../world.fixture.ts";
import { checkClocks } from "./clocks.ts";

const NOW = 1_760_000_000;

it("takes a step of a caller whose clock is up to five seconds from the store's, of what ends later", () => {
  for (const caller of [NOW - 5, NOW, NOW + 5, undefined]) expect(checkClocks(NOW, caller)).toBeUndefined();
  expect(checkClocks(NOW, NOW, [{ untilSeconds: NOW + 0.001 }, { untilSeconds: NOW + 60 }])).toBeUndefined();
});

it.each<[number | undefined, readonly number[]]>([
  [NOW - 5.001, []],
  [NOW + 5.001, []],
  [Number.NaN, []],
  [NOW, [NOW]],
  [undefined, [NOW + 60, NOW - 1]],
  [NOW, [Number.NaN]],
  [String(NOW) as never, []],
  [BigInt(NOW) as never, []],
])("refuses one of a clock at %s, of what ends at %j", async (caller, ends) => {
  const kept = ends.map((untilSeconds) => ({ untilSeconds }));
  expect(await errorOf(() => checkClocks(NOW, caller, kept))).toMatchObject({
    code: "state_unavailable",
    message: "the clocks of the authorizer and of this store differ by seconds or more",
  });
});
