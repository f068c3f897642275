import { describe, expect, it } from "vitest";
import { placeOf, placeProblem } from "./policy-place.ts";

/** What Cerbos 0.55.0 takes and refuses: test/tenants.test.ts asks a real one. */
const SCOPES = {
  taken: [".", "a", "a.b.c", "A.B", "a-b", "1a", "a_b.c-d", "a.1", "a._", "a-", "x".repeat(5000)],
  refused: ["a..b", ".a", "a.", "-a", "_a", "a b", "a/b", "é", "a.*", "*", "a\n", "a.-b", "$a"],
};
const VERSIONS = {
  taken: ["default", "v1", "2024_01", "_", "A", "x".repeat(5000)],
  refused: ["1.0", "a-b", "a b", "é", "-", ".", "*", "a\n"],
};

describe("the scope and the version of a policy", () => {
  it.each([
    ["scope", SCOPES],
    ["policyVersion", VERSIONS],
  ] as const)(
    "%s is taken as Cerbos takes it, and said to be wrong without being quoted",
    (name, { taken, refused }) => {
      for (const value of taken) expect(placeProblem(name, value), value).toBeUndefined();
      for (const value of refused) expect(placeProblem(name, value), value).toContain("that Cerbos never takes");
      expect(placeProblem(name, "x".repeat(5001))).toBe(`the ${name} is longer than 5000 characters`);
      for (const value of [5, true, {}, ["a"], () => "a", null])
        expect(placeProblem(name, value)).toContain("not a text");
      expect(placeProblem("scope", "secret scope")).not.toContain("secret scope");
    },
  );

  it("are left out of a request where there is none: undefined, null, empty", () => {
    const refuse = (problem: string): never => {
      throw new Error(problem);
    };
    expect(placeOf({ scope: "acme", policyVersion: "v2" }, refuse)).toEqual({ scope: "acme", policyVersion: "v2" });
    expect(placeOf({ scope: null, policyVersion: "" }, refuse)).toEqual({});
    expect(placeOf({}, refuse)).toEqual({});
    expect(() => placeOf({ policyVersion: "1.0" }, refuse)).toThrow("policyVersion");
  });
});
