import { conjuncts, isSchema, type Place, placesIn, propertyOf, resolve, type Schema } from "../policies/index.ts";

/** What is known of a value's type; `unknown` also where it may be of several. */
export type ValueType = "text" | "number" | "boolean" | "timestamp" | "null" | "unknown" | `list of ${string}`;

/** The type of a list's elements; undefined for what is no list. */
export function elementOf(type: ValueType): ValueType | undefined {
  return type.startsWith("list of ") ? (type.slice("list of ".length) as ValueType) : undefined;
}

/** What a schema says of rows, which have attributes of one level, and the arguments of the call beside them. */
export interface RowSchema {
  /** Names of the attributes that each row must bring. */
  readonly required: readonly string[];
  /** The one type of an attribute, as far as the schema gives it one. */
  typeOf(path: readonly string[]): ValueType;
  /** What it asks of values besides being there and being of a type, such as `region/enum`. */
  readonly further: readonly string[];
}

/**
 * Reads a schema for the question of whether rows can break it without a rule noticing. Only what holds for each row counts:
 * no branches of `anyOf`, `oneOf` and `if`, and only a type that stands alone.
 *
 * @param schemas the others of the folder, by name, for `cerbos:///` references
 * @param argumentsAs the attribute that holds the arguments. A plan knows them, and holds them against the schema, but for
 *   what it requires of them
 */
export function readRowSchema(root: unknown, schemas: ReadonlyMap<string, unknown>, argumentsAs: string): RowSchema {
  const parts = isSchema(root) ? conjuncts({ schema: root, root }, schemas) : [];
  const below = (places: readonly Place[], name: string): readonly Place[] =>
    places.flatMap((place) => propertyOf(place, name)).flatMap((place) => conjuncts(place, schemas));
  const names = new Set(parts.flatMap(({ schema }) => Object.keys(Object(schema["properties"]))));
  const required = parts.flatMap(({ schema }) => (Array.isArray(schema["required"]) ? schema["required"] : []));
  return {
    required: [...new Set(required)].filter((name) => name !== argumentsAs),
    typeOf: (path) => typeOf(path.reduce(below, parts), schemas),
    further: [
      ...furtherOf(parts, "", schemas),
      ...[...names].flatMap((name) => {
        const own = below(parts, name);
        if (name === argumentsAs) return own.some((it) => requiresSome(it, schemas)) ? [`${name}/required`] : [];
        const forbidden = parts.some(({ schema }) => Object(schema["properties"])[name] === false);
        return [
          ...(forbidden ? [`${name}/false`] : []),
          ...(typesOf(own).size > 1 ? [`${name}/type`] : []),
          ...furtherOf(own, `${name}/`, schemas),
        ];
      }),
    ],
  };
}

/** Whether it, or anything in it, requires something; also where that may not be so. */
function requiresSome(place: Place, schemas: ReadonlyMap<string, unknown>, seen = new Set<unknown>()): boolean {
  return conjuncts(place, schemas, seen).some(({ schema, root }) =>
    Object.entries(schema).some(([keyword, value]) => {
      if (keyword === "required" || (keyword === "$ref" && isUnresolved({ schema, root }, schemas))) return true;
      const within = Array.isArray(value) ? value : keyword === "properties" ? Object.values(Object(value)) : [value];
      return placesIn(within, root).some((it) => requiresSome(it, schemas, seen));
    }),
  );
}

const TYPES: { readonly [type: string]: ValueType | undefined } = {
  string: "text",
  number: "number",
  boolean: "boolean",
};

function typeOf(parts: readonly Place[], schemas: ReadonlyMap<string, unknown>): ValueType {
  const [type, ...others] = typesOf(parts);
  if (type === undefined || others.length > 0) return "unknown";
  if (type === "array") return `list of ${typeOf(itemsOf(parts, schemas), schemas)}`;
  return TYPES[type] ?? "unknown";
}

/** More than one where parts disagree, of which no value may fit all; a union is a text of several. */
function typesOf(parts: readonly Place[]): ReadonlySet<string> {
  const types = parts.flatMap(({ schema: { type } }) => (type === undefined ? [] : [[type].flat().join(" or ")]));
  return new Set(types.map((it) => (it === "integer" ? "number" : it)));
}

function itemsOf(parts: readonly Place[], schemas: ReadonlyMap<string, unknown>): readonly Place[] {
  return parts
    .filter(({ schema }) => schema["prefixItems"] === undefined)
    .flatMap(({ schema, root }) => placesIn([schema["items"]], root))
    .flatMap((place) => conjuncts(place, schemas));
}

/** Keywords that ask nothing of a value, or nothing but its type and what it must have. A list of texts can have a null. */
const PLAIN: ReadonlySet<string> = new Set(
  `$id $anchor $comment $defs definitions title description default examples deprecated readOnly writeOnly
  $ref allOf type properties required`.split(/\s+/),
);

function furtherOf(parts: readonly Place[], pointer: string, schemas: ReadonlyMap<string, unknown>): readonly string[] {
  return parts
    .flatMap(({ schema, root }) => [
      ...Object.keys(schema).filter((keyword) => !PLAIN.has(keyword) && !isHarmless(schema, keyword)),
      // A column of numbers can hold 1.5.
      ...(schema["type"] === "integer" ? ["type: integer"] : []),
      ...(isUnresolved({ schema, root }, schemas) ? ["$ref"] : []),
      ...([schema["allOf"] ?? []].flat().every((it) => it === true || isSchema(it)) ? [] : ["allOf"]),
    ])
    .map((keyword) => `${pointer}${keyword}`);
}

function isHarmless(schema: Schema, keyword: string): boolean {
  // Another vocabulary may take `required` for a word without meaning.
  if (keyword === "$schema") return KNOWN_DRAFT.test(String(schema[keyword]));
  return ["additionalProperties", "unevaluatedProperties"].includes(keyword) && schema[keyword] === true;
}

const KNOWN_DRAFT = /^https?:\/\/json-schema\.org\/(draft-0[4-7]|draft\/20(19-09|20-12))\/schema#?$/;

/** What a reference asks is not known where it leads nowhere. */
function isUnresolved({ schema: { $ref }, root }: Place, schemas: ReadonlyMap<string, unknown>): boolean {
  return $ref !== undefined && (typeof $ref !== "string" || resolve($ref, root, schemas) === undefined);
}
