import { isJsonObject, type JsonObject, type JsonValue, referredIn } from "../json/index.ts";

/** The list under a keyword; empty where there is none. */
export function listOf(schema: JsonObject, keyword: string): readonly JsonValue[] {
  const list = schema[keyword];
  return Array.isArray(list) ? list : [];
}

/** The object under a keyword; empty where there is none. */
export function objectOf(schema: JsonObject, keyword: string): JsonObject {
  const members = schema[keyword];
  return isJsonObject(members) ? members : {};
}

/** The types that a schema names; undefined where it names none, and lets all of them through. */
export function typesOf({ type }: JsonObject): readonly JsonValue[] | undefined {
  if (type === undefined) return undefined;
  return Array.isArray(type) ? type : [type];
}

/** The schema that a `$ref` leads to, within the same document; undefined where it leads elsewhere. */
export function refersTo(root: JsonObject, { $ref }: JsonObject): JsonValue | undefined {
  return referredIn(root, $ref) as JsonValue | undefined;
}

/**
 * Whether `null` is valid under a schema. It is no text, number, list or object, so few keywords speak of it, and the
 * answer is exact; it is no where a keyword cannot be judged.
 */
export function acceptsNull(root: JsonObject, schema: JsonValue): boolean {
  return takesNull(root, schema, []) === true;
}

/** @returns undefined where nobody can tell */
function takesNull(root: JsonObject, schema: JsonValue, within: readonly JsonObject[]): boolean | undefined {
  if (typeof schema === "boolean") return schema;
  if (!isJsonObject(schema) || within.includes(schema)) return undefined;
  const takes = (part: JsonValue | undefined): boolean | undefined =>
    takesNull(root, part ?? null, [...within, schema]);
  const has = (keyword: string): boolean => Object.hasOwn(schema, keyword);
  if (["if", "$dynamicRef", "$recursiveRef"].some(has)) return undefined;
  const types = typesOf(schema);
  const answers: (boolean | undefined)[] = listOf(schema, "allOf").map(takes);
  if (types !== undefined) answers.push(types.includes("null"));
  if (has("const")) answers.push(schema["const"] === null);
  if (has("enum")) answers.push(listOf(schema, "enum").includes(null));
  if (has("$ref")) answers.push(takes(refersTo(root, schema)));
  if (has("anyOf")) answers.push(some(listOf(schema, "anyOf").map(takes)));
  if (has("oneOf")) answers.push(one(listOf(schema, "oneOf").map(takes)));
  if (has("not")) answers.push(not(takes(schema["not"])));
  return answers.includes(false) ? false : answers.includes(undefined) ? undefined : true;
}

function some(answers: readonly (boolean | undefined)[]): boolean | undefined {
  return answers.includes(true) ? true : answers.includes(undefined) ? undefined : false;
}

function one(answers: readonly (boolean | undefined)[]): boolean | undefined {
  return answers.includes(undefined) ? undefined : answers.filter(Boolean).length === 1;
}

function not(answer: boolean | undefined): boolean | undefined {
  return answer === undefined ? undefined : !answer;
}
