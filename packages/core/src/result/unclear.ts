import { isJsonObject, isScalar, type JsonObject, type JsonValue } from "../json/index.ts";
import { listOf, objectOf, refersTo, typesOf } from "./json-schema.ts";
import type { Rule } from "./rules.ts";
import type { Place } from "./schema-place.ts";

/** Keywords by which a part of a value decides what the others must be, or whether the whole is the right one. */
export const BY_THE_WHOLE = [
  "const",
  "enum",
  "not",
  "if",
  "contains",
  "dependentRequired",
  "dependentSchemas",
  "dependencies",
  "$dynamicRef",
  "$recursiveRef",
] as const;

/**
 * The keyword under which a change at this place, or further in, may break what nobody can foresee. Under all others a
 * value stays valid if each of its parts does.
 */
export function unclearAt({ root, all }: Place, rules: readonly Rule[], depth: number): string | undefined {
  for (const schema of all) {
    const keyword = BY_THE_WHOLE.find((it) => Object.hasOwn(schema, it));
    if (keyword !== undefined) return keyword;
    if (schema["$ref"] !== undefined && refersTo(root, schema) === undefined) return "$ref";
    if (schema["$id"] !== undefined && schema !== root) return "$id";
    if (!areApart(root, listOf(schema, "oneOf"), rules, depth)) return "oneOf";
  }
  return undefined;
}

/** Whether no value is ever valid under two of these schemas, before the change and after it. */
function areApart(root: JsonObject, branches: readonly JsonValue[], rules: readonly Rule[], depth: number): boolean {
  const isChanged = (key: string): boolean => rules.some(({ steps }) => steps[depth] === key || steps[depth] === "*");
  const seen = branches.map((branch) => {
    const target = isJsonObject(branch) ? (refersTo(root, branch) ?? branch) : branch;
    return isJsonObject(target) ? { types: typesIn(target), marks: marksOf(target, isChanged) } : UNTOLD;
  });
  return seen.every((one, i) =>
    seen
      .slice(i + 1)
      .every(
        (other) =>
          areDisjoint(one.types, other.types) ||
          [...one.marks].some(([name, values]) => areDisjoint(values, other.marks.get(name))),
      ),
  );
}

function areDisjoint(one: readonly JsonValue[] | undefined, other: readonly JsonValue[] | undefined): boolean {
  return one !== undefined && other !== undefined && one.every((value) => !other.includes(value));
}

/** What a schema that is no object says of the values under it. */
const UNTOLD = { types: undefined, marks: new Map<string, readonly JsonValue[]>() };

/** The types that a value of this schema can have; undefined for any. */
function typesIn(schema: JsonObject): readonly JsonValue[] | undefined {
  return typesOf(schema)?.map((type) => (type === "integer" ? "number" : type));
}

/** The members that always are there, have one of few values, and are not changed: they tell the branches apart. */
function marksOf(schema: JsonObject, isChanged: (key: string) => boolean): ReadonlyMap<string, readonly JsonValue[]> {
  const marks = new Map<string, readonly JsonValue[]>();
  for (const [name, member] of Object.entries(objectOf(schema, "properties"))) {
    if (!isJsonObject(member) || isChanged(name) || !listOf(schema, "required").includes(name)) continue;
    const values = Object.hasOwn(member, "const") ? [member["const"] as JsonValue] : listOf(member, "enum");
    if (values.length > 0 && values.every(isScalar)) marks.set(name, values);
  }
  return marks;
}
