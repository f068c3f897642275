import { describe, expect, it } from "vitest";
import {
  any,
  describe as describeGrant,
  diff,
  exact,
  findWidening,
  grant,
  isMade,
  isNarrower,
  object,
  oneOf,
  parseGrant,
  path,
  permits,
  wildcard,
} from "./index.ts";

const made = grant({ pay: { to: wildcard() } });

describe("a grant", () => {
  it("is known by its mark, which no copy has", () => {
    expect(isMade(made)).toBe(true);
    for (const other of [{ ...made }, {}, null, undefined, 5, "text", () => {}, Object.create(made)]) {
      expect(isMade(other)).toBe(false);
    }
  });

  it("is frozen to the bottom", () => {
    const deep = grant({ pay: { to: any(oneOf("a"), object({ b: exact({ c: [1] }) })) } });
    const isFrozen = (value: unknown): boolean =>
      typeof value !== "object" || value === null || (Object.isFrozen(value) && Object.values(value).every(isFrozen));
    expect(isFrozen(deep)).toBe(true);
  });

  it("has a text with * only where it came in a token: an author would mean any letters by it", () => {
    expect(() => grant({ t: { a: path("/a*") } })).toThrow("without *");
    const written = { t: { a: { constraint_type: "path", root: "/a*" } } } as const;
    const limits = { tools: 9, argumentsPerTool: 9, constraintDepth: 9, nameLength: 9, valueLength: 9 };
    expect(parseGrant(written, limits, "token_malformed")).toEqual(written);
    expect(() => parseGrant(written, limits, "config_invalid")).toThrow("without *");
  });

  it("is none where looking at it fails", () => {
    const hostile = new Proxy(made, {
      getOwnPropertyDescriptor: () => {
        throw new Error("no");
      },
    });
    expect(isMade(hostile)).toBe(false);
  });

  const none = { ...made };
  it.each<[string, () => unknown, string]>([
    ["describe", () => describeGrant(none), "describe: grant must be a grant as grant("],
    ["diff, of a parent", () => diff(none, made), "diff: parent must be a grant"],
    ["diff, of a child", () => diff(made, none), "diff: child must be a grant"],
    ["isNarrower, of a parent", () => isNarrower(none, made), "isNarrower: parent must be a grant"],
    ["isNarrower, of a child", () => isNarrower(made, none), "isNarrower: child must be a grant"],
    ["findWidening, of a parent", () => findWidening(none, made), "findWidening: parent must be a grant"],
    ["findWidening, of a child", () => findWidening(made, none), "findWidening: child must be a grant"],
    [
      "findWidening, by another table",
      () => findWidening(made, made, "draft" as never),
      'findWidening: table must be "hopwise" or "aat-01"; got a text',
    ],
    ["permits", () => permits(none, "pay", {}), "permits: grant must be a grant"],
    [
      "permits, of a tool",
      () => permits(made, 5 as never, {}),
      "permits: tool must be a tool's name, such as send_payment; got 5",
    ],
    [
      "permits, of arguments",
      () => permits(made, "pay", 5 as never),
      'permits: args must be the arguments of a call, such as { to: "ACME" }; got 5',
    ],
  ])("is what %s wants, and says so", (_, ask, says) => {
    expect(ask).toThrow(expect.objectContaining({ code: "config_invalid", message: expect.stringContaining(says) }));
  });

  it("is compared once it is one", () => {
    const small = grant({ pay: { to: wildcard() } });
    expect(isNarrower(made, small)).toBe(true);
    expect(isNarrower(made, grant({ other: { to: wildcard() } }))).toBe(false);
    for (const table of ["hopwise", "aat-01"] as const) expect(findWidening(made, small, table)).toBeUndefined();
  });
});
