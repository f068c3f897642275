/** Random policies: what is said of a row, in each form that rules have, and chains of principals that are asked. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Principal } from "@cerbos/core";
import fc from "fast-check";
import { asksRow, isKnown, LEAVES, type Leaf } from "./leaves.ts";

/** Names that nothing else in the folder has: kinds share one engine. */
interface Names {
  readonly kind: string;
  readonly role: string;
  readonly other: string;
  readonly set: string;
  /** The principal of the first hop. */
  readonly first: string;
}

interface Parts {
  readonly rules: readonly object[];
  readonly policy?: object;
  readonly others?: readonly object[];
  /** The principals have a second role. */
  readonly several?: true;
}

interface Shape {
  readonly leaves: 1 | 2 | 3;
  /** Several conditions, each judged by itself: where one cannot be evaluated, a check denies whatever the others say. */
  readonly parts?: true;
  /** Conditions in a branch of `? :`, where a plan takes `has(P.attr.x)` for true, too. */
  readonly branches?: true;
  /** A DENY in a principal policy that depends on no row: plans miss it. */
  readonly missed?: (leaves: readonly Leaf[]) => boolean;
  readonly write: (exprs: readonly [string, string, string], names: Names) => Parts;
}

const when = (expr: string): object => ({ condition: { match: { expr } } });
const group = (op: string, ...of: readonly string[]): object => ({
  condition: { match: { [op]: { of: of.map((expr) => ({ expr })) } } },
});
const allow = (more: object = {}, whom: object = { roles: ["*"] }): object => ({
  actions: ["view"],
  effect: "EFFECT_ALLOW",
  ...whom,
  ...more,
});
const deny = (more: object, whom: object = { roles: ["*"] }): object => ({
  ...allow(more, whom),
  effect: "EFFECT_DENY",
});
const definitions = (set: string, all: readonly (readonly [string, string])[]): object => ({
  derivedRoles: { name: set, definitions: all.map(([name, expr]) => ({ name, parentRoles: ["*"], ...when(expr) })) },
});
const ofPrincipal = ({ first, kind }: Names, effect: string, more: object): object => ({
  principalPolicy: {
    principal: first,
    version: "default",
    rules: [{ resource: kind, actions: [{ action: "view", effect, ...more }] }],
  },
});

export const SHAPES: { readonly [shape: string]: Shape } = {
  plain: { leaves: 1, write: ([a]) => ({ rules: [allow(when(a))] }) },
  not: { leaves: 1, write: ([a]) => ({ rules: [allow(when(`!(${a})`))] }) },
  deny: { leaves: 1, write: ([a]) => ({ rules: [allow(), deny(when(a))] }) },
  "deny not": { leaves: 1, write: ([a]) => ({ rules: [allow(), deny(when(`!(${a})`))] }) },
  or: { leaves: 2, write: ([a, b]) => ({ rules: [allow(when(`(${a}) || (${b})`))] }) },
  and: { leaves: 2, write: ([a, b]) => ({ rules: [allow(when(`(${a}) && (${b})`))] }) },
  "not or": { leaves: 2, write: ([a, b]) => ({ rules: [allow(when(`!((${a}) || (${b}))`))] }) },
  "not and": { leaves: 2, write: ([a, b]) => ({ rules: [allow(when(`!((${a}) && (${b}))`))] }) },
  ternary: { leaves: 3, branches: true, write: ([a, b, c]) => ({ rules: [allow(when(`(${a}) ? (${b}) : (${c})`))] }) },
  "not ternary": {
    leaves: 3,
    branches: true,
    write: ([a, b, c]) => ({ rules: [allow(when(`!((${a}) ? (${b}) : (${c}))`))] }),
  },
  variables: {
    leaves: 2,
    write: ([a, b]) => ({
      rules: [allow(when("V.either"))],
      policy: { variables: { local: { either: `V.one || (${b})`, one: a } } },
    }),
  },
  "two rules": { leaves: 2, parts: true, write: ([a, b]) => ({ rules: [allow(when(a)), allow(when(`(${b})`))] }) },
  "allow and deny": { leaves: 2, parts: true, write: ([a, b]) => ({ rules: [allow(when(a)), deny(when(b))] }) },
  "any of": { leaves: 2, parts: true, write: ([a, b]) => ({ rules: [allow(group("any", a, b))] }) },
  "all of": { leaves: 2, parts: true, write: ([a, b]) => ({ rules: [allow(group("all", a, b))] }) },
  "none of": { leaves: 2, parts: true, write: ([a, b]) => ({ rules: [allow(group("none", a, b))] }) },
  "deny all of": {
    leaves: 2,
    parts: true,
    write: ([a, b]) => ({ rules: [allow(), deny(group("all", a, b))] }),
  },
  "derived role": {
    leaves: 2,
    parts: true,
    write: ([a, b], { set }) => ({
      rules: [allow(when(b), { derivedRoles: ["near"] })],
      policy: { importDerivedRoles: [set] },
      others: [definitions(set, [["near", a]])],
    }),
  },
  "two derived roles": {
    leaves: 2,
    parts: true,
    write: ([a, b], { set }) => ({
      rules: [allow({}, { derivedRoles: ["near", "far"] })],
      policy: { importDerivedRoles: [set] },
      others: [
        definitions(set, [
          ["near", a],
          ["far", b],
        ]),
      ],
    }),
  },
  "deny for a derived role": {
    leaves: 2,
    parts: true,
    write: ([a, b], { set }) => ({
      rules: [allow(), deny(when(b), { derivedRoles: ["near"] })],
      policy: { importDerivedRoles: [set] },
      others: [definitions(set, [["near", a]])],
    }),
  },
  "role policy": {
    leaves: 2,
    parts: true,
    write: ([a, b], { kind, role }) => ({
      rules: [allow(when(a))],
      others: [
        { rolePolicy: { role, version: "default", rules: [{ resource: kind, allowActions: ["view"], ...when(b) }] } },
      ],
    }),
  },
  "principal allow": {
    leaves: 2,
    parts: true,
    write: ([a, b], names) => ({ rules: [allow(when(a))], others: [ofPrincipal(names, "EFFECT_ALLOW", when(b))] }),
  },
  "principal deny": {
    leaves: 2,
    parts: true,
    missed: ([, b]) => isKnown(b as Leaf),
    write: ([a, b], names) => ({ rules: [allow(when(a))], others: [ofPrincipal(names, "EFFECT_DENY", when(b))] }),
  },
  "principal deny of all": {
    leaves: 1,
    parts: true,
    missed: () => true,
    write: ([a], names) => ({ rules: [allow(when(a))], others: [ofPrincipal(names, "EFFECT_DENY", {})] }),
  },
  "two roles": {
    leaves: 2,
    parts: true,
    write: ([a, b], { role, other }) => ({
      rules: [
        allow(when(a), { roles: [role] }),
        deny(when(b), { roles: [other] }),
        allow(when(`(${a})`), { roles: [other] }),
      ],
      several: true,
    }),
  },
};

const PRINCIPALS: { readonly [name: string]: NonNullable<Principal["attr"]> } = {
  emea: { region: "EMEA", name: "a", limit: 5, regions: ["EMEA", "ä"], vip: true },
  umlaut: { region: "ä", name: "ä", limit: 0.3, regions: [], vip: false },
  edge: { region: "", name: "a ", limit: 2 ** 53 - 1, regions: ["a", "A", ""], vip: true },
  sql: { region: "'; DROP TABLE things; --", name: "x' OR '1'='1", limit: -1, regions: ["%", "_"], vip: false },
  lacking: { region: "EMEA" },
  mistyped: { region: 5, name: null, limit: "5", regions: "EMEA", vip: "yes" },
};
const COMPLETE = ["emea", "emea", "umlaut", "edge", "sql"];

/** A kind with its policies, and the chain that is asked about it. */
export interface Case {
  readonly shape: string;
  readonly leaves: readonly Leaf[];
  readonly kind: string;
  readonly documents: readonly object[];
  /** Files by their names below `_schemas`. */
  readonly schemas: { readonly [file: string]: object };
  /** Attributes that its schema requires. */
  readonly required: readonly string[];
  readonly chain: readonly Principal[];
  /** What holds for the hops up to one, beside what always does. */
  readonly lawsOf: (hop: number) => Laws;
}

/** Which of the bounds that plans give hold: each `false` is a limit of plans, with its reason below. */
export interface Laws {
  /** Where nothing is absent and nothing fails, the rows that are shown are those that are allowed. */
  readonly exact: boolean;
  /** Rows shown by weak logic are allowed. */
  readonly lower: boolean;
  /** Rows that are allowed are shown by SQL's own logic. */
  readonly upper: boolean;
}

const someLeaf = fc.oneof(
  ...Object.entries({ any: 10, some: 8, known: 2, asking: 1, refused: 1 }).map(([kind, weight]) => ({
    weight,
    arbitrary: fc.constantFrom(...(LEAVES[kind] as readonly Leaf[])),
  })),
);
const someChain = fc.array(
  fc.oneof(
    { weight: 10, arbitrary: fc.constantFrom(...COMPLETE) },
    { weight: 1, arbitrary: fc.constantFrom("lacking", "mistyped") },
  ),
  { minLength: 1, maxLength: 3 },
);
const drawn = fc.record({
  shape: fc.constantFrom(...Object.keys(SHAPES)),
  leaves: fc.tuple(someLeaf, someLeaf, someLeaf),
  chain: someChain,
});

export function someCases(count: number, seed: number): readonly Case[] {
  return fc
    .sample(drawn, { numRuns: count, seed })
    .map(({ shape, leaves, chain }, i) => caseOf(shape, leaves, chain, i));
}

const TEXT = { type: "string" };
const NUMBER = { type: "number" };
const TRUTH = { type: "boolean" };
const LIST = { type: "array" };
const ROW_TYPES: { readonly [attribute: string]: object } = {
  ...{ region: TEXT, owner: TEXT, note: TEXT, "x-y": TEXT, due: TEXT, closed: TEXT },
  ...{
    amount: NUMBER,
    bonus: NUMBER,
    fee: NUMBER,
    paid: TRUTH,
    open: TRUTH,
    late: TRUTH,
    tags: LIST,
    marks: LIST,
    counts: LIST,
  },
};
const HOP = { properties: { region: TEXT, name: TEXT, limit: NUMBER, regions: LIST, vip: TRUTH } };

/** The same with schemas that require what is read, of one type each, and now and then one attribute more. */
export function withSchemas(one: Case, i: number): Case {
  const read = one.leaves.flatMap(({ reads }) => reads).filter((name) => ROW_TYPES[name] !== undefined);
  const required = [...new Set([...read, ...(i % 3 === 0 ? ["closed"] : [])])];
  const properties = Object.fromEntries(required.map((name) => [name, ROW_TYPES[name]]));
  const schemas = {
    resourceSchema: { ref: `cerbos:///${one.kind}.json` },
    principalSchema: { ref: "cerbos:///hop.json" },
  };
  const [first, ...others] = one.documents as readonly [{ readonly resourcePolicy: object }, ...object[]];
  return {
    ...one,
    required,
    documents: [{ resourcePolicy: { ...first.resourcePolicy, schemas } }, ...others],
    schemas: { [`${one.kind}.json`]: { type: "object", required, properties }, "hop.json": HOP },
  };
}

/** Whether Cerbos knows its truth when it plans: also of an empty list, which one of the principals has. */
function isFolded(leaf: Leaf, chain: readonly string[]): boolean {
  const ofNothing = leaf.expr.includes("in []") || (leaf.principal.includes("regions") && chain.includes("umlaut"));
  return isKnown(leaf) || ofNothing;
}

function caseOf(shape: string, drawn: readonly Leaf[], chain: readonly string[], i: number): Case {
  const { leaves: count, write, parts, branches, missed } = SHAPES[shape] as Shape;
  const leaves = drawn.slice(0, count);
  const names: Names = { kind: `k${i}`, role: `r${i}`, other: `o${i}`, set: `s${i}`, first: `p${i}h0` };
  // Cerbos 0.52 to 0.55 mixes up rules of the same spelling: blanks tell one kind from the other.
  const exprs = drawn.map(({ expr }) => `${expr}${" ".repeat(i % 1000)}`) as [string, string, string];
  const { rules, policy = {}, others = [], several = false } = write(exprs, names);
  const resourcePolicy = { resource: names.kind, version: "default", rules, ...policy };
  const read = new Set(leaves.flatMap(({ principal }) => principal));
  return {
    shape,
    leaves,
    kind: names.kind,
    documents: [{ resourcePolicy }, ...others],
    schemas: {},
    required: [],
    chain: chain.map((name, hop) => ({
      id: `p${i}h${hop}`,
      roles: several ? [names.role, names.other] : [names.role],
      attr: PRINCIPALS[name] ?? {},
    })),
    lawsOf: (hop) => {
      const those = chain.slice(0, hop + 1);
      const misses = missed?.(leaves) === true;
      // A plan takes `has(R.attr.x)` for true.
      const asks = leaves.some(asksRow);
      const asksInBranch = branches === true && leaves.some(({ expr }) => expr.includes("has(P."));
      // Where one part is always true, or never, the plan says nothing of the others; a check fails where one of them does.
      const folds = parts === true && leaves.some((leaf) => isFolded(leaf, those));
      // `in` of what is no list becomes `==`, and an operand that is no boolean is dropped.
      const mistyped = read.size > 0 && those.includes("mistyped");
      // Where a condition fails for every row, the plan denies all, also where a check would have stopped before it.
      const fails = parts === true && read.size > 0 && (mistyped || those.includes("lacking"));
      return {
        exact: !misses && !several && !mistyped && !fails && !asksInBranch,
        lower: !asks && !folds && !misses && !mistyped && !asksInBranch,
        // A DENY of one role hides rows that another one allows.
        upper: !asks && !several && !fails && !asksInBranch,
      };
    },
  };
}

/** Writes the policies and schemas of some cases into an empty folder. */
export function writePolicies(folder: string, cases: readonly Case[]): void {
  mkdirSync(join(folder, "_schemas"));
  for (const { kind, documents, schemas } of cases) {
    for (const [file, schema] of Object.entries(schemas)) {
      writeFileSync(join(folder, "_schemas", file), JSON.stringify(schema));
    }
    for (const [i, document] of documents.entries()) {
      const content = { apiVersion: "api.cerbos.dev/v1", ...document };
      writeFileSync(join(folder, `${kind}_${i}.json`), JSON.stringify(content));
    }
  }
}
