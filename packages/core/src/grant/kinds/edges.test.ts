/** Edges of single kinds, and what stands under what by our table and not by the draft's. */
import { describe, expect, it, vi } from "vitest";
import {
  all,
  any,
  type Constraint,
  cidr,
  contains,
  exact,
  findWidening,
  grant,
  notOneOf,
  object,
  permits,
  range,
  url,
  wildcard,
} from "../index.ts";

const widened = (parent: Constraint, child: Constraint, table: "hopwise" | "aat-01") =>
  findWidening(grant({ t: { a: parent } }), grant({ t: { a: child } }), table) !== undefined;

describe("what the draft's table lacks", () => {
  it.each<[string, Constraint, Constraint]>([
    ["any whose clauses all stand there", range({ max: 9 }), any(exact(1), range({ max: 5 }))],
    ["a list under excluded values", notOneOf("x"), contains("a")],
  ])("stands by ours alone: %s", (_, parent, child) => {
    expect([widened(parent, child, "hopwise"), widened(parent, child, "aat-01")]).toEqual([false, true]);
  });
});

describe("the draft's own table", () => {
  it("lets any stand under any whose clauses it has, and under no other", () => {
    const parent = any(exact(1), range({ max: 0 }));
    expect(widened(parent, any(range({ max: -1 }), exact(1)), "aat-01")).toBe(false);
    expect(widened(parent, any(exact(1), range({ max: 1 })), "aat-01")).toBe(true);
  });
});

describe("all", () => {
  it("of one clause is that clause, and of none is for the reader to refuse", () => {
    expect(all(exact(1))).toEqual(exact(1));
    expect(() => grant({ t: { a: all() } })).toThrow(expect.objectContaining({ pointer: "/t/a/constraints" }));
  });
});

describe("exactly a list", () => {
  it("is not an object with its indices for names, nor one of another length", () => {
    const handed = grant({ t: { a: exact(["x"]) } });
    for (const value of [{ 0: "x" }, { 0: "x", length: 1 }, ["x", "x"], [], "x", null])
      expect(permits(handed, "t", { a: value })).toBe(false);
    expect(permits(grant({ t: { a: exact({ 0: "x" }) } }), "t", { a: ["x"] })).toBe(false);
  });
});

describe("an address", () => {
  it.each(["2001:db8::1::2", "2001:db8:1:2:3:4:5:6:7", "2001:db8::g", "::", "10.0.0.0/8", "", "10.0.0"])(
    "is not %j in a range of others",
    (address) => {
      expect(permits(grant({ t: { a: cidr("10.0.0.0/8", "2001:db8::/32") } }), "t", { a: address })).toBe(false);
    },
  );

  it("in a wider range is not in the parent's", () => {
    expect(widened(cidr("10.0.0.0/8"), cidr("10.0.0.0/7"), "hopwise")).toBe(true);
    expect(widened(cidr("10.0.0.0/8"), cidr("::/8"), "hopwise")).toBe(true);
    expect(widened(cidr("10.0.0.0/8"), cidr("10.0.0.0/9"), "hopwise")).toBe(false);
  });
});

describe("two lists of ranges", () => {
  it("are read once each, however many are compared with how many", () => {
    const ranges = Array.from({ length: 64 }, (_, i) => `10.0.${i}.0/24`);
    const [parent, child] = [grant({ t: { a: cidr(...ranges) } }), grant({ t: { a: cidr(...ranges.toReversed()) } })];
    const read = vi.spyOn(RegExp.prototype, "exec");
    expect(findWidening(parent, child)).toBeUndefined();
    const times = read.mock.calls.filter(([text]) => text.endsWith("/24")).length;
    read.mockRestore();
    expect(times).toBeLessThanOrEqual(2 * ranges.length);
  });
});

describe("an object", () => {
  it("has no member that is not named, whether or not it can change", () => {
    const handed = grant({ t: { a: object({ b: wildcard() }) } });
    const value = { b: 1, c: 2 };
    for (const a of [value, Object.freeze({ ...value })]) expect(permits(handed, "t", { a })).toBe(false);
    expect(permits(handed, "t", { a: Object.freeze({ b: 1 }) })).toBe(true);
    expect(permits(handed, "t", { a: Object.freeze({ c: 1 }) })).toBe(false);
  });
});

describe("a url below another path than its parent's", () => {
  it("is told as the path that it has, or as a whole where it has none", () => {
    const origins = ["https://a.example"];
    const told = (child: Constraint) =>
      findWidening(grant({ t: { a: url({ origins, under: "/a" }) } }), grant({ t: { a: child } }));
    expect(told(url({ origins, under: "/b" }))).toMatchObject({ pointer: "/t/a/under", parent: "/a", child: "/b" });
    expect(told(url({ origins }))).toMatchObject({ pointer: "/t/a/under", parent: "/a", child: url({ origins }) });
  });
});

describe("the parser of URLs", () => {
  const handed = grant({ t: { a: url({ origins: ["https://a.example", "app://a"] }) } });
  const passes = (text: string) => permits(handed, "t", { a: text });
  const slow = "\u0301\u0323".repeat(2000);

  it.each([
    ["a host for which it takes long", `https://a${slow}`],
    ["one that begins as an origin does", `https://a.example${slow}`],
    ["a longer host", "https://a.example.evil.example/"],
    ["another port", "https://a.example:8443/"],
    ["user information", "https://a.example@evil.example/"],
    ["a longer host of another scheme", "app://ab/x"],
    ["a fragment", "https://a.example/#x"],
    ["a backslash", "https://a.example/\\x"],
    ["a ^ before the query, which an older one keeps", "https://a.example/a^b"],
  ])("is not asked about what none of the origins can have: %s", (_, text) => {
    const asked = vi.spyOn(URL, "canParse");
    expect(passes(text)).toBe(false);
    const times = asked.mock.calls.length;
    asked.mockRestore();
    expect(times).toBe(0);
  });

  it("decides on the rest", () => {
    for (const good of ["https://a.example/", "https://a.example/?x=1", "app://a", "app://a?x", "app://a/x"])
      expect(passes(good), good).toBe(true);
    for (const bad of ["https://a.example", "https://a.example?x", "https://a.example/ü", "https://a.example/a/../b"])
      expect(passes(bad), bad).toBe(false);
  });
});
