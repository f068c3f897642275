import { describe, expect, it } from "vitest";
import { referredIn } from "./reference.ts";

const DOCUMENT = {
  $defs: { "a/b~c d": "signs", a: { b: "below" }, "100%": "sign" },
  list: ["first", { last: "in it" }],
};

describe("a reference within a document", () => {
  it.each([
    ["#", DOCUMENT],
    ["#/$defs/a~1b~0c%20d", "signs"],
    ["#/%24defs/a/b", "below"],
    // The fragment is decoded before the pointer is read.
    ["#/$defs/a%2Fb", "below"],
    ["#/$defs/a%7E1b~0c d", "signs"],
    ["#/$defs/100%25", "sign"],
    ["#/list/0", "first"],
    ["#/list/1/last", "in it"],
  ])("leads by %s to one place", (reference, place) => {
    expect(referredIn(DOCUMENT, reference)).toBe(place);
  });

  it.each([
    ["#/$defs/none"],
    ["#/$defs/100%"],
    ["#/$defs/toString"],
    ["#/list/00"],
    ["#/list/-"],
    ["#/list/"],
    ["#/list/length"],
    ["#/list/2"],
    ["#/list/0/0"],
    ["#$defs"],
    ["$defs"],
    ["other.json#/$defs"],
    [""],
    [undefined],
    [1],
  ])("leads by %s nowhere", (reference) => {
    expect(referredIn(DOCUMENT, reference)).toBeUndefined();
  });
});
