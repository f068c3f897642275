import { expect, it, vi } from "vitest";
import { isOfAnotherCopy, noteMadeHere } from "./made-here.ts";

it("tells what another copy of the package made from what this one made, and from what neither did", async () => {
  vi.resetModules();
  const other = await import("./made-here.ts");
  const [ours, theirs] = [{}, {}];
  noteMadeHere(ours);
  other.noteMadeHere(theirs);
  const all = [ours, theirs, { ...theirs }, null, undefined, "text", 1];
  expect(all.map(isOfAnotherCopy)).toEqual([false, true, false, false, false, false, false]);
  expect(all.map(other.isOfAnotherCopy)).toEqual([true, false, false, false, false, false, false]);
});
