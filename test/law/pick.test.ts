import { findWidening, permits, pick } from "@hopwise/core/grant";
import fc from "fast-check";
import { expect, it } from "vitest";
import { anyGrant } from "./random/chains.ts";

const anyPart = anyGrant.chain((whole) =>
  fc.record({
    whole: fc.constant(whole),
    names: fc.shuffledSubarray(Object.keys(whole), { minLength: 1 }),
    tool: fc.constantFrom(...Object.keys(whole)),
    args: fc.dictionary(fc.constantFrom("to", "amount", "id", "x"), fc.constantFrom(0, 1, 5, "a", "ACME", null)),
  }),
);

it("a part of a grant is never wider: it covers what the whole covers, of the tools that were named", () => {
  fc.assert(
    fc.property(anyPart, ({ whole, names, tool, args }) => {
      const part = pick(whole, ...(names as [string]));
      expect(findWidening(whole, part)).toBeUndefined();
      expect(permits(part, tool, args)).toBe(names.includes(tool) && permits(whole, tool, args));
      expect(part).toEqual(Object.fromEntries(names.map((name) => [name, whole[name]])));
    }),
    { numRuns: 2000 },
  );
});
