import { expect, it } from "vitest";
import { strayMember } from "./stray-member.ts";

it("nothing is wrong with the objects of a process that nobody spoiled, nor with what is there but never merged", () => {
  expect(strayMember()).toBeUndefined();
  expect(strayMember(Object.defineProperty({}, "hidden", { value: 1 }))).toBeUndefined();
});

it("a member that somebody merged into all objects is named, whatever is in its name", () => {
  const merged = Object.assign({}, JSON.parse('{"us\\u200ber":{"subject":"eve"},"via":"user"}'));
  expect(strayMember(merged)).toMatch(
    /has the member "us\\u200ber", which was put on Object\.prototype; find what put it/,
  );
});
