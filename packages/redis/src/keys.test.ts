import { describe, expect, it } from "vitest";
import { nameOf, tagsOf } from "./keys.ts";

describe("the keys of a store", () => {
  it("lie in the slots that a cluster computes of their tags", () => {
    // As CLUSTER KEYSLOT answers.
    expect(tagsOf("hopwise").approvals).toEqual({ text: "{hopwise:approvals}", slot: 13285 });
    expect(tagsOf("hopwise").revocations).toEqual({ text: "{hopwise:revocations}", slot: 15361 });
  });

  it("have one tag for all that belongs to one user, and spread users", () => {
    const tags = tagsOf("hopwise");
    expect(tags.of("ann")).toBe(tags.of("ann"));
    expect(new Set(Array.from({ length: 2000 }, (_, i) => tags.of(`u${i}`))).size).toBe(32);
    expect(tags.marked).toContain(tags.of("ann"));
    expect(tags.marked).toContain(tags.approvals);
  });

  it("lie in all parts of the slots, so that a cluster can share them out", () => {
    for (const prefix of ["hopwise", "a", "prod-eu"]) {
      const thirds = tagsOf(prefix).marked.map(({ slot }) => Math.floor((slot * 3) / 16_384));
      expect(new Set(thirds).size, prefix).toBe(3);
    }
  });

  it("tell texts apart, wherever they are cut", () => {
    const names = [
      nameOf("ab", "c"),
      nameOf("a", "bc"),
      nameOf("abc"),
      nameOf("abc", ""),
      nameOf("\ud800"),
      nameOf("\ufffd"),
    ];
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name).toMatch(/^[\w-]{22}$/);
  });
});
