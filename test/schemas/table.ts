/**
 * What tools' own schemas make of arguments, and what must come of it: one answer and one reason, whatever library wrote the
 * schema and wherever the tool runs.
 */

import type { ToolEntry } from "@hopwise/core";
import {
  absent,
  any,
  type Constraint,
  each,
  exact,
  length,
  object,
  oneOf,
  optional,
  orNull,
  range,
  type ToolGrantInput,
  wildcard,
} from "@hopwise/core/grant";
import { toStandardJsonSchema } from "@valibot/to-json-schema";
import { type } from "arktype";
import * as v from "valibot";
import { expect } from "vitest";
import { z } from "zod";
import * as mini from "zod/mini";
import * as z3 from "zod/v3";

export interface Row {
  readonly schemas: Schemas;
  readonly grant: ToolGrantInput;
  readonly sent: object;
  readonly expected: Ran | Refused;
  readonly entry?: Partial<ToolEntry>;
}

interface Schemas {
  readonly zod: z.ZodType;
  readonly zod3?: z3.ZodType<unknown, z3.ZodTypeDef, unknown>;
  readonly zodMini?: mini.ZodMiniType;
  readonly valibot?: v.GenericSchema;
  /** Left out where arktype cannot say in JSON Schema what it takes. */
  readonly arktype?: unknown;
}

export const VENDORS = ["zod", "zod3", "zodMini", "valibot", "arktype"] as const satisfies readonly (keyof Schemas)[];
export type Vendor = (typeof VENDORS)[number];

/** The tool ran, with exactly this. */
interface Ran {
  readonly ran: object;
}

/** It was refused: the argument, and the words of the reason. */
interface Refused {
  readonly code:
    | "attributes_invalid"
    | "grant_argument_refused"
    | "grant_argument_missing"
    | "arguments_malformed"
    | "arguments_refused";
  readonly pointer?: string;
  readonly rule?: RegExp;
}

const refused = (pointer: string, rule: RegExp): Refused => ({ code: "grant_argument_refused", pointer, rule });
const doesNotPass = (type: string) => new RegExp(`^the argument does not pass ${type}$`);
const NOT_HANDED_OVER = /^the argument was not handed over$/;
const PUT_THERE = /^the tool's own schema put a value there that was not sent, and it was not handed over/;
const putThere = (type: string) =>
  new RegExp(`^the tool's own schema put a value there that was not sent, which does not pass ${type}`);
const made = (type: string) => new RegExp(`^what the tool's own schema made of it does not pass ${type}$`);

const to = { zod: z.string(), valibot: v.string(), arktype: "string" };
const BUILT = {
  zod: z.object({ to: to.zod }),
  zod3: z3.object({ to: z3.string() }),
  zodMini: mini.object({ to: mini.string() }),
  valibot: v.object({ to: v.string() }),
  arktype: type({ to: "string" }),
};

/** A default that the schema announces. */
const WITH_DEFAULT: Schemas = {
  zod: z.object({ to: to.zod, currency: z.string().default("EUR") }),
  zod3: z3.object({ to: z3.string(), currency: z3.string().default("EUR") }),
  zodMini: mini.object({ to: mini.string(), currency: mini._default(mini.string(), "EUR") }),
  valibot: v.object({ to: v.string(), currency: v.optional(v.string(), "EUR") }),
};
const RANDOM_DEFAULT: Schemas = {
  zod: z.object({ to: to.zod, key: z.string().default(() => crypto.randomUUID()) }),
  zod3: z3.object({ to: z3.string(), key: z3.string().default(() => crypto.randomUUID()) }),
  zodMini: mini.object({ to: mini.string(), key: mini._default(mini.string(), () => crypto.randomUUID()) }),
  valibot: v.object({ to: v.string(), key: v.optional(v.string(), () => crypto.randomUUID()) }),
  arktype: type({ to: "string", key: type("string").default(() => crypto.randomUUID()) }),
};
const withDefault = (currency: Constraint, expected: Row["expected"]): Row => ({
  schemas: WITH_DEFAULT,
  grant: { to: wildcard(), currency },
  sent: { to: "ACME" },
  expected,
});
/** The tool map names an argument that the tool does not have. */
const misnamed = (entry: Partial<ToolEntry>): Row => ({
  schemas: BUILT,
  grant: { to: wildcard() },
  sent: { to: "ACME" },
  entry,
  expected: { code: "attributes_invalid" },
});
const DEFAULTED: Ran = { ran: { to: "ACME", currency: "EUR" } };

const NESTED: Schemas = {
  zod: z.object({ card: z.object({ holder: z.string(), currency: z.string().default("EUR") }) }),
  zod3: z3.object({ card: z3.object({ holder: z3.string(), currency: z3.string().default("EUR") }) }),
  zodMini: mini.object({ card: mini.object({ holder: mini.string(), currency: mini._default(mini.string(), "EUR") }) }),
  valibot: v.object({ card: v.object({ holder: v.string(), currency: v.optional(v.string(), "EUR") }) }),
};
const COERCED: Schemas = {
  zod: z.object({ n: z.coerce.number() }),
  zod3: z3.object({ n: z3.coerce.number() }),
  zodMini: mini.object({ n: mini.coerce.number() }),
  valibot: v.object({ n: v.pipe(v.union([v.string(), v.number()]), v.toNumber()) }),
};
const TRIMMED: Schemas = {
  zod: z.object({ s: z.string().trim() }),
  zod3: z3.object({ s: z3.string().trim() }),
  zodMini: mini.object({ s: mini.string().check(mini.trim()) }),
  valibot: v.object({
    s: v.pipe(
      v.string(),
      v.transform((text) => text.trim()),
    ),
  }),
};
const LOWERED: Schemas = {
  zod: z.object({ s: z.string().toLowerCase() }),
  valibot: v.object({
    s: v.pipe(
      v.string(),
      v.transform((text) => text.toLowerCase()),
    ),
  }),
};
const JSON_IN_A_TEXT: Schemas = {
  zod: z.object({ body: z.string().transform((text) => JSON.parse(text)) }),
  valibot: v.object({
    body: v.pipe(
      v.string(),
      v.transform((text) => JSON.parse(text) as object),
    ),
  }),
};
const SPLIT: Schemas = {
  zod: z.object({ ids: z.string().transform((text) => text.split(",")) }),
  zod3: z3.object({ ids: z3.string().transform((text) => text.split(",")) }),
  zodMini: mini.object({
    ids: mini.pipe(
      mini.string(),
      mini.transform((text: string) => text.split(",")),
    ),
  }),
  valibot: v.object({
    ids: v.pipe(
      v.string(),
      v.transform((text) => text.split(",")),
    ),
  }),
};
const RENAMED: Schemas = {
  zod: z.object({ a: z.string() }).transform(({ a }) => ({ b: a })),
  zod3: z3.object({ a: z3.string() }).transform(({ a }) => ({ b: a })),
  zodMini: mini.pipe(
    mini.object({ a: mini.string() }),
    mini.transform(({ a }: { readonly a: string }) => ({ b: a })),
  ),
  valibot: v.pipe(
    v.object({ a: v.string() }),
    v.transform(({ a }) => ({ b: a })),
  ),
};
const OUT_OF_A_TEXT: Schemas = {
  zod: z.object({ body: z.string() }).transform(({ body }) => ({ body, ...(JSON.parse(body) as object) })),
  valibot: v.pipe(
    v.object({ body: v.string() }),
    v.transform(({ body }) => ({ body, ...(JSON.parse(body) as object) })),
  ),
};
const DATED: Schemas = {
  zod: z.object({ due: z.string().transform((text) => new Date(text)) }),
  zod3: z3.object({ due: z3.string().transform((text) => new Date(text)) }),
  zodMini: mini.object({
    due: mini.pipe(
      mini.string(),
      mini.transform((text: string) => new Date(text)),
    ),
  }),
  valibot: v.object({
    due: v.pipe(
      v.string(),
      v.transform((text) => new Date(text)),
    ),
  }),
};
const DUE = "2026-01-01T00:00:00.000Z";
const asText = (parsed: { due: Date }) => ({ due: parsed.due.toISOString() });
/** What came of it is no object, so that a loop cannot tell it by its identity. */
const ONE_TEXT: Schemas = {
  zod: z.object({ to: to.zod, memo: z.string().optional() }).transform((sent) => sent.to),
  valibot: v.pipe(
    v.object({ to: v.string(), memo: v.optional(v.string()) }),
    v.transform((sent) => sent.to),
  ),
};
const asObject = (parsed: string) => ({ to: parsed });
const UNION: Schemas = {
  zod: z.object({ id: z.union([z.string(), z.number()]) }),
  valibot: v.object({ id: v.union([v.string(), v.number()]) }),
  arktype: type({ id: "string | number" }),
};
const NULLISH: Schemas = {
  zod: z.object({ to: to.zod, memo: z.string().nullish() }),
  zod3: z3.object({ to: z3.string(), memo: z3.string().nullish() }),
  zodMini: mini.object({ to: mini.string(), memo: mini.nullish(mini.string()) }),
  valibot: v.object({ to: v.string(), memo: v.nullish(v.string()) }),
  arktype: type({ to: "string", "memo?": "string | null" }),
};
const BOUNDED: Schemas = {
  zod: z.object({ n: z.number().max(10) }),
  zod3: z3.object({ n: z3.number().max(10) }),
  zodMini: mini.object({ n: mini.number().check(mini.maximum(10)) }),
  valibot: v.object({ n: v.pipe(v.number(), v.maxValue(10)) }),
  arktype: type({ n: "number <= 10" }),
};
const REFUSED: Refused = { code: "arguments_refused" };
const NULL_TO_DEFAULT: Schemas = {
  zod: z.object({
    to: to.zod,
    memo: z
      .string()
      .nullable()
      .transform((memo) => memo ?? "none"),
  }),
  valibot: v.object({
    to: v.string(),
    memo: v.pipe(
      v.nullable(v.string()),
      v.transform((memo) => memo ?? "none"),
    ),
  }),
};
const FROM_JSON_SCHEMA: Schemas = {
  zod: z.fromJSONSchema({
    type: "object",
    properties: { to: { type: "string" }, currency: { type: "string", default: "EUR" } },
    required: ["to"],
  }),
};
/** Written down once in the listed schema, by its name. */
const NAMED: Schemas = {
  zod: z.object({ to: to.zod, currency: z.enum(["EUR", "USD"]).default("EUR").meta({ id: "Currency" }) }),
};
/** A library may write into the list that it reads. */
const DEFAULT_IN_A_LIST: Schemas = {
  zod: z.object({ lines: z.array(z.object({ to: z.string(), currency: z.string().default("EUR") })) }),
  zod3: z3.object({ lines: z3.array(z3.object({ to: z3.string(), currency: z3.string().default("EUR") })) }),
  zodMini: mini.object({
    lines: mini.array(mini.object({ to: mini.string(), currency: mini._default(mini.string(), "EUR") })),
  }),
  valibot: v.object({ lines: v.array(v.object({ to: v.string(), currency: v.optional(v.string(), "EUR") })) }),
  arktype: type({ lines: type({ to: "string", currency: "string = 'EUR'" }).array() }),
};
const noMemo = optional(any(exact(null), oneOf("rent")));

export const TABLE: { readonly [name: string]: Row } = {
  nothing_changed: {
    schemas: BUILT,
    grant: { to: exact("ACME") },
    sent: { to: "ACME" },
    expected: { ran: { to: "ACME" } },
  },
  of_another_type: { schemas: BUILT, grant: { to: wildcard() }, sent: { to: 5 }, expected: REFUSED },
  beyond_its_bounds: { schemas: BOUNDED, grant: { n: wildcard() }, sent: { n: 11 }, expected: REFUSED },
  nothing_sent_where_needed: {
    schemas: {
      zod: z.object({ to: z.string().optional() }),
      valibot: v.object({ to: v.optional(v.string()) }),
      arktype: type({ "to?": "string" }),
    },
    grant: { to: exact("ACME") },
    sent: {},
    expected: {
      code: "grant_argument_missing",
      pointer: "/to",
      rule: /^the argument is missing, and exact needs one; send it$/,
    },
  },
  default_in_a_list: {
    schemas: DEFAULT_IN_A_LIST,
    grant: { lines: each(object({ to: wildcard(), currency: optional(exact("EUR")) })) },
    sent: { lines: [{ to: "ACME" }] },
    expected: { ran: { lines: [{ to: "ACME", currency: "EUR" }] } },
  },
  default_in_a_list_that_no_grant_names: {
    schemas: DEFAULT_IN_A_LIST,
    grant: { lines: each(object({ to: wildcard() })) },
    sent: { lines: [{ to: "ACME" }] },
    expected: refused("/lines", made("each")),
  },
  default_that_passes: withDefault(exact("EUR"), DEFAULTED),
  default_under_wildcard: withDefault(wildcard(), DEFAULTED),
  default_that_does_not_pass: withDefault(exact("USD"), refused("/currency", putThere("exact"))),
  default_under_optional: withDefault(optional(exact("EUR")), DEFAULTED),
  default_that_optional_refuses: withDefault(optional(exact("USD")), refused("/currency", putThere("exact"))),
  default_that_may_not_be_sent: withDefault(absent(), DEFAULTED),
  default_sent_where_it_may_not: {
    ...withDefault(absent(), refused("/currency", doesNotPass("absent"))),
    sent: { to: "ACME", currency: "EUR" },
  },
  default_that_no_grant_names: { ...withDefault(absent(), DEFAULTED), grant: { to: wildcard() } },
  default_of_a_json_schema: {
    schemas: FROM_JSON_SCHEMA,
    grant: { to: wildcard() },
    sent: { to: "ACME" },
    expected: DEFAULTED,
  },
  default_behind_a_reference: {
    schemas: NAMED,
    grant: { to: wildcard() },
    sent: { to: "ACME" },
    expected: DEFAULTED,
  },
  random_default_that_no_grant_names: {
    schemas: RANDOM_DEFAULT,
    grant: { to: wildcard() },
    sent: { to: "ACME" },
    expected: refused("/key", PUT_THERE),
  },
  random_default_that_may_not_be_sent: {
    schemas: RANDOM_DEFAULT,
    grant: { to: wildcard(), key: absent() },
    sent: { to: "ACME" },
    expected: refused("/key", PUT_THERE),
  },
  random_default_that_the_author_adds: {
    schemas: RANDOM_DEFAULT,
    grant: { to: wildcard() },
    sent: { to: "ACME" },
    entry: { adds: ["key"] },
    expected: { ran: { to: "ACME", key: expect.any(String) as string } },
  },
  random_default_that_is_granted: {
    schemas: RANDOM_DEFAULT,
    grant: { to: wildcard(), key: length(40) },
    sent: { to: "ACME" },
    expected: { ran: { to: "ACME", key: expect.any(String) as string } },
  },
  nested_default: {
    schemas: NESTED,
    grant: { card: object({ holder: wildcard() }) },
    sent: { card: { holder: "Ann" } },
    expected: refused("/card", made("object")),
  },
  nested_default_that_is_granted: {
    schemas: NESTED,
    grant: { card: object({ holder: wildcard(), currency: optional(exact("EUR")) }) },
    sent: { card: { holder: "Ann" } },
    expected: { ran: { card: { holder: "Ann", currency: "EUR" } } },
  },
  nested_default_that_does_not_pass: {
    schemas: NESTED,
    grant: { card: object({ holder: wildcard(), currency: optional(exact("USD")) }) },
    sent: { card: { holder: "Ann" } },
    expected: refused("/card", made("object")),
  },
  nested_default_under_wildcard: {
    schemas: NESTED,
    grant: { card: wildcard() },
    sent: { card: { holder: "Ann" } },
    expected: { ran: { card: { holder: "Ann", currency: "EUR" } } },
  },
  coerced: {
    schemas: COERCED,
    grant: { n: range({ max: 10 }) },
    sent: { n: "5" },
    expected: refused("/n", doesNotPass("range")),
  },
  coerced_as_number: {
    schemas: COERCED,
    grant: { n: range({ max: 10 }) },
    sent: { n: 5 },
    expected: { ran: { n: 5 } },
  },
  coerced_in_both_forms: {
    schemas: COERCED,
    grant: { n: any(oneOf("5", "6"), range({ max: 5 })) },
    sent: { n: "5" },
    expected: { ran: { n: 5 } },
  },
  coerced_beyond: {
    schemas: COERCED,
    grant: { n: any(oneOf("5", "6"), range({ max: 5 })) },
    sent: { n: "6" },
    expected: refused("/n", made("any")),
  },
  trimmed: {
    schemas: TRIMMED,
    grant: { s: exact("abc") },
    sent: { s: " abc" },
    expected: refused("/s", doesNotPass("exact")),
  },
  trimmed_out_of_what_was_granted: {
    schemas: TRIMMED,
    grant: { s: exact(" abc") },
    sent: { s: " abc" },
    expected: refused("/s", made("exact")),
  },
  other_case: {
    schemas: LOWERED,
    grant: { s: oneOf("ABC", "abc") },
    sent: { s: "ABC" },
    expected: { ran: { s: "abc" } },
  },
  stripped: {
    schemas: BUILT,
    grant: { to: wildcard() },
    sent: { to: "x", reason: "why" },
    expected: refused("/reason", NOT_HANDED_OVER),
  },
  stripped_and_granted: {
    schemas: { zod: BUILT.zod, valibot: BUILT.valibot },
    grant: { to: wildcard(), reason: wildcard() },
    sent: { to: "x", reason: "why" },
    expected: { ran: { to: "x" } },
  },
  json_in_a_text: {
    schemas: JSON_IN_A_TEXT,
    grant: { body: length(200) },
    sent: { body: '{"to":"Mallory"}' },
    expected: refused("/body", made("length")),
  },
  json_in_a_text_under_wildcard: {
    schemas: JSON_IN_A_TEXT,
    grant: { body: wildcard() },
    sent: { body: '{"to":"ACME"}' },
    expected: { ran: { body: { to: "ACME" } } },
  },
  split: {
    schemas: SPLIT,
    grant: { ids: each(oneOf("a", "b")) },
    sent: { ids: "a,b" },
    expected: refused("/ids", doesNotPass("each")),
  },
  split_in_both_forms: {
    schemas: SPLIT,
    grant: { ids: any(exact("a,b"), each(oneOf("a", "b"))) },
    sent: { ids: "a,b" },
    expected: { ran: { ids: ["a", "b"] } },
  },
  renamed: { schemas: RENAMED, grant: { a: exact("x") }, sent: { a: "x" }, expected: refused("/b", PUT_THERE) },
  renamed_and_granted: {
    schemas: RENAMED,
    grant: { a: exact("x"), b: exact("x") },
    sent: { a: "x" },
    entry: { hideFromPolicies: ["b"] },
    expected: { ran: { b: "x" } },
  },
  renamed_beyond: {
    schemas: RENAMED,
    grant: { a: wildcard(), b: exact("x") },
    sent: { a: "y" },
    expected: refused("/b", putThere("exact")),
  },
  renamed_by_the_author: {
    schemas: RENAMED,
    grant: { a: exact("x") },
    sent: { a: "x" },
    entry: { adds: ["b"] },
    expected: { ran: { b: "x" } },
  },
  out_of_a_text: {
    schemas: OUT_OF_A_TEXT,
    grant: { body: length(200) },
    sent: { body: '{"to":"Mallory"}' },
    expected: refused("/to", PUT_THERE),
  },
  date: { schemas: DATED, grant: { due: exact(DUE) }, sent: { due: DUE }, expected: { code: "arguments_malformed" } },
  date_by_projection: {
    schemas: DATED,
    grant: { due: exact(DUE) },
    sent: { due: DUE },
    entry: { projection: asText as never },
    expected: { ran: { due: DUE } },
  },
  a_text: {
    schemas: ONE_TEXT,
    grant: { to: wildcard() },
    sent: { to: "ACME" },
    expected: { code: "arguments_malformed" },
  },
  text_shown: {
    schemas: ONE_TEXT,
    grant: { to: wildcard() },
    sent: { to: "ACME" },
    entry: { projection: asObject as never },
    expected: { ran: "ACME" as never },
  },
  more_text: {
    schemas: ONE_TEXT,
    grant: { to: wildcard() },
    sent: { to: "ACME", memo: "x" },
    entry: { projection: asObject as never },
    expected: refused("/memo", NOT_HANDED_OVER),
  },
  union: { schemas: UNION, grant: { id: oneOf("7", 7) }, sent: { id: 7 }, expected: { ran: { id: 7 } } },
  nullish_left_out: {
    schemas: NULLISH,
    grant: { to: wildcard(), memo: noMemo },
    sent: { to: "x" },
    expected: { ran: { to: "x" } },
  },
  nullish_null: {
    schemas: NULLISH,
    grant: { to: wildcard(), memo: noMemo },
    sent: { to: "x", memo: null },
    expected: { ran: { to: "x", memo: null } },
  },
  nullish_by_a_strict_model: {
    schemas: NULLISH,
    grant: { to: wildcard(), memo: orNull(optional(exact("rent"))) },
    sent: { to: "x", memo: null },
    expected: { ran: { to: "x", memo: null } },
  },
  nullish_refused: {
    schemas: NULLISH,
    grant: { to: wildcard(), memo: noMemo },
    sent: { to: "x", memo: "gift" },
    expected: refused("/memo", doesNotPass("optional")),
  },
  null_made_a_text: {
    schemas: NULL_TO_DEFAULT,
    grant: { to: wildcard(), memo: noMemo },
    sent: { to: "x", memo: null },
    expected: refused("/memo", made("optional")),
  },
  misnamed_hidden: misnamed({ hideFromPolicies: ["too"] }),
  // What is sent by that name makes it no argument of the tool.
  misnamed_id: {
    ...misnamed({ id: "too" }),
    grant: { to: wildcard(), too: wildcard() },
    sent: { to: "ACME", too: "x" },
  },
  misnamed_kept: misnamed({ keepInRecord: ["to", "too"] }),
  misnamed_all_right: { ...misnamed({ id: "to", hideFromPolicies: ["to"] }), expected: { ran: { to: "ACME" } } },
  misnamed_but_made: {
    schemas: WITH_DEFAULT,
    grant: { to: wildcard() },
    sent: { to: "ACME" },
    entry: { hideFromPolicies: ["currency"] },
    expected: DEFAULTED,
  },
};

/** The schema as each framework takes it. */
export function schemaOf({ schemas }: Row, vendor: Vendor): unknown {
  const schema = schemas[vendor];
  return vendor === "valibot" && schema !== undefined ? toStandardJsonSchema(schema as never) : schema;
}
