/** Random texts, constraints, values and claims over small domains, so that chance meets every case: for comparing readers. */
import fc from "fast-check";
import type { Json } from "./forge.ts";

const FRAGMENTS = [
  ..."{}[],:- ",
  ...[
    '"a"',
    '"b"',
    '"\\u0061"',
    '"\\ud83d"',
    '"\\ude00"',
    '"__proto__"',
    '"\\x"',
    '"',
    '"\n"',
    '"é😀"',
    '"a":1',
    '{"a":',
  ],
  ...[
    "1",
    "0",
    "01",
    "-0",
    "1.50",
    "1e2",
    "1e400",
    "1e-400",
    "9007199254740991",
    "9007199254740993",
    ".5",
    "5.",
    "NaN",
  ],
  ...["true", "false", "null", "nul", "\n", "\t", "\u00a0", "\ufeff", "//", "\\"],
];

const mutated = fc
  .tuple(fc.jsonValue({ maxDepth: 3 }), fc.nat(), fc.nat(2), fc.constantFrom("", ...FRAGMENTS))
  .map(([value, at, cut, fragment]) => {
    const text = JSON.stringify(value);
    const place = at % (text.length + 1);
    return text.slice(0, place) + fragment + text.slice(place + cut);
  });

/** Texts that are JSON, nearly JSON, or made of its pieces. */
export const jsonText: fc.Arbitrary<string> = fc.oneof(
  fc.jsonValue({ maxDepth: 4 }).map((value) => JSON.stringify(value)),
  mutated,
  fc.array(fc.constantFrom(...FRAGMENTS), { maxLength: 8 }).map((parts) => parts.join("")),
);

const DOCS = "https://docs.example";
const TEXTS = [
  "",
  "a",
  "b",
  "ab",
  "INV-7",
  "INV-",
  "7",
  "/",
  "/data",
  "/data/q",
  "/data/",
  "/data/..",
  "/data%2e",
  "/database",
];
const PLACES = [
  DOCS,
  `${DOCS}/`,
  `${DOCS}:443`,
  `${DOCS}:8443`,
  `${DOCS}/data`,
  `${DOCS}/data/q?x=1`,
  `${DOCS}/data#a`,
  "mcp://a",
  "HTTPS://docs.example",
  "https://a@docs.example",
  "file:///a",
  "https://docs.example/%2E",
];
const ADDRESSES = [
  "10.0.0.1",
  "10.200.0.0",
  "10.1",
  "010.0.0.1",
  "10.0.0.256",
  "2001:db8::1",
  "2001:DB8::1",
  "::a00:1",
  "::ffff:a00:1",
  "::ffff:10.0.0.1",
];
const RANGES = ["10.0.0.0/8", "10.128.0.0/9", "10.0.0.1/32", "0.0.0.0/0", "2001:db8::/32", "::/0", "::a00:0/112"];
const NO_RANGES = ["10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/08", "::ffff:a00:0/112", "2001:DB8::/32", "10.0.0.0"];
const scalar = fc.oneof(
  { weight: 1, arbitrary: fc.constantFrom<Json>(...ADDRESSES) },
  { weight: 3, arbitrary: fc.constantFrom<Json>(...TEXTS) },
  { weight: 2, arbitrary: fc.constantFrom<Json>(...PLACES) },
  { weight: 4, arbitrary: fc.constantFrom<Json>(-1, 0, 1, 1.5, 2, 5) },
  { weight: 1, arbitrary: fc.constantFrom<Json>(true, false, null) },
);

/** Values of arguments. */
export const wildValue: fc.Arbitrary<Json> = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    { weight: 5, arbitrary: scalar },
    { weight: 1, arbitrary: fc.array(tie("value"), { maxLength: 3 }) },
    { weight: 1, arbitrary: fc.dictionary(fc.constantFrom("a", "b", "toString"), tie("value"), { maxKeys: 2 }) },
  ),
})).value;

/** Constraints, most of them well formed. */
export const wildConstraint: fc.Arbitrary<Json> = fc.letrec<{ constraint: Json }>((tie) => {
  const of = (
    constraint_type: string,
    members: { [name: string]: fc.Arbitrary<Json> } = {},
    optional: string[] = [],
  ): fc.Arbitrary<Json> =>
    fc
      .record(members, { requiredKeys: Object.keys(members).filter((name) => !optional.includes(name)) })
      .map((read): Json => ({ constraint_type, ...read }));
  const some = (minLength: number): fc.Arbitrary<Json> => fc.array(scalar, { minLength, maxLength: 3 });
  const number = fc.constantFrom<Json>(-1, 0, 1, 2, 5, 1.5);
  const integer = fc.constantFrom<Json>(-1, 0, 1, 2, 5);
  const text = fc.constantFrom<Json>("a", "ab", "INV-", "INV-7", "/data");
  const root = fc.constantFrom<Json>("/", "/data", "/data/q", "/database");
  const origins: fc.Arbitrary<Json> = fc.array(fc.constantFrom(DOCS, `${DOCS}:8443`, "mcp://a"), {
    minLength: 1,
    maxLength: 2,
  });
  const inner = tie("constraint");
  const member = fc.oneof(
    { weight: 3, arbitrary: inner },
    { weight: 1, arbitrary: of("optional", { constraint: inner }) },
    { weight: 1, arbitrary: of("absent") },
  );
  const innerList = (minLength: number): fc.Arbitrary<Json> => fc.array(inner, { minLength, maxLength: 3 });
  const bounds = ["min", "max", "min_inclusive", "max_inclusive"];
  return {
    constraint: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      of("exact", { value: fc.oneof({ weight: 3, arbitrary: scalar }, { weight: 1, arbitrary: wildValue }) }),
      of("cidr", {
        ranges: fc.array(
          fc.oneof(
            { weight: 12, arbitrary: fc.constantFrom<Json>(...RANGES) },
            { weight: 1, arbitrary: fc.constantFrom<Json>(...NO_RANGES) },
          ),
          { minLength: 1, maxLength: 3 },
        ),
      }),
      of("one_of", { values: some(1) }),
      of("not_one_of", { excluded: some(1) }),
      of("range", { min: number, max: number, min_inclusive: fc.boolean(), max_inclusive: fc.boolean() }, bounds),
      of("int", { min: integer, max: integer }, bounds),
      of("contains", { required: some(1) }),
      of("subset", { allowed: some(0) }),
      of("wildcard"),
      of("prefix", { value: text }),
      of("suffix", { value: text }),
      of("path", { root }),
      of("url", { origins, under: root }, ["under"]),
      of("length", { max: integer }),
      of("absent"),
      of("each", { constraint: inner }),
      of("optional", { constraint: inner }),
      of("any", { constraints: innerList(1) }),
      of("all", { constraints: innerList(2) }),
      of("object", { properties: fc.dictionary(fc.constantFrom("a", "b"), member, { maxKeys: 2 }) }),
    ),
  };
}).constraint;

/** A constraint and one that differs from it in one place: more often narrower, or nearly, than two by chance. */
export const wildPair: fc.Arbitrary<readonly [Json, Json]> = fc.oneof(
  fc.tuple(wildConstraint, wildConstraint),
  fc
    .tuple(wildConstraint, fc.nat(), scalar)
    .map(([parent, at, value]) => [parent, changed(parent, { at, value })] as const),
);

/** Grants of every tool and of named ones, which may stand under them. */
export const wildTools: fc.Arbitrary<Json> = fc.dictionary(
  fc.constantFrom("mcp:tools/*", "x:y#mcp:tools/*", "t", "x:y#t", "mcp:resources/read", "mcp:x", "#", "x:y#", "a#b#t"),
  fc.constant({}),
  { maxKeys: 2, noNullPrototype: true },
);

/** Grants, many of them broken in one place. */
export const wildGrant: fc.Arbitrary<Json> = fc
  .tuple(fc.dictionary(fc.constantFrom("a", "uri", ""), wildConstraint, { maxKeys: 2 }), fc.nat(), wildValue)
  .map(([entry, at, value]) => changed({ t: entry }, { at: at % 12, value }));

const bounds = fc
  .record(
    {
      calls: fc.constantFrom<Json>(0, 1, 2, 5),
      sums: fc.dictionary(
        fc.constantFrom("t", "a/b", "mcp:prompts/get"),
        fc.dictionary(fc.constantFrom("a", "b~", "toString"), fc.constantFrom<Json>(0, 1, 2, 5), {
          minKeys: 1,
          maxKeys: 2,
        }),
        { minKeys: 1, maxKeys: 2 },
      ),
    },
    { requiredKeys: [] },
  )
  .map((own): Json => own);

/** Budgets of a root, a child and a grandchild, most of them well formed, some of them broken in one place, or left out. */
export const wildBudgets: fc.Arbitrary<readonly (Json | undefined)[]> = fc
  .tuple(
    bounds.map((own): Json => ({ id: "b-1", from: 0, until: 1_900_000_000, ...Object(own) })),
    fc.option(bounds, { nil: undefined }),
    fc.option(bounds, { nil: undefined }),
    fc.tuple(fc.nat(30), fc.nat(9), wildValue),
  )
  .map(([root, child, grandchild, [which, at, value]]) =>
    [root, child, grandchild].map((own, i) => (which === i && own !== undefined ? changed(own, { at, value }) : own)),
  );

/** Claims that any token or proof may have, with values that may be right. */
export const wildClaim: fc.Arbitrary<readonly [string, Json | undefined]> = fc.tuple(
  fc.constantFrom(
    ...[
      "jti",
      "iss",
      "iat",
      "exp",
      "cnf",
      "del_depth",
      "del_max_depth",
      "par_hash",
      "authorization_details",
      "hw",
      "sub",
    ],
    ...["act", "aud", "txn", "budget", "aat_aud", "aat_id", "aat_tool", "hta", "hw_leaf", "hw_ms", "nonce"],
  ),
  fc.oneof(
    wildValue,
    fc.constantFrom<Json | undefined>(
      undefined,
      0,
      1,
      2,
      3,
      4,
      17,
      -1,
      1e3,
      {},
      [],
      { sub: "planner" },
      { jwk: {} },
      "alice",
    ),
    fc.integer({ min: -3700, max: 3700 }).map((seconds) => 1_800_000_000 + seconds),
    fc.array(fc.constantFrom("https://pay.acme.example/mcp", "https://docs.acme.example/mcp", "x:y", "x"), {
      maxLength: 3,
    }),
  ),
);

/** Replaces, takes out or renames the n-th place of a value. */
function changed(value: Json, change: { at: number; readonly value: Json }): Json {
  if (change.at-- === 0) return change.value;
  if (typeof value !== "object" || value === null || change.at < 0) return value;
  if (Array.isArray(value)) return value.map((item) => changed(item, change));
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, changed(member as Json, change)]));
}
