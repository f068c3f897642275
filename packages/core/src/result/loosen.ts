import { type JsonObject, type JsonValue, stepsOf } from "../json/index.ts";
import { argumentOf, isObject, list, maybe, members, reading, type Shape, text } from "../options/index.ts";
import type { OutputSchema } from "./fits-schema.ts";
import { acceptsNull, listOf } from "./json-schema.ts";
import { isIndexOrStar, POINTER } from "./rules.ts";
import { ANY_OTHER, elementOf, type Key, memberOf, namesIn, type Place, rootPlace } from "./schema-place.ts";

/** What policies may do to a tool's result, by JSON pointers as policies write them. */
export interface MayChange {
  /** Values that may be taken out. */
  readonly redact?: readonly string[];
  /** Lists that may be shortened. */
  readonly limit?: readonly string[];
}

const POINTERS = list(
  text("a JSON pointer, such as /iban", (pointer) => POINTER.test(pointer)),
  'a list of JSON pointers, such as ["/iban"]',
);

export const MAY_CHANGE: Shape = members<MayChange>(
  { redact: maybe(POINTERS), limit: maybe(POINTERS) },
  '{ redact, limit }, each a list of JSON pointers, such as redact: ["/iban"]',
);

const readChange = argumentOf<MayChange>("loosen", "change", MAY_CHANGE);

type Writable = { [keyword: string]: JsonValue };

/**
 * The schema with which a tool announces results that policies may change: a member that may be taken out need not be
 * there, an element may be `null`, a list may be shorter. Schemas that are referred to become looser wherever they are
 * used. What is no object is a schema that could not be read: null.
 *
 * @throws {HopwiseError} `config_invalid` for what is no such change, or a schema that fails when it is read
 */
export function loosen(schema: OutputSchema, change: MayChange): OutputSchema {
  const { redact = [], limit = [] } = readChange(change);
  if (!isObject(schema)) return null;
  return reading("loosen", "schema", "a JSON Schema, or null", schema as JsonObject, (own) =>
    loosened(structuredClone(own) as JsonObject, redact, limit),
  );
}

function loosened(copy: JsonObject, redact: readonly string[], limit: readonly string[]): JsonObject {
  for (const pointer of redact) {
    const steps = stepsOf(pointer);
    const key = steps.at(-1);
    if (key === undefined) continue;
    for (const place of placesAt(rootPlace(copy), steps.slice(0, -1))) {
      lackMember(place, key);
      if (isIndexOrStar(key)) admitNull(place);
    }
  }
  for (const pointer of limit) for (const place of placesAt(rootPlace(copy), stepsOf(pointer))) admitShorter(place);
  return copy;
}

/** All places to which a pointer may lead. */
function placesAt(place: Place, [step, ...further]: readonly string[]): readonly Place[] {
  if (step === undefined) return [place];
  const keys: readonly Key[] = step === "*" ? [...namesIn(place), ANY_OTHER] : [step];
  const within = [...keys.map((key) => memberOf(place, key)), ...(isIndexOrStar(step) ? [elementOf(place)] : [])];
  return within.flatMap((inner) => placesAt(inner, further));
}

function lackMember({ all }: Place, key: string): void {
  for (const schema of all as readonly Writable[]) {
    if (schema["required"] !== undefined) {
      schema["required"] = key === "*" ? [] : listOf(schema, "required").filter((name) => name !== key);
    }
    delete schema["minProperties"];
  }
}

function admitNull({ root, all }: Place): void {
  const orNull = (schema: JsonValue): JsonValue =>
    acceptsNull(root, schema) ? schema : { anyOf: [schema, { type: "null" }] };
  for (const schema of all as readonly Writable[]) {
    for (const keyword of ["items", "prefixItems", "additionalItems", "unevaluatedItems"]) {
      const items = schema[keyword];
      if (Array.isArray(items)) schema[keyword] = items.map(orNull);
      else if (typeof items === "object" && items !== null) schema[keyword] = orNull(items);
    }
  }
}

function admitShorter({ all }: Place): void {
  for (const schema of all as readonly Writable[]) {
    const isTuple = listOf(schema, "items").length + listOf(schema, "prefixItems").length > 0;
    if (schema["minItems"] !== undefined || isTuple) schema["minItems"] = 0;
  }
}
