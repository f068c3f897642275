import { isJsonObject, type JsonObject, type JsonValue } from "../json/index.ts";
import { acceptsNull, listOf, objectOf, refersTo, typesOf } from "./json-schema.ts";

/** Stands for every key that no schema names. */
export const ANY_OTHER: unique symbol = Symbol("any other key");
export type Key = string | typeof ANY_OTHER;

/** One place of a result, by the schemas that may hold there: in `anyOf`, nobody knows which of them does. */
export interface Place {
  /** The whole document, in which references are looked up. */
  readonly root: JsonObject;
  /** The schemas as they stand in their parents. */
  readonly own: readonly JsonValue[];
  /** Those, and all that they are put together of. */
  readonly all: readonly JsonObject[];
}

export function rootPlace(schema: JsonObject): Place {
  return placeOf(schema, [schema]);
}

function placeOf(root: JsonObject, own: readonly JsonValue[]): Place {
  return { root, own, all: partsOf(root, own) };
}

/** Schemas, with everything that they refer to and are put together of. */
function partsOf(root: JsonObject, schemas: readonly JsonValue[]): readonly JsonObject[] {
  const parts: JsonObject[] = [];
  const visit = (schema: JsonValue | undefined): void => {
    if (!isJsonObject(schema) || parts.includes(schema)) return;
    parts.push(schema);
    visit(refersTo(root, schema));
    for (const keyword of ["allOf", "anyOf", "oneOf"]) for (const part of listOf(schema, keyword)) visit(part);
  };
  for (const schema of schemas) visit(schema);
  return parts;
}

/** Where the member of an object stands. */
export function memberOf({ root, all }: Place, key: Key): Place {
  const own: JsonValue[] = [];
  for (const schema of all) {
    const named = objectOf(schema, "properties");
    const isNamed = key !== ANY_OTHER && Object.hasOwn(named, key);
    const patterns = Object.entries(objectOf(schema, "patternProperties"));
    const matching = patterns.filter(([pattern]) => key === ANY_OTHER || mayMatch(pattern, key));
    if (isNamed) own.push(named[key] as JsonValue);
    own.push(...matching.map(([, member]) => member));
    const { additionalProperties, unevaluatedProperties } = schema;
    const isKnown = isNamed || (key !== ANY_OTHER && matching.length > 0);
    if (!isKnown && isJsonObject(additionalProperties)) own.push(additionalProperties);
    if (isJsonObject(unevaluatedProperties)) own.push(unevaluatedProperties);
  }
  return placeOf(root, own);
}

function mayMatch(pattern: string, key: string): boolean {
  try {
    return new RegExp(pattern, "u").test(key);
  } catch {
    return true;
  }
}

/** Where the elements of a list stand. */
export function elementOf({ root, all }: Place): Place {
  const own = all.flatMap((schema) => [
    ...listOf(schema, "items"),
    ...listOf(schema, "prefixItems"),
    ...[schema["items"], schema["additionalItems"], schema["unevaluatedItems"]].filter((it) => isJsonObject(it)),
  ]);
  return placeOf(root, own);
}

/** The names of members that the schemas know there. */
export function namesIn({ all }: Place): readonly string[] {
  return all.flatMap((schema) => Object.keys(objectOf(schema, "properties")));
}

/** Whether an object there may be without this member. */
export function mayLack({ all }: Place, key: Key): boolean {
  return all.every(
    (schema) => !Object.hasOwn(schema, "minProperties") && !listOf(schema, "required").includes(key as string),
  );
}

/** Whether a value there may be `null`, by whichever schema holds. */
export function mayBeNull({ root, own }: Place): boolean {
  return own.every((schema) => acceptsNull(root, schema));
}

/** How many elements a list there must have. */
export function fewestIn({ all }: Place): number {
  const least = all.map((schema) => {
    const { minItems } = schema;
    // A tuple has all of its elements in the library that wrote the schema, also where the schema does not say so.
    const tuple = Math.max(listOf(schema, "items").length, listOf(schema, "prefixItems").length);
    return typeof minItems === "number" ? minItems : tuple;
  });
  return Math.max(0, ...least);
}

/** Whether the elements of a list there must differ, which changed ones may no longer do. */
export function mustDiffer({ all }: Place): boolean {
  return all.some(({ uniqueItems }) => uniqueItems !== undefined && uniqueItems !== false);
}

/** Whether a schema names this type there. */
export function names({ all }: Place, type: string): boolean {
  return all.some((schema) => typesOf(schema)?.includes(type) === true);
}

/** Whether the schemas name types there, and this one is not among them. */
export function leavesOut(place: Place, type: string): boolean {
  return place.all.some((schema) => typesOf(schema) !== undefined) && !names(place, type);
}
