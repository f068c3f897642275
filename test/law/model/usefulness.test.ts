/**
 * A table that refused everything would be sound. Of the pairs that truly are narrower, by the model over a finite domain,
 * which share does it recognise? All constraints over a small vocabulary are listed, so that nothing is left to chance.
 */
import type { JsonScalar, JsonValue } from "@hopwise/core/adapter";
import {
  absent,
  all,
  any,
  type Constraint,
  type ConstraintType,
  cidr,
  contains,
  each,
  exact,
  int,
  length,
  notOneOf,
  object,
  oneOf,
  optional,
  path,
  prefix,
  subset,
  suffix,
  url,
  wildcard,
} from "@hopwise/core/grant";
import { describe, expect, it } from "vitest";
import { wideningOf } from "../../../packages/core/src/grant/index.ts";
import { ran } from "../../support/ran.ts";
import { report, thousands } from "../random/runs.ts";
import { type Argument, denotes } from "./model.ts";

const EXAMPLE = ["https://a.example", "https://b.example"] as const;
const PATHS = ["/", "/a", "/a/b", "/ab"];

function subsets<T>(of: readonly T[], min: number, max = of.length): readonly (readonly T[])[] {
  const every = Array.from({ length: 2 ** of.length }, (_, mask) => of.filter((_, i) => (mask >> i) % 2 === 1));
  return every.filter((set) => set.length >= min && set.length <= max);
}

function ranges(): readonly Constraint[] {
  const ends = (key: "min" | "max", numbers: readonly number[]): readonly object[] => [
    {},
    ...numbers.flatMap((n) => [{ [key]: n }, { [key]: n, [`${key}_inclusive`]: false }]),
  ];
  return ends("min", [0, 1, 2]).flatMap((low) =>
    ends("max", [1, 2, 3]).map((high): Constraint => ({ constraint_type: "range", ...low, ...high })),
  );
}

const ints = [{}, { min: 0 }, { min: 1 }, { min: 2 }].flatMap((low) =>
  [{}, { max: 1 }, { max: 2 }, { max: 3 }].map((high) => int({ ...low, ...high })),
);
const texts: readonly Constraint[] = [
  prefix("a"),
  prefix("ab"),
  prefix("/a"),
  suffix("a"),
  suffix("ba"),
  length(1),
  length(3),
];
const clauses: readonly Constraint[] = [
  ...texts,
  oneOf("a", "ab"),
  int({ min: 1 }),
  int({ min: 1, max: 2 }),
  notOneOf("a"),
  wildcard(),
];
const pairs = subsets(clauses, 2, 2);

const COMPOUND: readonly JsonValue[] = [[], ["a"], ["a", "ab"], [2], { k: "a" }, { k: 2, l: "a" }];

/** Every constraint over a small vocabulary, by its type. */
const CONSTRAINTS: { readonly [type in ConstraintType]: readonly Constraint[] } = {
  exact: [0, 1, 2, 1.5, "a", "ab", "ba", "/a", "/a/b", `${EXAMPLE[0]}/a`, "10.0.0.0", "::1", true, null]
    .map((value): Constraint => exact(value))
    .concat(COMPOUND.map((value) => exact(value))),
  one_of: subsets<JsonScalar>([1, 2, 1.5, "a", "ab", "/a", "/a/b"], 1, 3).map((values) => oneOf(...values)),
  not_one_of: subsets<JsonScalar>([1, 2, "a", "ab"], 1, 3).map((excluded) => notOneOf(...excluded)),
  range: ranges(),
  int: ints,
  contains: subsets<JsonScalar>(["a", "b", 1], 1).map((required) => contains(...required)),
  subset: subsets<JsonScalar>(["a", "b", 1], 0).map((allowed) => subset(...allowed)),
  all: pairs.map((of) => all(...of)),
  any: [...subsets(clauses, 1, 1), ...pairs].map((of) => any(...of)),
  wildcard: [wildcard()],
  prefix: ["a", "ab", "b", "/", "/a", "/a/b", "https://a.example/"].map(prefix),
  suffix: ["a", "ba", "b", "bb", "/b"].map(suffix),
  path: PATHS.map(path),
  url: subsets(EXAMPLE, 1).flatMap((origins) => [url({ origins }), ...PATHS.map((under) => url({ origins, under }))]),
  length: [0, 1, 2, 3].map(length),
  cidr: subsets(["10.0.0.0/8", "10.0.0.0/9", "11.0.0.0/8", "::/127", "::1/128"], 1, 2).map((ranges) => cidr(...ranges)),
  each: clauses.map(each),
  object: [
    ...clauses.map((k) => object({ k })),
    ...pairs.map(([k, l]) => object({ k: k as Constraint, l: l as Constraint })),
    ...clauses.flatMap((k) => [object({ k: optional(k) }), object({ k, l: optional(k) }), object({ k, l: absent() })]),
  ],
  optional: clauses.map(optional),
  absent: [{ constraint_type: "absent" }],
};

/** Values that tell each of these constraints from every other. */
function domain(): readonly Argument[] {
  const numbers = [-1, 0, 0.5, 1, 1.5, 2, 2.5, 3, 4, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER];
  const letters = ["", "a", "b", "c"];
  const short = letters.flatMap((x) => letters.flatMap((y) => letters.map((z) => x + y + z)));
  const words = [...short, ...short.map((word) => `${word}//${word}`), "/a//b", "/a/b//", "/aa"];
  const places = [...PATHS, "/b", "/a/b/c", "/a/c", "/abc", "/a/ba", "/a/", "/a//b", "/aba", "/..", "/b/b", "/ab/c"];
  const urls = EXAMPLE.flatMap((origin) => places.map((place) => origin + place));
  const scalars: readonly JsonScalar[] = [
    ...numbers,
    ...new Set(words),
    "abcd",
    "abba",
    "/aa",
    ...places,
    ...urls,
    true,
    false,
    null,
  ];
  const items: readonly JsonScalar[] = [
    1,
    2,
    3,
    0,
    1.5,
    "",
    "a",
    "ab",
    "ba",
    "aba",
    "abba",
    "abbb",
    "b",
    "bbb",
    "/a",
    "/aba",
    "/ab",
    "aaaa",
    null,
  ];
  const lists = [
    ...subsets<JsonScalar>(["a", "b", 1, "c"], 0),
    ...items.flatMap((item) => [[item], [item, item, item, item]]),
    [[1]],
  ];
  const addresses = ["9.0.0.0", "10.0.0.0", "10.127.0.0", "10.128.0.0", "11.0.0.0", "12.0.0.0", "::", "::1", "::2"];
  const objects = items.flatMap((k) => [{ k }, ...items.map((l) => ({ k, l }))]);
  return [undefined, ...scalars, ...addresses, ...(lists as JsonValue[]), {}, ...objects];
}

interface Cell {
  trueOnes: number;
  recognised: number;
  /** A true narrowing that the table does not see. */
  missed?: readonly [Constraint, Constraint];
}

const TYPES = Object.keys(CONSTRAINTS) as ConstraintType[];

function measure(): ReadonlyMap<string, Cell> {
  const values = domain();
  const sets = new Map<Constraint, ReadonlySet<Argument>>();
  for (const constraint of Object.values(CONSTRAINTS).flat())
    sets.set(constraint, new Set(denotes(constraint, values)));
  const cells = new Map<string, Cell>();
  for (const parentType of TYPES) {
    for (const childType of TYPES) {
      const cell: Cell = { trueOnes: 0, recognised: 0 };
      for (const parent of CONSTRAINTS[parentType]) {
        ran("pairs of constraints", CONSTRAINTS[childType].length);
        for (const child of CONSTRAINTS[childType]) {
          const said = wideningOf({ tool: { argument: parent } }, { tool: { argument: child } }) === undefined;
          const inner = sets.get(child) as ReadonlySet<Argument>;
          const outer = sets.get(parent) as ReadonlySet<Argument>;
          const truly = [...inner].every((value) => outer.has(value));
          if (said && !truly) throw new Error(`widened: ${JSON.stringify({ parent, child })}`);
          if (!truly || inner.size === 0) continue; // what nothing passes hands nothing on
          cell.trueOnes++;
          if (said) cell.recognised++;
          else cell.missed ??= [parent, child];
        }
      }
      if (cell.trueOnes > 0) cells.set(`${childType} under ${parentType}`, cell);
    }
  }
  return cells;
}

/** Where the specification promises all of it: the rules of the same type, and listed values under anything. */
const WHOLLY: readonly ConstraintType[] = [
  "exact",
  "one_of",
  "not_one_of",
  "range",
  "int",
  "contains",
  "subset",
  "wildcard",
  "prefix",
  "suffix",
  "path",
  "url",
  "cidr",
  "length",
  "absent",
];

describe("usefulness", () => {
  const cells = measure();
  const shareOf = (name: string): number | undefined => {
    const cell = cells.get(name);
    return cell && cell.recognised / cell.trueOnes;
  };

  it.each(WHOLLY)("recognises every true narrowing of %s under its own type", (type) => {
    expect(cells.get(`${type} under ${type}`)?.missed).toBeUndefined();
    expect(shareOf(`${type} under ${type}`)).toBe(1);
  });

  it.each(TYPES.filter((type) => type !== "absent"))(
    "recognises every true narrowing of listed values under %s",
    (type) => {
      for (const child of ["exact", "one_of"]) expect(shareOf(`${child} under ${type}`) ?? 1).toBe(1);
    },
  );

  it("recognises most of what adds a condition, and of what one clause of any takes", () => {
    for (const type of ["range", "int", "prefix", "suffix", "length"]) {
      expect(shareOf(`all under ${type}`), type).toBeGreaterThan(0.5);
    }
    for (const type of ["int", "prefix", "suffix", "length"]) {
      expect(shareOf(`${type} under any`), type).toBeGreaterThan(0.5);
    }
  });

  it("recognises what the specification lists across types: int in range, anything under wildcard, absent and inner under optional", () => {
    expect(shareOf("int under range")).toBe(1);
    expect(shareOf("absent under optional")).toBe(1);
    for (const type of TYPES) expect(shareOf(`${type} under wildcard`) ?? 1).toBe(1);
  });

  it("recognises most of what is nested: the true narrowings of any, all, each, object and optional", () => {
    for (const type of ["any", "all", "each", "object", "optional"]) {
      expect(shareOf(`${type} under ${type}`), type).toBeGreaterThan(0.5);
    }
  });

  it("refuses every pair of types that the specification does not list, even where it would be true", () => {
    const isListed = (child: ConstraintType, parent: ConstraintType): boolean =>
      child === parent ||
      ["exact", "one_of"].includes(child) ||
      ["wildcard", "optional"].includes(parent) ||
      (child === "int" && parent === "range") ||
      (["contains", "subset", "each", "object"].includes(child) && parent === "not_one_of") ||
      (parent === "any" && child !== "optional" && child !== "absent") ||
      ((child === "all" || child === "any") && parent !== "absent");
    for (const [name, { recognised }] of cells) {
      const [child, parent] = name.split(" under ") as [ConstraintType, ConstraintType];
      if (!isListed(child, parent)) expect(recognised, name).toBe(0);
    }
  });

  it("prints the share of true narrowings that it recognises, by pair of types", () => {
    const total = [...cells.values()].reduce((sum, { trueOnes }) => sum + trueOnes, 0);
    const known = [...cells.values()].reduce((sum, { recognised }) => sum + recognised, 0);
    const percent = (share: number | undefined): string => (share === undefined ? "" : String(Math.floor(100 * share)));
    const row = (head: string, rest: readonly string[]): string =>
      head.padEnd(12) + rest.map((cell) => cell.padStart(5)).join("");
    report("usefulness: % of the true narrowings that the table recognises, child (across) under parent (down)", [
      row(
        "",
        TYPES.map((type) => type.replace("_of", "").slice(0, 4)),
      ),
      ...TYPES.map((parent) =>
        row(
          parent,
          TYPES.map((child) => percent(shareOf(`${child} under ${parent}`))),
        ),
      ),
      `in all ${thousands(known)} of ${thousands(total)} (${((100 * known) / total).toFixed(1)} %)`,
      ...[...cells]
        .filter(([name, { missed }]) => missed !== undefined && TYPES.some((type) => name === `${type} under ${type}`))
        .map(([name, { missed }]) => `missed, for example: ${name}: ${JSON.stringify(missed)}`),
    ]);
  });
});
