/** The small finite domain that constraints are held against: values at which one constraint differs from another. */
import type { JsonScalar, JsonValue } from "@hopwise/core/adapter";
import type { Constraint } from "@hopwise/core/grant";

const ULP = 2 ** -52;

export const NUMBERS: readonly number[] = [
  1,
  0,
  2,
  3,
  -1,
  0.5,
  1.5,
  1 + ULP,
  1 - ULP / 2,
  -0,
  Number.MAX_SAFE_INTEGER,
  Number.MIN_SAFE_INTEGER,
  Number.MIN_VALUE,
];

export const TEXTS: readonly string[] = ["a", "b", "ab", "ba", "abc", "bab", "1", "true", "é", "e\u0301", "😀", "A"];

export const PATHS: readonly string[] = ["/a", "/a/b", "/ab", "/", "/b", "/a/b/c"];

const TRICKY_PATHS = [
  "/a/../b",
  "/a/./b",
  "/a//b",
  "/a/",
  "//",
  "/a%2fb",
  "/a\\b",
  "/a\0",
  "a/b",
  "/a/...",
  "/..a",
  "",
];

export const ORIGINS: readonly string[] = [
  "https://a.example",
  "https://b.example",
  "https://a.example:8443",
  "http://a.example",
  "git://a.example",
];

const URLS = [
  "https://a.example/",
  "https://a.example/a",
  "https://a.example/a/b",
  "https://a.example/a/",
  "https://a.example/ab",
  "https://a.example/a?b=/../#",
  "https://a.example/a?b=/..",
  "https://b.example/a",
  "https://a.example:8443/a/b",
  "http://a.example/a",
  "git://a.example/a",
  "git://a.example",
  // Each of these is another spelling, or hides where it leads.
  "https://a.example",
  "https://a.example:443/a",
  "https://A.example/a",
  "https://a.example/a/../b",
  "https://a.example/a/%2e%2e/b",
  "https://a.example/a/%2Fb",
  "https://a.example/a/..;/b",
  "https://a.example/a/..%3B/b",
  "https://a.example/a%5cb",
  "https://user@a.example/a",
  "https://:pw@a.example/a",
  "https://a.example/a#b",
  "https://a.example.b.example/a",
  "https://b.example/https://a.example/a",
  "https://a.example@b.example/a",
  "file:///a",
  "urn:a:b",
];

/** Nested ones, neighbours, and ranges that are one address. */
export const RANGES: readonly string[] = [
  "10.0.0.0/8",
  "10.0.0.0/9",
  "10.128.0.0/9",
  "10.0.0.1/32",
  "0.0.0.0/0",
  "11.0.0.0/8",
  "::/0",
  "2001:db8::/32",
  "2001:db8:8000::/33",
  "2001:db8::1/128",
  "::/96",
];

const ADDRESSES = [
  "10.0.0.0",
  "10.0.0.1",
  "10.127.255.255",
  "10.128.0.0",
  "9.255.255.255",
  "11.0.0.0",
  "2001:db8::",
  "2001:db8::1",
  "2001:db8:8000::1",
  "2001:db9::",
  "::",
  "::a00:1",
  // Each of these is another spelling, or hides an address of IPv4.
  "010.0.0.1",
  "10.1",
  "167772161",
  "0xa.0.0.1",
  "10.0.0.1.",
  "10.0.0.256",
  "2001:DB8::1",
  "2001:db8:0::1",
  "2001:db8::1%1",
  "[2001:db8::1]",
  "::ffff:10.0.0.1",
  "::ffff:a00:1",
];

export const SCALARS: readonly JsonScalar[] = [...TEXTS.slice(0, 6), ...NUMBERS.slice(0, 6), true, false, null, "1"];

export const LISTS: readonly JsonValue[] = [
  [],
  ["a"],
  ["b"],
  ["a", "b"],
  ["b", "a", "a"],
  [1],
  [1, "a"],
  [1, 2, 3],
  [null, true],
  [0.5],
  ["/a/b"],
  [["a"]],
  [[]],
  ["a", ["a"]],
  [{ k: 1 }],
  [{ k: "a" }, { k: 1 }],
];

export const OBJECTS: readonly JsonValue[] = [
  {},
  { k: 1 },
  { k: "a" },
  { k: "ab" },
  { k: null },
  { l: "a" },
  { k: 1, l: 2 },
  { k: "a", l: "b" },
  { l: "b", k: "a" },
  { k: ["a"] },
  { k: { k: 1 } },
  { constructor: 1 },
];

/** The names of an object's properties. */
export const NAMES: readonly string[] = ["k", "l", "constructor"];

/** Everything an argument is tried with; `undefined` is one that is not there. */
export const DOMAIN: readonly (JsonValue | undefined)[] = [
  undefined,
  ...NUMBERS,
  ...TEXTS,
  "",
  ...PATHS,
  ...TRICKY_PATHS,
  ...URLS,
  ...ADDRESSES,
  true,
  false,
  null,
  ...LISTS,
  ...OBJECTS,
];

const bits = new DataView(new ArrayBuffer(8));

/** The next number a double can hold, `by` steps up or down. */
export function ulps(value: number, by: number): number {
  if (value === 0) return by * Number.MIN_VALUE;
  bits.setFloat64(0, value);
  bits.setBigInt64(0, bits.getBigInt64(0) + BigInt(value > 0 ? by : -by));
  return bits.getFloat64(0);
}

/** Values at which a constraint could differ from a neighbour: its own parameters, and those next to them. */
export function probes(constraint: Constraint): readonly JsonValue[] {
  switch (constraint.constraint_type) {
    case "exact":
      return beside(constraint.value);
    case "one_of":
      return constraint.values.flatMap(around);
    case "not_one_of":
      return constraint.excluded.flatMap(around);
    case "contains":
      return [constraint.required, constraint.required.slice(1), [...constraint.required, "a"]];
    case "subset":
      return [constraint.allowed, constraint.allowed.slice(1), [...constraint.allowed, "a"]];
    case "range":
    case "int":
      return [constraint.min, constraint.max].flatMap((bound) => (bound === undefined ? [] : around(bound)));
    case "prefix":
    case "suffix":
      return around(constraint.value);
    case "path":
      return around(constraint.root);
    case "url":
      return constraint.origins.flatMap((origin) => around(`${origin}${constraint.under ?? "/"}`));
    case "cidr":
      return constraint.ranges.map((range) => range.split("/")[0] as string);
    case "all":
    case "any":
      return constraint.constraints.flatMap(probes);
    case "each":
      return probes(constraint.constraint).flatMap((value) => [[value], [value, value]]);
    case "object":
      return membersOf(Object.entries(constraint.properties));
    case "optional":
      return probes(constraint.constraint);
    default:
      return [];
  }
}

function around(value: JsonScalar): readonly JsonValue[] {
  if (typeof value === "number") return [value, ulps(value, 1), ulps(value, -1)];
  return typeof value === "string" ? [value, `${value}a`, `a${value}`, `${value}/a`] : [value];
}

/** A value, and those that differ from it by one element or member. */
function beside(value: JsonValue): readonly JsonValue[] {
  if (typeof value !== "object" || value === null) return around(value);
  if (Array.isArray(value)) return [value, value.slice(1), [...value, 1], value.toReversed()];
  const [first, ...rest] = Object.entries(value as { readonly [name: string]: JsonValue });
  const less = Object.fromEntries(rest);
  return [value, less, { ...less, ...(first && { [first[0]]: first[1] }) }, { ...value, more: 1 }];
}

/** Objects in which each property has, in turn, one of its own probes; and one of those that must be there alone. */
function membersOf(properties: readonly (readonly [string, Constraint])[]): readonly JsonValue[] {
  const own = properties.map(([name, constraint]) => [name, probes(constraint)] as const);
  const most = Math.max(1, ...own.map(([, values]) => values.length));
  const full = Array.from({ length: Math.min(most, 8) }, (_, i) =>
    Object.fromEntries(own.map(([name, values]) => [name, values[i % Math.max(values.length, 1)] ?? 1])),
  );
  const mayBeMissing = properties
    .filter(([, { constraint_type }]) => constraint_type === "optional" || constraint_type === "absent")
    .map(([name]) => name);
  const without = (names: readonly string[]) =>
    full.map((object) => Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name))));
  return [...full, ...(mayBeMissing.length > 0 ? [...without(mayBeMissing), ...without(mayBeMissing.slice(1))] : [])];
}
