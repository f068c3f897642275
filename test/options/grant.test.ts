import * as door from "@hopwise/core/grant";
import { describe, expect, it } from "vitest";
import { type DoorRows, disguised, NO_OBJECT, type Row, valueRow, walk } from "./row.ts";

const { grant } = door;

/** A constraint is read where it stands in a grant: what a builder was given wrongly is told there, with its place. */
function constraintRow<T>(right: T, wrong: readonly unknown[], build: (given: T) => door.Constraint): Row {
  return valueRow(right, wrong, (given) => grant({ pay: { to: build(given) } }));
}

const NO_CONSTRAINT = [null, undefined, 5, "text", {}, [], () => {}, { constraint_type: "regex" }, door.wildcard];
const NO_JSON = [undefined, () => {}, Symbol("x"), Number.NaN, Number.POSITIVE_INFINITY, 2 ** 60, "\ud800"];
const NO_VALUE = [...NO_JSON, {}, []];
const NO_TEXT = ["", null, undefined, 5, {}, [], "x".repeat(1e6)];
const NO_BOUND = ["5", null, {}, Number.NaN, Number.POSITIVE_INFINITY];
const bounds = (name: string) => NO_BOUND.map((value) => ({ [name]: value }));

const doors: DoorRows<typeof door> = {
  grant: valueRow<object>(
    { pay: { to: door.wildcard() } },
    [
      ...NO_OBJECT.filter((value) => typeof value !== "function"),
      ...disguised({ pay: door.anyArguments }),
      ...disguised({ to: door.wildcard() }).map((constraints) => ({ pay: constraints })),
      { pay: {} },
      { pay: 5 },
      { pay: null },
      { pay: door.wildcard() },
      { "": door.anyArguments },
      { pay: door.anyArguments, "https://a.example#b": door.anyArguments },
    ],
    grant as never,
  ),
  grantFor: valueRow<object>(
    { "https://a.example": { pay: door.anyArguments } },
    [
      null,
      5,
      "text",
      ...disguised({ "https://a.example": { pay: door.anyArguments } }),
      ...disguised({ pay: door.anyArguments }).map((tools) => ({ "https://a.example": tools })),
      { pay: door.anyArguments },
      { "https://a.example": {} },
      { "https://a.example": null },
      { "https://a.example": { "a#b": door.anyArguments } },
    ],
    door.grantFor as never,
  ),
  everyTool: valueRow("https://a.example", [null, 5, "", "a", {}, [], "https://a.example#b"], (audience) =>
    door.everyTool(audience as never),
  ),
  readGrant: valueRow<unknown>(
    { pay: { to: { constraint_type: "wildcard" } } },
    [
      ...NO_OBJECT,
      { pay: 5 },
      { pay: { to: {} } },
      { pay: { to: { constraint_type: "wildcard", more: 1 } } },
      { "": {} },
      ...disguised({ pay: {} }),
      ...disguised({}).map((constraints) => ({ pay: constraints })),
    ],
    door.readGrant,
  ),
  absent: "takes nothing",
  wildcard: "takes nothing",
  all: constraintRow(door.prefix("a"), NO_CONSTRAINT, (one) => door.all(one, door.suffix("b"))),
  any: constraintRow(door.exact("a"), NO_CONSTRAINT, (one) => door.any(one)),
  cidr: constraintRow(
    "10.0.0.0/8",
    [...NO_TEXT, "10.0.0.1", "10.0.0.1/8", "10.0.0.0/33", "010.0.0.0/8", "10.0.0.*", "::FFFF/128", "localhost/8"],
    (range) => door.cidr("::/0", range),
  ),
  contains: constraintRow<never>("a" as never, NO_VALUE, (value) => door.contains(value)),
  each: constraintRow(door.wildcard(), NO_CONSTRAINT, door.each),
  exact: constraintRow<never>(
    "a" as never,
    [...NO_JSON, [undefined], { a: Number.NaN }, new Map(), "x".repeat(1e6), ["x".repeat(1e6)]],
    (value) => door.exact(value),
  ),
  int: constraintRow<object>(
    { max: 5 },
    [null, ...bounds("min"), ...bounds("max"), { min: 6, max: 5 }, { max: 1.5 }, { maximum: 5 }],
    door.int as never,
  ),
  length: constraintRow(5, [undefined, null, "5", -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY], door.length),
  notOneOf: constraintRow<never>("a" as never, NO_VALUE, (value) => door.notOneOf(value)),
  object: constraintRow<object>(
    { a: door.wildcard() },
    [null, undefined, 5, [], { a: 5 }, { a: {} }],
    door.object as never,
  ),
  onlyThese: constraintRow<never>("a" as never, NO_VALUE, (value) => door.onlyThese(value)),
  orNull: constraintRow(door.prefix("a"), NO_CONSTRAINT, door.orNull as never),
  oneOf: constraintRow<never>("a" as never, NO_VALUE, (value) => door.oneOf(value)),
  optional: constraintRow(door.wildcard(), [...NO_CONSTRAINT, door.optional(door.wildcard())], door.optional as never),
  path: constraintRow("/data", [...NO_TEXT, "data", "/data/", "/data/..", "/data/*", "C:\\data"], door.path),
  prefix: constraintRow("acme/", NO_TEXT, door.prefix),
  range: constraintRow<object>(
    { max: 5 },
    [
      null,
      ...bounds("min"),
      ...bounds("above"),
      ...bounds("below"),
      { min: 6, max: 5 },
      { min: 1, above: 1 },
      { maximum: 5 },
    ],
    door.range as never,
  ),
  subset: constraintRow<never>("a" as never, NO_VALUE, (value) => door.subset(value)),
  suffix: constraintRow("@acme.example", NO_TEXT, door.suffix),
  url: constraintRow<object>(
    { origins: ["https://docs.example"] },
    [
      null,
      {},
      { origins: "https://docs.example" },
      { origins: [] },
      { origins: ["docs.example"] },
      { origins: ["https://docs.example/"] },
      { origins: ["https://*.docs.example"] },
      { origins: ["https://docs.example"], under: "/a/*" },
      { origins: ["https://docs.example"], path: "/a" },
    ],
    door.url as never,
  ),
  describe: "reads a grant, and tells it in words",
  diff: "compares two grants",
  findWidening: "compares two grants",
  isNarrower: "compares two grants",
  permits: "asks a grant about a call",
  pick: "takes a grant, and names of its tools",
};

describe.each(Object.entries(doors).filter(([, row]) => typeof row !== "string"))("%s", (name, row) => {
  walk(name, row as Row);
});

describe("a grant", () => {
  const made = grant({ pay: { to: door.oneOf("a", "b") } });

  it("cannot be changed, at any depth", () => {
    expect(Object.isFrozen(made) && Object.isFrozen(made["pay"]) && Object.isFrozen(made["pay"]?.["to"])).toBe(true);
    expect(() => (Object(made["pay"]?.["to"]).values as string[]).push("c")).toThrow(TypeError);
  });

  it("says no more than its JSON: the mark shows nowhere, and no copy has it", () => {
    expect(JSON.parse(JSON.stringify(made))).toEqual({
      pay: { to: { constraint_type: "one_of", values: ["a", "b"] } },
    });
    expect(Reflect.ownKeys({ ...made })).toEqual(["pay"]);
    expect(Reflect.ownKeys(structuredClone(made))).toEqual(["pay"]);
    expect(door.readGrant(JSON.parse(JSON.stringify(made)))).toEqual(made);
  });
});
