import { beforeEach, expect, it } from "vitest";
import { createLapsing, type Lapsing } from "./lapsing.ts";

let gone: (readonly [key: string, second: number])[];
let lapsing: Lapsing;
beforeEach(() => {
  gone = [];
  lapsing = createLapsing((key, second) => gone.push([key, second]));
});

it("hands over each key once, in the second in which it lapses and not before, whatever came before it", () => {
  lapsing.add("late", 30);
  lapsing.add("early", 10);
  lapsing.add("too", 10);
  lapsing.add("in part", 9.2);
  lapsing.forget(9.9);
  expect(gone).toEqual([]);
  lapsing.forget(10);
  expect(gone).toEqual([
    ["early", 10],
    ["too", 10],
    ["in part", 10],
  ]);
  lapsing.forget(20);
  expect(gone).toHaveLength(3);
  lapsing.forget(31);
  expect(gone.slice(3)).toEqual([["late", 30]]);
});

it("looks once a second, and so misses nothing for longer than that", () => {
  lapsing.forget(10);
  lapsing.add("a", 10);
  lapsing.forget(10.999);
  expect(gone).toEqual([]);
  lapsing.forget(11);
  expect(gone).toEqual([["a", 10]]);
});
