import { describe, expect, it } from "vitest";
import type { JsonValue } from "../json/index.ts";
import { absent, all, any, contains, exact, int, notOneOf, oneOf, optional, range, subset, wildcard } from "./build.ts";
import { passes } from "./check.ts";
import type { Constraint } from "./constraint.ts";

/** One value of every JSON type, and the argument that is not there. */
const everything: readonly (JsonValue | undefined)[] = [
  null,
  true,
  false,
  0,
  -1,
  0.5,
  "",
  "a",
  [],
  ["a"],
  {},
  { a: 1 },
];

const table: readonly [name: string, Constraint, good: readonly unknown[], bad: readonly unknown[]][] = [
  ["exact of a text", exact("a"), ["a"], ["A", "a ", "", ["a"], null, undefined]],
  ["exact of a number", exact(1), [1, 1.0], ["1", true, 1.0000000001, [1], undefined]],
  ["exact of zero", exact(0), [0, -0], ["0", false, null, "", undefined]],
  ["exact of true", exact(true), [true], ["true", 1, false, undefined]],
  ["exact of null", exact(null), [null], [0, "", "null", false, {}, undefined]],
  ["exact, which normalises nothing", exact("\u00e9"), ["\u00e9"], ["e\u0301", "\u00c9"]],
  ["one_of", oneOf("a", 1, null), ["a", 1, null], ["1", "b", true, ["a"], [], {}, undefined]],
  ["one_of zero", oneOf(0), [-0], [false, "", undefined]],
  ["not_one_of", notOneOf("a", 1), ["b", "1", true, null, [], ["a"], {}], ["a", 1, undefined]],
  ["range, inclusive by default", range({ min: 1, max: 2 }), [1, 1.5, 2], [0.999, 2.001, "1", [1], null, undefined]],
  ["range, exclusive below", range({ above: 1 }), [1 + Number.EPSILON, 1e300], [1, 0, undefined]],
  ["range, exclusive above", range({ below: 2 }), [2 - Number.EPSILON, -1e300], [2, 3, undefined]],
  ["range without bounds", range({}), [0, -1.5, 1e308], ["0", null, true, Number.NaN, Infinity, -Infinity, undefined]],
  ["range of one ulp", range({ max: 1000 }), [1000], [1000.0000000000001]],
  ["int", int({ min: 1, max: 3 }), [1, 2, 3, 2.0], [0, 4, 1.5, "2", null, true, [2], undefined]],
  ["int without bounds", int(), [0, -1, 2 ** 53 - 1, -(2 ** 53) + 1], [2 ** 53, 0.1, Number.NaN, Infinity, undefined]],
  [
    "contains",
    contains("a", 1),
    [
      ["a", 1],
      [1, "b", "a"],
    ],
    [["a"], ["a", "1"], "a", [["a"], 1], [], undefined],
  ],
  ["contains, of arrays of scalars only", contains("a"), [["a", null]], [["a", ["b"]], ["a", {}], { 0: "a" }]],
  ["subset", subset("a", 1), [[], ["a"], [1, "a", "a"]], [["b"], ["a", "1"], "a", [["a"]], {}, undefined]],
  ["subset of nothing", subset(), [[]], [["a"], [null], undefined]],
  ["all", all(range({ min: 0 }), range({ max: 9 })), [0, 9], [-1, 10, "5", undefined]],
  ["any", any(exact("a"), range({ min: 5 })), ["a", 5], ["b", 4, null, undefined]],
  ["all of any", all(any(exact(1), exact(2)), any(exact(2), exact(3))), [2], [1, 3, undefined]],
  ["wildcard", wildcard(), everything, [undefined]],
  ["optional", optional(exact("a")), ["a", undefined], ["b", null, ""]],
  ["optional wildcard", optional(wildcard()), [...everything, undefined], []],
  ["absent", absent(), [undefined], everything],
];

describe("the check of a constraint", () => {
  it.each(table)("%s", (_, constraint, good, bad) => {
    const passed = [...good, ...bad].filter((value) => passes(constraint, value as JsonValue | undefined));
    expect(passed).toStrictEqual([...good]);
  });

  it("covers every type of constraint there is", () => {
    const types: Record<Constraint["constraint_type"], true> = {
      exact: true,
      one_of: true,
      not_one_of: true,
      range: true,
      int: true,
      contains: true,
      subset: true,
      all: true,
      any: true,
      wildcard: true,
      optional: true,
      absent: true,
    };
    expect(new Set(table.map(([, constraint]) => constraint.constraint_type))).toEqual(new Set(Object.keys(types)));
  });

  it("lets nothing but optional and absent pass for an argument that is not there", () => {
    const passing = table.filter(([, constraint]) => passes(constraint, undefined));
    expect(new Set(passing.map(([, { constraint_type }]) => constraint_type))).toEqual(new Set(["optional", "absent"]));
  });
});
