/** What a rule can say of a row, one thing at a time. */

export interface Leaf {
  readonly expr: string;
  /** Attributes of the row that it reads. */
  readonly reads: readonly string[];
  /** Attributes of the principal that it reads. */
  readonly principal: readonly string[];
  /** It takes a `null` in the row for a value: `==`, `!=` and `in` do, and nothing else. */
  readonly takesNull: boolean;
  /** It reads members of what these lists hold, and fails on the texts in them. */
  readonly ofObjects: readonly string[];
}

/** These take any value, also `null`. */
const OF_ANY = [
  'R.attr.region == "EMEA"',
  'R.attr.region != "emea"',
  'R.attr.region == "a "',
  "R.attr.region == P.attr.region",
  "P.attr.name != R.attr.owner",
  'R.attr.owner == "ä"',
  'R.attr.owner in ["a", "A", "ä", "EMEA ", null]',
  "R.attr.region in P.attr.regions",
  'R.attr.region in ["EMEA", 5, true]',
  "R.attr.region in []",
  "R.attr.owner == null",
  "R.attr.note == null",
  "null != R.attr.note",
  'R.attr.note in ["a", null]',
  'R.attr.note == "a"',
  "R.attr.region == R.attr.owner",
  "R.attr.owner != R.attr.note",
  "R.attr.amount == 0.3",
  "R.attr.amount == P.attr.limit",
  "R.attr.bonus == 9007199254740992.0",
  "R.attr.fee != 0.1",
  "R.attr.fee == R.attr.amount",
  "R.attr.bonus in [1.0, 5.0, 1000.0]",
  'R.attr.amount == "10"',
  "R.attr.note == 10.0",
  "R.attr.open == true",
  "R.attr.late != false",
  'R.id in ["r1", "r3", "r5", "r7", "r20"]',
  'R.id != "r2"',
  '"a" in R.attr.tags',
  "P.attr.name in R.attr.marks",
  "null in R.attr.marks",
  "5.0 in R.attr.counts",
  'R.attr.tags.exists(t, t == "ä")',
  'R.attr.marks.all(t, t != "a")',
  "R.attr.tags.exists(t, t in P.attr.regions)",
  "R.attr.marks.exists(t, t == R.attr.owner)",
  'R.attr.marks.exists_one(t, t == "a")',
  "P.attr.regions.exists(r, r == R.attr.owner)",
  'R.attr["x-y"] == "a"',
  "size(R.attr.tags) > 1",
  'R.attr.region == "\'; DROP TABLE things; --"',
];

/** These cannot be evaluated where something is `null`. */
const OF_SOME = [
  "R.attr.amount < 5.0",
  "R.attr.amount >= 0.3",
  "10.0 > R.attr.bonus",
  "R.attr.bonus <= P.attr.limit",
  "P.attr.limit > R.attr.fee",
  "R.attr.fee <= R.attr.amount",
  "R.attr.fee >= 1e308",
  'R.attr.region < "b"',
  'R.attr.owner >= "ä"',
  'R.attr.note > "\ufffd"',
  'R.attr.region.startsWith("E")',
  'R.attr.owner.endsWith(" ")',
  'R.attr.note.contains("a")',
  'R.attr.note.startsWith("")',
  'R.attr.region.endsWith("")',
  'R.attr.owner.contains("%")',
  "P.attr.name.startsWith(R.attr.owner)",
  "R.attr.paid",
  "R.attr.open && true",
  "!R.attr.late",
  'timestamp(R.attr.due) < timestamp("2026-01-01T00:00:00.5Z")',
  'timestamp(R.attr.closed) >= timestamp("2026-01-01T00:00:00.123456Z")',
  'timestamp(R.attr.due) == timestamp("2026-01-01T01:00:00+01:00")',
  "timestamp(R.attr.closed) > now()",
  "R.attr.counts.exists(c, c > 5.0)",
  "R.attr.counts.all(c, c <= 10.0)",
  'R.attr.marks.exists(t, t.startsWith("a"))',
  "size(R.attr.note) < 2",
];

/** Cerbos evaluates these when it plans. */
const KNOWN = ["P.attr.vip", 'P.attr.region == "EMEA"', "P.attr.limit > 1.0", "!has(P.attr.gone)"];

/** A plan never asks this. */
const ASKING = ["has(R.attr.owner)", 'has(R.attr.owner) && R.attr.owner == "a"', "!has(R.attr.closed)"];

/** No filter is made of these, so no row is shown. */
const REFUSED = [
  "R.attr.amount + 1.0 > 5.0",
  'R.attr.region.matches("^E.*")',
  'timestamp(R.attr.due).timeSince() > duration("1h")',
  'R.attr.region.lowerAscii() == "emea"',
  "R.attr.unmapped == 1.0",
  'R.attr.tags.exists(t, t.k == "a")',
];

function leaf(expr: string, takesNull: boolean): Leaf {
  const named = (root: "R" | "P"): readonly string[] =>
    Array.from(
      expr.matchAll(new RegExp(`\\b${root}\\.attr(?:\\.(\\w+)|\\["([^"]+)"\\])`, "g")),
      ([, a, b]) => (a ?? b) as string,
    );
  const ofObjects = Array.from(expr.matchAll(/\bR\.attr\.(\w+)\.\w+\((\w), \2\.\w+ /g), ([, name]) => name as string);
  return { expr, reads: named("R"), principal: named("P"), takesNull, ofObjects };
}

export const LEAVES: { readonly [kind: string]: readonly Leaf[] } = {
  any: OF_ANY.map((it) => leaf(it, true)),
  some: OF_SOME.map((it) => leaf(it, false)),
  known: KNOWN.map((it) => leaf(it, true)),
  asking: ASKING.map((it) => leaf(it, true)),
  refused: REFUSED.map((it) => leaf(it, false)),
};

export function isKnown({ expr }: Leaf): boolean {
  return !/\bR\./.test(expr);
}

export function asksRow({ expr }: Leaf): boolean {
  return expr.includes("has(R.");
}
