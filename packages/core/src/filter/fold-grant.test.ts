import { describe, expect, it } from "vitest";
import {
  absent,
  all,
  any,
  type Constraint,
  cidr,
  contains,
  each,
  exact,
  grant,
  int,
  length,
  noArguments,
  notOneOf,
  object,
  oneOf,
  onlyThese,
  optional,
  orNull,
  path,
  prefix,
  range,
  subset,
  suffix,
  url,
  wildcard,
} from "../grant/index.ts";
import { foldGrant } from "./fold-grant.ts";

const REGION = { name: "request.resource.attr.region" };
const PRESENT = {
  operator: "or",
  operands: ["eq", "ne"].map((operator) => ({ operator, operands: [REGION, { value: null }] })),
};
const folded = (constraint: Constraint, word: string | null = "R.attr.region") =>
  foldGrant({ region: constraint }, { region: word });

describe("a constraint on rows", () => {
  it.each<[string, Constraint, unknown]>([
    ["exact", exact("EMEA"), { operator: "eq", operands: [REGION, { value: "EMEA" }] }],
    ["exact null", exact(null), { operator: "eq", operands: [REGION, { value: null }] }],
    ["oneOf", oneOf("a", 1), { operator: "in", operands: [REGION, { value: ["a", 1] }] }],
    [
      "notOneOf",
      notOneOf("a"),
      { operator: "not", operands: [{ operator: "in", operands: [REGION, { value: ["a"] }] }] },
    ],
    ["prefix", prefix("E"), { operator: "startsWith", operands: [REGION, { value: "E" }] }],
    ["suffix", suffix("A"), { operator: "endsWith", operands: [REGION, { value: "A" }] }],
    ["contains", contains("a"), { operator: "in", operands: [{ value: "a" }, REGION] }],
    ["range", range({ min: 1 }), { operator: "ge", operands: [REGION, { value: 1 }] }],
    ["range, exclusive", range({ below: 1 }), { operator: "lt", operands: [REGION, { value: 1 }] }],
    ["optional, as what it wraps", optional(exact(1)), { operator: "eq", operands: [REGION, { value: 1 }] }],
    ["orNull", orNull(exact(1)), { operator: "in", operands: [REGION, { value: [1, null] }] }],
    ["wildcard, of which the attribute must be there", wildcard(), PRESENT],
    ["optional, of a wildcard too", optional(wildcard()), PRESENT],
  ])("%s is said of them", (_, constraint, rows) => expect(folded(constraint)).toEqual({ rows }));

  it("is joined as its clauses are", () => {
    const [low, high] = [range({ min: 1 }), range({ max: 9 })];
    const [ge, le] = [
      { operator: "ge", operands: [REGION, { value: 1 }] },
      { operator: "le", operands: [REGION, { value: 9 }] },
    ];
    expect(folded(all(low, high))).toEqual({ rows: { operator: "and", operands: [ge, le] } });
    expect(folded(any(low, high))).toEqual({ rows: { operator: "or", operands: [ge, le] } });
    expect(folded(range({ min: 1, max: 9 }))).toEqual({ rows: { operator: "and", operands: [ge, le] } });
    expect(folded(any(low, wildcard()))).toEqual({
      rows: { operator: "or", operands: [ge, ...PRESENT.operands] },
    });
    expect(folded(wildcard(), "R.id"), "every row has an id").toEqual({ rows: true });
  });

  it.each<[string, Constraint]>([
    ["absent", absent()],
    ["cidr", cidr("10.0.0.0/8")],
    ["each", each(exact(1))],
    ["int", int({ min: 1 })],
    ["length", length(3)],
    ["object", object({ a: exact(1) })],
    ["path", path("/srv")],
    ["range", range({})],
    ["subset", subset("a")],
    ["url", url({ origins: ["https://a.example"] })],
    ["exact", exact({ a: 1 })],
    ["int", all(exact(1), int())],
    ["length", any(exact(1), length(3))],
    ["int", optional(all(int(), exact(1)))],
    ["subset", onlyThese("a", "b")],
  ])("%s is refused, and named, where no expression says exactly it", (type, constraint) => {
    expect(folded(constraint)).toEqual({
      pointer: "/region",
      rule: `it constrains "region" by ${type}, which cannot be said of rows; hand over a kind that can, or map it to null`,
    });
  });

  it("is refused where nobody said what the argument says of a row, also by a name that every object has", () => {
    const refused = {
      pointer: "/constructor",
      rule: expect.stringMatching(/does not say what that says of a row; add it to filter.arguments/),
    };
    expect(foldGrant({ constructor: exact(1) as never }, {})).toEqual(refused);
    for (const anything of [wildcard(), optional(wildcard()), any(exact(1), wildcard())])
      expect(foldGrant({ region: anything }, {})).toEqual({ rows: true });
  });

  it("is none where there are no arguments, whatever the map says", () => {
    const { search } = grant({ search: noArguments });
    for (const ofRows of [{}, { q: null }, { "": "R.attr.region" }] as const) {
      expect(foldGrant(search as never, ofRows)).toEqual({ rows: true });
    }
    expect(foldGrant({ region: absent() }, {})).toMatchObject({ pointer: "/region" });
  });

  it("is left to the call where the argument says nothing of a row", () => {
    expect(folded(int(), null)).toEqual({ rows: true });
  });

  it("may be about the row's own id", () => {
    expect(folded(exact("7"), "R.id")).toEqual({
      rows: { operator: "eq", operands: [{ name: "request.resource.id" }, { value: "7" }] },
    });
  });
});
