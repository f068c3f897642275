/** Random calls whose arguments a tool's own schema reads, and grants that are about what was sent and what was made of it. */
import type { JsonObject, JsonValue } from "@hopwise/core/adapter";
import type { Constraint, Grant } from "@hopwise/core/grant";
import fc from "fast-check";
import { anyConstraint } from "./constraints.ts";
import { edit, readTape } from "./edits.ts";
import { ofEach, oneIn, readBy, schemaOver } from "./schemas.ts";
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

const name = fc.constantFrom<string>(...NAMES);
const value: fc.Arbitrary<JsonValue> = fc.oneof(
  fc.constantFrom<JsonValue>("5", " a ", "A", "true", '{"k":"a"}', "[1,2]", "ab", 5, 1.0),
  fc.constantFrom<JsonValue>(...SCALARS, ...LISTS, ...OBJECTS),
);

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

const said = fc.record({ how, other: anyConstraint, always: oneIn(12) });

/** The root's grant, and what is made of it by edits that mostly take something away. */
const below = fc.record({
  tapes: ofEach(NAMES, fc.array(fc.nat(255), { maxLength: 4 })),
  other: anyConstraint,
  gone: fc.option(name, { nil: undefined, freq: 12 }),
});

export const anyReading: fc.Arbitrary<Reading> = fc
  .record({
    args: fc.dictionary(name, value, { minKeys: 1, maxKeys: 4, noNullPrototype: true }),
    schema: schemaOver(NAMES, value),
    unread: oneIn(5),
    says: ofEach(NAMES, said),
    any: oneIn(30),
    chain: fc.array(below, { maxLength: 2 }),
  })
  .map(({ args, schema, unread, says, any, chain }) => {
    const sent = args as JsonObject;
    const { parsed: read, inputSchema, adds } = readBy(schema, sent);
    const parsed = unread ? undefined : read;
    const root: { [name: string]: Constraint } = {};
    for (const name of any ? [] : NAMES) {
      const { how, other, always } = says[name] as { how: How; other: Constraint; always: boolean };
      const [was, is] = [memberOf(sent, name), memberOf(parsed, name)];
      const constraint = HOWS[how](was ?? is ?? 1, is ?? was ?? 1, other);
      // What nobody sent or made is named seldom: else hardly any call would have all that it needs.
      const isMeant = was !== undefined || is !== undefined || how === "optional" || always;
      if (constraint !== undefined && isMeant) root[name] = constraint;
    }
    return { sent, parsed, inputSchema, adds, grants: [{ t: root }, ...narrowed({ t: root }, chain)] };
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
