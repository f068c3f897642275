import { describe, expect, it } from "vitest";
import type { JsonValue } from "../json/index.ts";
import { errorOf } from "../world.fixture.ts";
import { parseGrant } from "./parse.ts";
import type { GrantLimits } from "./reading.ts";

const limits: GrantLimits = { tools: 3, argumentsPerTool: 2, constraintDepth: 2, nameLength: 5, valueLength: 4 };
const parse = (value: unknown): unknown => parseGrant(value as JsonValue, limits, "token_malformed", "/tools");
const broken = async (value: unknown): Promise<string> => {
  const error = await errorOf(() => parse(value));
  expect(error.code).toBe("token_malformed");
  return `${error.pointer}: ${error.rule}`;
};
const one = (constraint: unknown): unknown => ({ t: { a: constraint } });
const wildcard = { constraint_type: "wildcard" };
const exact = (value: unknown): unknown => ({ constraint_type: "exact", value });
const any = (...constraints: unknown[]): unknown => ({ constraint_type: "any", constraints });
const all = (...constraints: unknown[]): unknown => ({ constraint_type: "all", constraints });
const many = (count: number, make: (i: number) => unknown): unknown[] =>
  Array.from({ length: count }, (_, i) => make(i));

describe("reading a grant", () => {
  it("takes any number of tools and arguments up to the limits, and not one more", async () => {
    const names = (count: number) => Object.fromEntries(many(count, (i) => [`n${i}`, {}]) as [string, object][]);
    const args = (count: number) => Object.fromEntries(many(count, (i) => [`n${i}`, wildcard]) as [string, object][]);
    expect(parse(names(3))).toEqual(names(3));
    expect(await broken(names(4))).toBe(
      "/tools: at most 3 tools; for more, set limits: { tools } of issuer and verifiers alike",
    );
    expect(parse({ t: args(2) })).toEqual({ t: args(2) });
    expect(await broken({ t: args(3) })).toBe(
      "/tools/t: at most 2 arguments; for more, set limits: { argumentsPerTool } of issuer and verifiers alike",
    );
  });

  it("takes names up to the limit, and not one character more", async () => {
    expect(parse({ aaaaa: { bbbbb: wildcard } })).toEqual({ aaaaa: { bbbbb: wildcard } });
    expect(await broken({ aaaaaa: {} })).toBe(
      "/tools: a name is longer than 5 characters; for more, set limits: { nameLength } of issuer and verifiers alike",
    );
    expect(await broken({ t: { bbbbbb: wildcard } })).toBe(
      "/tools/t: a name is longer than 5 characters; for more, set limits: { nameLength } of issuer and verifiers alike",
    );
  });

  it("takes values up to the limit, and not one character more, wherever a value stands", async () => {
    const rule =
      "a value is longer than 4 characters; for more, set limits: { valueLength } of issuer and verifiers alike";
    expect(parse(one(exact("xxxx")))).toEqual(one(exact("xxxx")));
    expect(await broken(one(exact("xxxxx")))).toBe(`/tools/t/a/value: ${rule}`);
    for (const [type, member] of [
      ["one_of", "values"],
      ["not_one_of", "excluded"],
      ["contains", "required"],
      ["subset", "allowed"],
    ] as const) {
      const constraint = { constraint_type: type, [member]: ["ok", "xxxxx"] };
      expect(await broken(one(constraint))).toBe(`/tools/t/a/${member}/1: ${rule}`);
    }
  });

  it("takes constraints in constraints up to the limit, and not one level more", async () => {
    expect(parse(one(any(any(wildcard))))).toEqual(one(any(any(wildcard))));
    expect(await broken(one(any(any(any(wildcard)))))).toBe(
      "/tools/t/a/constraints/0/constraints/0/constraints/0: constraints nest deeper than 2; for more, set limits: { constraintDepth } of issuer and verifiers alike",
    );
    const optional = (constraint: unknown) => ({ constraint_type: "optional", constraint });
    expect(parse(one(optional(any(wildcard))))).toEqual(one(optional(any(wildcard))));
    expect(await broken(one(optional(any(any(wildcard)))))).toContain("constraints nest deeper than 2");
  });

  it.each([
    ["one_of", "values", 1, 64],
    ["not_one_of", "excluded", 1, 64],
    ["contains", "required", 1, 64],
    ["subset", "allowed", 0, 64],
  ])("takes a %s of as many %s as it may have, and not one more or less", async (type, member, min, max) => {
    const of = (count: number) => one({ constraint_type: type, [member]: many(count, (i) => i) });
    const rule = `/tools/t/a/${member}: an array of ${min} to ${max} items is expected`;
    expect(parse(of(min))).toEqual(of(min));
    expect(parse(of(max))).toEqual(of(max));
    expect(await broken(of(max + 1))).toBe(rule);
    if (min > 0) expect(await broken(of(min - 1))).toBe(rule);
    expect(await broken(one({ constraint_type: type }))).toBe(rule);
    expect(await broken(one({ constraint_type: type, [member]: "a" }))).toBe(rule);
    expect(await broken(one({ constraint_type: type, [member]: [["a"]] }))).toContain(`/tools/t/a/${member}/0: `);
  });

  it.each([
    ["all", all, 2, 8],
    ["any", any, 1, 8],
  ])("takes %s of as many clauses as it may have, and not one more or less", async (_, of, min, max) => {
    const rule = `/tools/t/a/constraints: an array of ${min} to ${max} items is expected`;
    expect(parse(one(of(...many(min, () => wildcard))))).toBeDefined();
    expect(parse(one(of(...many(max, () => wildcard))))).toBeDefined();
    expect(await broken(one(of(...many(min - 1, () => wildcard))))).toBe(rule);
    expect(await broken(one(of(...many(max + 1, () => wildcard))))).toBe(rule);
  });

  it.each<[string, unknown, string]>([
    ["an unknown type", { constraint_type: "regex", pattern: ".*" }, "/constraint_type: an unknown constraint type"],
    ["a type of another case", { constraint_type: "Exact", value: 1 }, "/constraint_type: an unknown constraint type"],
    ["an inherited type", { constraint_type: "constructor" }, "/constraint_type: an unknown constraint type"],
    [
      "a type that is no text",
      { constraint_type: ["exact"], value: 1 },
      "/constraint_type: an unknown constraint type",
    ],
    ["no type", { value: 1 }, "/constraint_type: an unknown constraint type"],
    ["an unknown member", { constraint_type: "exact", value: 1, flags: "i" }, "/flags: an unknown member"],
    ["a member of another type", { constraint_type: "wildcard", value: 1 }, "/value: an unknown member"],
    ["a misspelt member", { constraint_type: "range", maximum: 1 }, "/maximum: an unknown member"],
    ["no value", { constraint_type: "exact" }, "/value: a value is expected"],
    ["an array of more than 4 characters", exact([[], 1]), "/value: a value is longer than 4 characters"],
    ["an object of more than 4 characters", exact({ "": 1 }), "/value: a value is longer than 4 characters"],
    ["a text as bound", { constraint_type: "range", max: "9" }, "/max: a number is expected"],
    ["null as bound", { constraint_type: "range", min: null }, "/min: a number is expected"],
    ["min above max", { constraint_type: "range", min: 2, max: 1 }, ": min is above max"],
    ["min above max of integers", { constraint_type: "int", min: 2, max: 1 }, ": min is above max"],
    ["a flag that is no boolean", { constraint_type: "range", max_inclusive: 0 }, "/max_inclusive: true or false"],
    ["a flag as text", { constraint_type: "range", min_inclusive: "false" }, "/min_inclusive: true or false"],
    ["a flag of int", { constraint_type: "int", max_inclusive: false }, "/max_inclusive: an unknown member"],
    ["a fraction as int", { constraint_type: "int", min: 0.5 }, "/min: an integer is expected"],
    ["optional of nothing", { constraint_type: "optional" }, "/constraint: an object is expected"],
    [
      "optional in optional",
      { constraint_type: "optional", constraint: { constraint_type: "optional", constraint: wildcard } },
      "/constraint: optional stands only at the top of an argument or a property",
    ],
    [
      "absent in optional",
      { constraint_type: "optional", constraint: { constraint_type: "absent" } },
      "/constraint: absent stands only at the top of an argument or a property",
    ],
    ["optional in any", any({ constraint_type: "optional", constraint: wildcard }), "/constraints/0: optional stands"],
    ["absent in any", any(wildcard, { constraint_type: "absent" }), "/constraints/1: absent stands only at the top"],
    ["absent in all", all(wildcard, { constraint_type: "absent" }), "/constraints/1: absent stands only at the top"],
    ["a text as constraint", "wildcard", ": an object is expected"],
    ["an array as constraint", [wildcard], ": an object is expected"],
    ["null as constraint", null, ": an object is expected"],
  ])("refuses %s, with the place", async (_, constraint, place) => {
    expect(await broken(one(constraint))).toContain(`/tools/t/a${place}`);
  });

  it.each<[string, unknown, string]>([
    ["nothing", undefined, "/tools: an object is expected"],
    ["an array", [], "/tools: an object is expected"],
    ["an array of arguments", { t: [] }, "/tools/t: an object is expected"],
    ["null for arguments", { t: null }, "/tools/t: an object is expected"],
    ["a tool without a name", { "": {} }, "/tools/: a tool without a name"],
    ["a place that needs escaping", { "a/b~": { c: 1 } }, "/tools/a~1b~0/c: an object is expected"],
  ])("refuses %s in place of tools", async (_, tools, place) => {
    expect(await broken(tools)).toBe(place);
  });

  it("takes bounds that are equal, and ranges without any", () => {
    for (const constraint of [
      { constraint_type: "range", min: 1, max: 1 },
      { constraint_type: "range" },
      { constraint_type: "int", min: -1, max: -1 },
      { constraint_type: "range", max: 0.5, max_inclusive: true },
    ]) {
      expect(parse(one(constraint))).toStrictEqual(one(constraint));
    }
  });

  it("refuses under the code it was given", async () => {
    const error = await errorOf(() => parseGrant({ t: 1 }, limits, "config_invalid"));
    expect([error.code, error.pointer]).toEqual(["config_invalid", "/t"]);
  });
});

describe("reading the constraint types that only Hopwise knows", () => {
  const roomy: GrantLimits = { ...limits, nameLength: 32, valueLength: 64 };
  const read = (tools: unknown): unknown => parseGrant(tools as JsonValue, roomy, "token_malformed", "/tools");
  const refused = async (tools: unknown): Promise<string> => {
    const { pointer, rule } = await errorOf(() => read(tools));
    return `${pointer}: ${rule}`;
  };
  const path = (root: unknown): unknown => ({ constraint_type: "path", root });
  const url = (origins: unknown, under?: unknown): unknown => ({
    constraint_type: "url",
    origins,
    ...(under !== undefined && { under }),
  });
  const object = (properties: unknown): unknown => ({ constraint_type: "object", properties });
  const each = (constraint: unknown): unknown => ({ constraint_type: "each", constraint });
  const prefix = (value: unknown): unknown => ({ constraint_type: "prefix", value });
  const suffix = (value: unknown): unknown => ({ constraint_type: "suffix", value });
  const optional = (constraint: unknown): unknown => ({ constraint_type: "optional", constraint });
  const cidr = (...ranges: unknown[]): unknown => ({ constraint_type: "cidr", ranges });
  const length = (max?: unknown): unknown => ({ constraint_type: "length", ...(max !== undefined && { max }) });

  it.each<[string, unknown]>([
    ["a prefix", prefix("INV-")],
    ["a suffix", suffix(".pdf")],
    ["a path", path("/data/in")],
    ["the path of all", path("/")],
    ["a url", url(["https://docs.example", "http://127.0.0.1:8080", "policy://payments"])],
    ["a url below a path", url(["https://docs.example"], "/pub")],
    ["a length", length(3)],
    ["a length of nothing", length(0)],
    ["each", each(prefix("a"))],
    ["an object", object({ a: wildcard, b: object({}) })],
    ["an object of what may be missing", object({ a: optional(wildcard), b: { constraint_type: "absent" } })],
    ["what may be missing in each", each(object({ a: { constraint_type: "absent" } }))],
    ["exactly an object", { constraint_type: "exact", value: { a: [1, { b: null }] } }],
    ["ranges of addresses", cidr("0.0.0.0/0", "::/0", "10.1.2.3/32", "2001:db8::1/128", "128.0.0.0/1")],
    ["a prefix of a property called uri", object({ uri: prefix("a") })],
  ])("takes %s as it stands", (_, constraint) => {
    expect(read(one(constraint))).toStrictEqual(one(constraint));
  });

  it.each<[string, unknown, string]>([
    ["an empty prefix", prefix(""), "/value: a text that is not empty is expected"],
    ["a suffix that is no text", suffix(1), "/value: a text that is not empty is expected"],
    ["a prefix that is too long", prefix("x".repeat(65)), "/value: a value is longer than 64 characters"],
    ["an empty root", path(""), "/root: a text that is not empty is expected"],
    ...["a", "/a/", "/a//b", "/a/../b", "/a/.", "/%61", "/a\\b"].map((root): [string, unknown, string] => [
      `the root ${root}`,
      path(root),
      "/root: an absolute path without . or .. or empty segments, % or \\ is expected",
    ]),
    ["a url below what is no path", url(["https://docs.example"], "pub"), "/under: an absolute path without"],
    ["a url of no origin", url([]), "/origins: an array of 1 to 64 items is expected"],
    ["a url of an empty origin", url([""]), "/origins/0: a text that is not empty is expected"],
    ...[
      "docs.example",
      "https://docs.example/",
      "https://docs.example/pub",
      "https://DOCS.example",
      "https://docs.example:443",
      "https://user@docs.example",
      "mailto:alice",
      "file://",
    ].map((origin): [string, unknown, string] => [
      `the origin ${origin}`,
      url(["https://docs.example", origin]),
      "/origins/1: an origin such as https://docs.example is expected",
    ]),
    ["no length", length(), "/max: a whole number, the most characters or items, is expected"],
    ["a length below nothing", length(-1), "/max: a whole number, the most characters or items, is expected"],
    ["a length that is a fraction", length(1.5), "/max: a whole number, the most characters or items, is expected"],
    ["each of nothing", each(undefined), "/constraint: an object is expected"],
    ["each of what may be left out", each({ constraint_type: "absent" }), "/constraint: absent stands only at the top"],
    [
      "each that nests too deep",
      each(each(each(wildcard))),
      "/constraint/constraint/constraint: constraints nest deeper",
    ],
    ["an object of no properties", object(undefined), "/properties: an object is expected"],
    ["an object of too many", object({ a: wildcard, b: wildcard, c: wildcard }), "/properties: at most 2 properties"],
    ["a property that is none", object({ "a/b": 1 }), "/properties/a~1b: an object is expected"],
    [
      "a property that may be left out, twice",
      object({ a: optional(optional(wildcard)) }),
      "/properties/a/constraint: optional stands only at the top of an argument or a property",
    ],
    [
      "a clause of a property that must be left out",
      object({ a: any({ constraint_type: "absent" }) }),
      "/properties/a/constraints/0: absent stands only at the top of an argument or a property",
    ],
    ["a property that may be left out and nests too deep", object({ a: optional(each(wildcard)) }), "nest deeper"],
    ["ranges that are none", { constraint_type: "cidr" }, "/ranges: an array of 1 to 64 items is expected"],
    ["no ranges", cidr(), "/ranges: an array of 1 to 64 items is expected"],
    ...[
      "10.0.0.0",
      "10.0.0.0/",
      "10.0.0.0/08",
      "10.0.0.0/33",
      "10.0.0.0/-1",
      "10.0.0.1/8",
      "10.0.0.0/8/8",
      "10.0/8",
      "010.0.0.0/8",
      "10.0.0.*",
      "::/129",
      "::1/127",
      "2001:DB8::/32",
      "2001:db8:0::/32",
      "::ffff:0:0/96",
      "::ffff:10.0.0.0/104",
      "fe80::%1/64",
      "localhost/8",
    ].map((range): [string, unknown, string] => [
      `the range ${range}`,
      cidr("::/0", range),
      "/ranges/1: a range is expected",
    ]),
    ["an object that nests too deep", object({ a: object({ b: object({ c: wildcard }) }) }), "constraints nest deeper"],
  ])("refuses %s, with the place", async (_, constraint, place) => {
    const refusal = await refused(one(constraint));
    expect(refusal).toContain("/tools/t/a/");
    expect(refusal).toContain(place);
  });

  it.each<[string, unknown, string]>([
    ["a prefix", prefix("https://a"), "/tools/t/uri: prefix cannot tell one place of a uri from another; use url"],
    ["a suffix", suffix("/a"), "/tools/t/uri: suffix cannot tell one place of a uri from another; use url"],
    ["a prefix in any", any(wildcard, prefix("a")), "/tools/t/uri/constraints/1: prefix cannot tell one place"],
    [
      "a prefix in optional",
      { constraint_type: "optional", constraint: prefix("a") },
      "/tools/t/uri/constraint: prefix",
    ],
  ])("refuses %s of an argument called uri", async (_, constraint, place) => {
    expect(await refused({ t: { uri: constraint } })).toContain(place);
  });
});
