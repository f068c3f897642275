/** What tools' own schemas make of arguments, and what they announce of it: random steps, each with a row. */
import type { JsonObject, JsonValue } from "@hopwise/core/adapter";
import fc from "fast-check";

type Tree = { readonly [name: string]: JsonValue };

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

export interface Schema {
  readonly steps: readonly (Of & { readonly what: What })[];
  /** Of each argument: the default that it announces is what it makes, or something else. */
  readonly announced: { readonly [name: string]: JsonValue };
  /** Of each argument, how many references lead to what it announces. */
  readonly references: { readonly [name: string]: number };
  /** What it announces in all, where that is no schema of arguments. */
  readonly odd: JsonObject | undefined;
  /** What the tool's author vouches for. */
  readonly adds: readonly string[];
}

/** What a call comes to, once a schema read it. */
export interface ReadBy {
  readonly parsed: JsonObject;
  readonly inputSchema: JsonObject;
  readonly adds: readonly string[];
}

const WHAT_IT_MAKES = "what it makes";
const NOTHING = "nothing";

const ODD = fc.constantFrom<JsonObject>(
  {},
  { properties: [] },
  { properties: [{ default: 1 }, { default: "a" }] },
  { properties: null },
  { properties: { default: 1 } },
  { $ref: "#/$defs/all", $defs: { all: { properties: { a: { default: 1 } } } } },
  { properties: { a: { $ref: "#/$defs/a" } }, $defs: { a: { $ref: "#/$defs/a" } } },
  { a: { default: 1 } },
);

export const oneIn = (n: number): fc.Arbitrary<boolean> => fc.nat(n - 1).map((draw) => draw === 1);

/** The same draw for each of these names. */
export const ofEach = <T>(
  names: readonly string[],
  arbitrary: fc.Arbitrary<T>,
): fc.Arbitrary<{ readonly [name: string]: T }> =>
  fc.record(Object.fromEntries(names.map((name) => [name, arbitrary])));

/** Schemas that know these names, and put such values there. */
export function schemaOver(names: readonly string[], value: fc.Arbitrary<JsonValue>): fc.Arbitrary<Schema> {
  const name = fc.constantFrom(...names);
  const announced = fc.oneof(
    { weight: 4, arbitrary: fc.constant<JsonValue>(WHAT_IT_MAKES) },
    { weight: 2, arbitrary: fc.constant<JsonValue>(NOTHING) },
    {
      weight: 1,
      arbitrary: fc.oneof(
        value.map((byDefault): JsonValue => ({ type: "string", default: byDefault })),
        fc.constantFrom<JsonValue>(true, null, [], {}, "default", [{ default: 1 }]),
      ),
    },
  );
  return fc.record({
    steps: fc.array(fc.record({ what: fc.constantFrom(...(Object.keys(STEPS) as What[])), name, other: name, value }), {
      minLength: 1,
      maxLength: 4,
    }),
    announced: ofEach(names, announced),
    references: ofEach(names, fc.oneof({ weight: 6, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(10) })),
    odd: fc.option(ODD, { nil: undefined, freq: 8 }),
    adds: fc.oneof(
      { weight: 3, arbitrary: fc.constant([]) },
      { weight: 1, arbitrary: fc.subarray(names.filter((own) => own !== "")) },
    ),
  });
}

/** What a schema makes of these arguments. */
export function readBy({ steps, announced, references, odd, adds }: Schema, sent: JsonObject): ReadBy {
  const parsed = steps.reduce<Tree>((args, { what, ...of }) => STEPS[what](args, of), sent) as JsonObject;
  const said = Object.entries(announced).flatMap(([name, one]): (readonly [string, JsonValue])[] => {
    if (one !== WHAT_IT_MAKES) return one === NOTHING ? [] : [[name, one]];
    return Object.hasOwn(parsed, name) ? [[name, { default: parsed[name] as JsonValue }]] : [];
  });
  const chains = said.map(([name, one], i) => referring(one, references[name] ?? 0, `d${i}`));
  const properties = Object.fromEntries(said.map(([name], i) => [name, chains[i]?.[0]?.[1] ?? null]));
  const $defs = Object.fromEntries(chains.flatMap(([, ...defined]) => defined));
  return { parsed, inputSchema: odd ?? { type: "object", properties, $defs }, adds };
}

/** A schema behind so many references, each by its name; the first stands at the argument itself. */
function referring(schema: JsonValue, references: number, name: string): readonly (readonly [string, JsonValue])[] {
  const names = Array.from({ length: references + 1 }, (_, i) => `${name}-${i}`);
  return names.map((own, i) => [own, i === references ? schema : { $ref: `#/$defs/${names[i + 1]}` }]);
}
