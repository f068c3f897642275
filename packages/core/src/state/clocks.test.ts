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

it.each<[string, unknown]>([
  ["nothing", null],
  ["a text", "kept"],
  ["an object that is no list", { length: 1, 0: { untilSeconds: NOW + 60 } }],
  ["a list of nothing", [null]],
  ["a hole", Array(1)],
])("takes no list of what is kept that is none: %s", async (_, kept) => {
  const error = await errorOf(() => checkClocks(NOW, NOW, kept as never));
  expect([error.code, error.pointer]).toEqual(["config_invalid", "/kept"]);
  expect(error.message).toContain("checkClocks: kept must be a list of what is kept, such as [{ untilSeconds }]");
});
