/** Random calls whose arguments a tool's own schema reads, and grants that are about what was sent and what was made of it. */
import type { JsonObject, JsonValue } from "@hopwise/core/adapter";
import type { Constraint, Grant } from "@hopwise/core/grant";
import fc from "fast-check";
import { anyConstraint } from "./constraints.ts";
import { edit, readTape } from "./edits.ts";
import { LISTS, OBJECTS, SCALARS } from "./values.ts";

/** A call of the tool `t`, through a schema; `grants` of a chain that is about it, root first, narrower or not. */
export interface Reading {
  readonly sent: JsonObject;
  /** Undefined where no schema follows. */
  readonly parsed: JsonObject | undefined;
  readonly inputSchema: JsonObject | undefined;
  readonly adds: readonly string[];
  readonly grants: readonly Grant[];
}

const NAMES = ["a", "b", "0", "toString", ""] as const;
type Tree = { readonly [name: string]: JsonValue };

const name = fc.constantFrom<string>(...NAMES);
const value: fc.Arbitrary<JsonValue> = fc.oneof(
  fc.constantFrom<JsonValue>("5", " a ", "A", "true", '{"k":"a"}', "[1,2]", "ab", 5, 1.0),
  fc.constantFrom<JsonValue>(...SCALARS, ...LISTS, ...OBJECTS),
);

/** What schemas do. */
type What = "default" | "coerce" | "trim" | "rename" | "strip" | "split" | "nest" | "lift" | "fill" | "json" | "add";
interface Of {
  readonly name: string;
  readonly other: string;
  readonly value: JsonValue;
}

const STEPS: { readonly [what in What]: (args: Tree, of: Of) => Tree } = {
  default: (args, { name, value }) => (Object.hasOwn(args, name) ? args : { ...args, [name]: value }),
  coerce: (args, { name }) => turned(args, name, coerced),
  trim: (args, { name }) => turned(args, name, (v) => (typeof v === "string" ? v.trim().toLowerCase() : v)),
  rename: (args, { name, other }) => moved(args, name, other, (v) => v),
  strip: (args, { name }) => without(args, name),
  split: (args, { name }) => turned(args, name, (v) => (typeof v === "string" ? v.split("") : v)),
  nest: (args, { name, other }) => moved(args, name, other, (k) => ({ k })),
  lift: (args, { name, other }) =>
    isTree(args[name]) ? { ...args, [other]: (Object.values(args[name] as Tree)[0] ?? null) as JsonValue } : args,
  fill: (args, { name, value }) => turned(args, name, (v) => (isTree(v) ? { k: value, ...v } : v)),
  json: (args, { name }) => turned(args, name, (v) => (typeof v === "string" ? parsedIn(v) : v)),
  add: (args, { name, value }) => ({ ...args, [name]: value }),
};

function turned(args: Tree, name: string, turn: (value: JsonValue) => JsonValue): Tree {
  return Object.hasOwn(args, name) ? { ...args, [name]: turn(args[name] as JsonValue) } : args;
}

function moved(args: Tree, name: string, to: string, turn: (value: JsonValue) => JsonValue): Tree {
  return Object.hasOwn(args, name) ? { ...without(args, name), [to]: turn(args[name] as JsonValue) } : args;
}

function without(args: Tree, name: string): Tree {
  return Object.fromEntries(Object.entries(args).filter(([own]) => own !== name));
}

function isTree(value: JsonValue | undefined): value is Tree {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function coerced(value: JsonValue): JsonValue {
  if (typeof value === "string") return value === "true" ? true : (value.trim() === "" ? 0 : Number(value)) || value;
  return typeof value === "number" ? String(value) : value;
}

function parsedIn(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return text;
  }
}

/** What a grant says of one argument, from what was sent and what was made of it. */
type How = "unnamed" | "wildcard" | "sent" | "read" | "both" | "optional" | "absent" | "any constraint";

const HOWS: {
  readonly [how in How]: (sent: JsonValue, read: JsonValue, other: Constraint) => Constraint | undefined;
} = {
  unnamed: () => undefined,
  wildcard: () => ({ constraint_type: "wildcard" }),
  sent: (value) => ({ constraint_type: "exact", value }),
  read: (_, value) => ({ constraint_type: "exact", value }),
  both: (sent, read) => either(sent, read),
  optional: (sent, read) => ({ constraint_type: "optional", constraint: either(sent, read) }),
  absent: () => ({ constraint_type: "absent" }),
  "any constraint": (_, __, other) => other,
};

function either(...values: readonly JsonValue[]): Constraint {
  return { constraint_type: "any", constraints: values.map((value) => ({ constraint_type: "exact", value })) };
}

const how = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom<How>("both", "optional") },
  { weight: 2, arbitrary: fc.constantFrom<How>("unnamed", "wildcard") },
  { weight: 2, arbitrary: fc.constantFrom(...(Object.keys(HOWS) as How[])) },
);

const oneIn = (n: number): fc.Arbitrary<boolean> => fc.nat(n - 1).map((draw) => draw === 1);
const said = fc.record({ how, other: anyConstraint, always: oneIn(12) });
const schemaOfOne = fc.oneof(
  { weight: 4, arbitrary: fc.constant("what was read" as const) },
  { weight: 2, arbitrary: fc.constant("nothing" as const) },
  {
    weight: 1,
    arbitrary: fc.oneof(
      value.map((byDefault): JsonValue => ({ type: "string", default: byDefault })),
      fc.constantFrom<JsonValue>(true, null, [], {}, "default", [{ default: 1 }]),
    ),
  },
);
const oddSchema = fc.constantFrom<JsonObject>(
  {},
  { properties: [] },
  { properties: [{ default: 1 }, { default: "a" }] },
  { properties: null },
  { properties: { default: 1 } },
  { a: { default: 1 } },
);

const steps = fc.array(
  fc.record({ what: fc.constantFrom(...(Object.keys(STEPS) as What[])), name, other: name, value }),
  { minLength: 1, maxLength: 4 },
);
const oneOf = <T>(read: (name: string) => T): { readonly [name: string]: T } =>
  Object.fromEntries(NAMES.map((own) => [own, read(own)]));
const ofEach = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<{ readonly [name: string]: T }> =>
  fc.record(oneOf(() => arbitrary));

/** The root's grant, and what is made of it by edits that mostly take something away. */
const below = fc.record({
  tapes: ofEach(fc.array(fc.nat(255), { maxLength: 4 })),
  other: anyConstraint,
  gone: fc.option(name, { nil: undefined, freq: 12 }),
});

export const anyReading: fc.Arbitrary<Reading> = fc
  .record({
    sent: fc.dictionary(name, value, { minKeys: 1, maxKeys: 4, noNullPrototype: true }),
    steps,
    follows: oneIn(5).map((is) => !is),
    says: ofEach(said),
    any: oneIn(30),
    announced: ofEach(schemaOfOne),
    odd: fc.option(oddSchema, { nil: undefined, freq: 8 }),
    adds: fc.oneof(
      { weight: 3, arbitrary: fc.constant([]) },
      { weight: 1, arbitrary: fc.subarray(NAMES.filter((own) => own !== "")) },
    ),
    chain: fc.array(below, { maxLength: 2 }),
  })
  .map(({ sent, steps, follows, says, any, announced, odd, adds, chain }) => {
    const read = steps.reduce<Tree>((args, { what, ...of }) => STEPS[what](args, of), sent as Tree) as JsonObject;
    const parsed = follows ? read : undefined;
    const root: { [name: string]: Constraint } = {};
    for (const name of any ? [] : NAMES) {
      const { how, other, always } = says[name] as { how: How; other: Constraint; always: boolean };
      const [was, is] = [memberOf(sent as JsonObject, name), memberOf(parsed, name)];
      const constraint = HOWS[how](was ?? is ?? 1, is ?? was ?? 1, other);
      // What nobody sent or made is named seldom: else hardly any call would have all that it needs.
      const isMeant = was !== undefined || is !== undefined || how === "optional" || always;
      if (constraint !== undefined && isMeant) root[name] = constraint;
    }
    const properties: { [name: string]: JsonValue } = {};
    for (const [name, one] of Object.entries(announced)) {
      const own = one === "what was read" ? memberOf(read, name) : undefined;
      if (own !== undefined) properties[name] = { default: own };
      else if (typeof one !== "string" || one === "default") properties[name] = one;
    }
    const inputSchema = odd ?? { type: "object", properties };
    return {
      sent: sent as JsonObject,
      parsed,
      inputSchema,
      adds,
      grants: [{ t: root }, ...narrowed({ t: root }, chain)],
    };
  });

function memberOf(args: JsonObject | undefined, name: string): JsonValue | undefined {
  return args !== undefined && Object.hasOwn(args, name) ? args[name] : undefined;
}

type Below = typeof below extends fc.Arbitrary<infer B> ? B : never;

function narrowed(root: Grant, chain: readonly Below[]): readonly Grant[] {
  let parent = root;
  return chain.map(({ tapes, other, gone }) => {
    const own = Object.entries(parent["t"] ?? {})
      .filter(([name]) => name !== gone)
      .map(([name, constraint]) => [name, edit(constraint, readTape(tapes[name] ?? []), other)]);
    parent = { t: Object.fromEntries(own) };
    return parent;
  });
}
