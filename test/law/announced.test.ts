/**
 * What a tool announces holds: where nothing speaks against a change beforehand, no result that was valid is invalid
 * after it. The judge is the validator of the MCP SDK's client, which knows nothing of ours.
 */
import type { JsonObject, JsonValue } from "@hopwise/core/adapter";
import { fulfil, loosen, misfitOf } from "@hopwise/core/adapter";
import { AjvJsonSchemaValidator } from "@modelcontextprotocol/sdk/validation/ajv";
import fc from "fast-check";
import { expect, it, vi } from "vitest";
import { ran } from "../support/ran.ts";
import { expectMet, PATIENCE, runs, SEED } from "./random/runs.ts";

vi.setConfig({ testTimeout: PATIENCE });

const NAMES = ["a", "b", "c"] as const;
const REFS = ["#", "#/$defs/one", "#/$defs/two"];
const NULL: JsonObject = { type: "null" };

const leaf: fc.Arbitrary<JsonValue> = fc.constantFrom<JsonValue>(
  ...[{ type: "number" }, { type: "integer" }, { type: "string" }, { type: "string", format: "email" }, {}, true, NULL],
  ...[{ type: ["number", "null"] }, { anyOf: [{ type: "string" }, NULL] }, { oneOf: [{ type: "number" }, NULL] }],
  ...[
    { enum: ["x", null] },
    { const: 1 },
    { type: "string", const: "x" },
    { not: NULL },
    ...REFS.map(($ref) => ({ $ref })),
  ],
);

const { schema } = fc.letrec<{ schema: JsonValue; object: JsonObject; list: JsonObject; joined: JsonObject }>(
  (tie) => ({
    schema: fc.oneof({ maxDepth: 3, depthSize: "small" }, leaf, tie("object"), tie("list"), tie("joined")),
    object: fc
      .record(
        {
          type: fc.constant("object"),
          properties: fc.dictionary(fc.constantFrom(...NAMES), tie("schema"), { maxKeys: 3 }),
          required: fc.uniqueArray(fc.constantFrom(...NAMES), { maxLength: 2 }),
          additionalProperties: fc.oneof(fc.boolean(), tie("schema")),
          patternProperties: fc.record({ "^[bc]$": tie("schema") }),
          minProperties: fc.constant(1),
          dependentRequired: fc.constant({ a: ["b"] }),
          uniqueItems: fc.constant(true),
        },
        { requiredKeys: ["properties"] },
      )
      .map((one) => one as unknown as JsonObject),
    list: fc
      .record(
        {
          type: fc.constant("array"),
          items: fc.oneof(tie("schema"), fc.array(tie("schema"), { minLength: 1, maxLength: 2 })),
          minItems: fc.nat(2),
          uniqueItems: fc.boolean(),
          contains: tie("schema"),
        },
        { requiredKeys: ["type", "items"] },
      )
      .map((one) => one as unknown as JsonObject),
    joined: fc
      .tuple(fc.constantFrom("anyOf", "oneOf", "allOf"), fc.array(tie("schema"), { minLength: 1, maxLength: 2 }))
      .map(([keyword, parts]) => ({ [keyword]: parts })),
  }),
) as { schema: fc.Arbitrary<JsonValue> };

/** Schemas of structured content: an object, or forms of one. */
const announced = fc
  .tuple(
    fc.dictionary(fc.constantFrom(...NAMES), schema, { minKeys: 1, maxKeys: 3 }),
    fc.subarray([...NAMES]),
    fc.dictionary(fc.constantFrom("anyOf", "oneOf"), fc.array(schema, { minLength: 1, maxLength: 2 }), { maxKeys: 1 }),
    fc.tuple(schema, schema),
  )
  .map(
    ([properties, required, forms, [one, two]]) =>
      ({ type: "object", properties, required, ...forms, $defs: { one, two } }) as JsonObject,
  );

const step = fc.constantFrom(...NAMES, "*", "0", "1");
const pointer = fc.array(step, { minLength: 1, maxLength: 3 }).map((steps) => `/${steps.join("/")}`);
const owed = fc.record({
  redact: fc.uniqueArray(pointer, { minLength: 1, maxLength: 2 }),
  limit: fc.dictionary(pointer, fc.nat(1), { maxKeys: 1 }),
});

/** A value that follows a schema as far as that is easy; the judge then says whether it is valid. */
function madeFor(root: JsonObject, of: JsonValue | undefined, random: () => number, fuel = 6): JsonValue {
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
  const on = (next: JsonValue | undefined): JsonValue => madeFor(root, next, random, fuel - 1);
  if (fuel === 0 || typeof of !== "object" || of === null || Array.isArray(of)) return pick([1, "x", null, {}, []]);
  const one = of as { readonly [keyword: string]: never };
  if (one["const"] !== undefined) return one["const"];
  if (one["enum"] !== undefined) return pick(one["enum"] as readonly JsonValue[]);
  if (one["$ref"] !== undefined) {
    const name = String(one["$ref"]).split("/").at(-1) as string;
    return on(name === "#" ? root : (root["$defs"] as JsonObject)[name]);
  }
  const forms = (one["anyOf"] ?? one["oneOf"] ?? one["allOf"]) as readonly JsonValue[] | undefined;
  if (forms !== undefined && (one["properties"] === undefined || random() < 0.5)) return on(pick(forms));
  if (one["properties"] !== undefined) {
    const properties = one["properties"] as JsonObject;
    const required = (one["required"] ?? []) as readonly string[];
    const names = NAMES.filter((name) => required.includes(name) || random() < 0.6);
    return Object.fromEntries(names.map((name) => [name, on(properties[name] ?? one["additionalProperties"])]));
  }
  const type = pick([one["type"] ?? "number"].flat() as readonly string[]);
  if (type === "array") {
    const items: JsonValue = one["items"] ?? true;
    const length = Math.max(Number(one["minItems"] ?? 0), Math.floor(random() * 3));
    return Array.from({ length }, (_, i) => on(Array.isArray(items) ? items[i] : items));
  }
  if (type === "string") return one["format"] === undefined ? pick(["x", "y"]) : "a@b.example";
  return type === "null" ? null : pick([1, 2]);
}

/** The judge of a schema; undefined where it does not take the schema at all. */
function judgeOf(schemaToJudge: JsonObject): ((value: unknown) => boolean) | undefined {
  try {
    const validate = new AjvJsonSchemaValidator().getValidator(schemaToJudge as never);
    return (value) => {
      try {
        return validate(value).valid;
      } catch {
        // A schema that refers to itself without an end.
        return false;
      }
    };
  } catch {
    return undefined;
  }
}

const RUNS = runs(800, 8_000);
/** Of each form of a schema. */
const VALUES = 8;

it("a result that was valid is valid after every change that nothing spoke against, and is never withheld for its form", () => {
  let changed = 0;
  fc.assert(
    fc.property(
      announced,
      owed,
      fc.infiniteStream(fc.double({ min: 0, max: 0.999, noNaN: true })),
      (root, changes, randoms) => {
        const random = (): number => randoms.next().value;
        let isChanged = false;
        const change = { redact: changes.redact, limit: Object.keys(changes.limit) };
        for (const form of [root, loosen(root, change) as JsonObject]) {
          if (misfitOf(changes, form) !== undefined) continue;
          const isValid = judgeOf(form);
          for (let i = 0; i < VALUES && isValid !== undefined; i++) {
            const value = madeFor(form, form, random);
            if (!isValid(value)) continue;
            const shown = shownOf(changes, value, form);
            if (shown === undefined) continue;
            expect([isValid(shown), value, shown]).toEqual([true, value, shown]);
            isChanged ||= JSON.stringify(shown) !== JSON.stringify(value);
            ran("results");
          }
        }
        if (isChanged) changed++;
      },
    ),
    { numRuns: RUNS, seed: SEED },
  );
  expectMet("changed", changed, RUNS / 26);
});

/** Undefined where a text, or what is no list, stands where a schema lets anything stand: then the result is withheld. */
function shownOf(changes: Parameters<typeof misfitOf>[0], value: JsonValue, form: JsonObject): unknown {
  try {
    return fulfil(changes, value, form).result;
  } catch (error) {
    expect(String(error)).toMatch(/leads into a text|not a list/);
    return undefined;
  }
}
