import { expect, it } from "vitest";
import { errorOf } from "../world.fixture.ts";
import { canonicalJsonOf } from "./canonical-json.ts";

it("is one text of equal values, however their members are ordered", () => {
  expect(canonicalJsonOf({ b: [1, "x"], a: null })).toBe(canonicalJsonOf({ a: null, b: [1, "x"] }));
});

it.each<[unknown, string, string]>([
  [Number.NaN, "", "value must be what JSON can say; got NaN"],
  [{ when: new Date(0) } as unknown, "/when", 'value must be what JSON can say, also at "/when"; got a Date'],
  [[1n], "/0", 'value must be what JSON can say, also at "/0"; got a bigint'],
])("of %s is none, and it is said where", async (value, pointer, words) => {
  expect(await errorOf(() => canonicalJsonOf(value as never))).toMatchObject({
    code: "config_invalid",
    pointer,
    message: `canonicalJson: ${words}`,
  });
});
