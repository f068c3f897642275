import { expect, it } from "vitest";
import { errorOf } from "../world.fixture.ts";
import { firstTooMuch } from "./first-too-much.ts";

const charge = (counter: string, amount: number, most = 10) => ({
  account: "a",
  counter,
  amount,
  most,
  untilSeconds: 5,
});
const spent = (of: { readonly [counter: string]: number }) => (one: { readonly counter: string }) =>
  of[one.counter] ?? 0;

it.each<[string, readonly ReturnType<typeof charge>[], { readonly [counter: string]: number }, object | undefined]>([
  ["fit to the unit", [charge("x", 3), charge("y", 10)], { x: 7 }, undefined],
  ["are one too much", [charge("x", 3), charge("y", 10)], { y: 1 }, { charge: 1, spent: 1 }],
  ["are of one counter, and too much together", [charge("x", 6), charge("x", 5)], {}, { charge: 1, spent: 0 }],
  ["only look, at what is too much", [charge("x", 0, 0)], { x: 1 }, { charge: 0, spent: 1 }],
  ["end where numbers do", [charge("x", 1, 2 ** 53 - 1)], { x: 2 ** 53 - 1 }, { charge: 0, spent: 2 ** 53 - 1 }],
])("of charges that %s, the first that does not fit is told", (_, charges, has, refused) => {
  expect(firstTooMuch(charges, spent(has))).toEqual(refused && { outcome: "refused", ...refused });
});

it.each<[string, unknown]>([
  ["no number", Number.NaN],
  ["a promise", Promise.resolve(0)],
  ["a text", "0"],
  ["nothing", undefined],
  ["less than nothing", -1],
])("nothing fits beside a counter of which its store gives %s", async (_, has) => {
  expect(await errorOf(() => firstTooMuch([charge("x", 1)], () => has as number))).toMatchObject({
    code: "state_unavailable",
  });
});

it.each(["amount", "most"])("nothing fits of a charge whose %s is no amount", async (name) => {
  const wrong = { ...charge("x", 1), [name]: Number.NaN };
  expect(await errorOf(() => firstTooMuch([wrong], () => 0))).toMatchObject({
    code: "config_invalid",
    pointer: `/charges/0/${name}`,
  });
});
