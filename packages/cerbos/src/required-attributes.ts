/** A JSON schema, and the document its `#/…` references point into. */
export interface Place {
  readonly schema: Schema;
  readonly root: unknown;
}

export type Schema = { readonly [keyword: string]: unknown };

/**
 * The steps of the path, by their place in it, that may be missing in a value that fits the schema; an empty list if
 * the attribute is required all the way down. Conditions count where each of their branches agrees.
 *
 * @param schemas the others of the folder, by name, for `cerbos:///` references
 */
export function optionalSteps(
  root: unknown,
  path: readonly string[],
  schemas: ReadonlyMap<string, unknown>,
): readonly number[] {
  let places: readonly Place[] = isSchema(root) ? [{ schema: forCalls(root), root }] : [];
  const optional: number[] = [];
  for (const [depth, name] of path.entries()) {
    const known = places.flatMap((place) => conjuncts(place, schemas));
    if (!known.some((place) => requires(place, name, schemas))) optional.push(depth);
    places = known.flatMap((place) => propertyOf(place, name));
  }
  return optional;
}

/**
 * What the schema asks of a call. `describeContext` gives a kind that is listed one more branch, which allows no attribute
 * at all: a list comes before any call, and has none. A call always has its arguments, so it is never judged by that one.
 */
function forCalls(schema: Schema): Schema {
  const { anyOf, allOf } = schema;
  if (!Array.isArray(anyOf)) return schema;
  const branches = anyOf.filter((branch) => !isSchema(branch) || branch["maxProperties"] !== 0);
  if (branches.length !== 1) return { ...schema, anyOf: branches };
  return { ...schema, allOf: [...(Array.isArray(allOf) ? allOf : []), ...branches], anyOf: undefined };
}

/** The schema itself, what it refers to, and all parts that hold at the same time. */
export function conjuncts(
  place: Place,
  schemas: ReadonlyMap<string, unknown>,
  seen = new Set<unknown>(),
): readonly Place[] {
  if (seen.has(place.schema)) return [];
  seen.add(place.schema);
  const { $ref, allOf } = place.schema;
  const target = typeof $ref === "string" ? resolve($ref, place.root, schemas) : undefined;
  const parts = [...placesIn(allOf, place.root), ...(target === undefined ? [] : [target])];
  return [place, ...parts.flatMap((part) => conjuncts(part, schemas, seen))];
}

function requires(
  place: Place,
  name: string,
  schemas: ReadonlyMap<string, unknown>,
  asked: readonly Schema[] = [],
): boolean {
  if (asked.includes(place.schema)) return false; // a schema that refers to itself
  const { required, anyOf, oneOf, then, else: otherwise } = place.schema;
  if (Array.isArray(required) && required.includes(name)) return true;
  return [anyOf, oneOf, [then, otherwise]].some((branches) => {
    const places = placesIn(branches, place.root);
    return (
      Array.isArray(branches) &&
      places.length === branches.length &&
      places.length > 0 &&
      places.every((branch) =>
        conjuncts(branch, schemas).some((part) => requires(part, name, schemas, [...asked, place.schema])),
      )
    );
  });
}

export function propertyOf({ schema, root }: Place, name: string): readonly Place[] {
  const { properties } = schema;
  if (!isSchema(properties) || !Object.hasOwn(properties, name)) return [];
  return placesIn([properties[name]], root);
}

export function placesIn(schemas: unknown, root: unknown): readonly Place[] {
  return Array.isArray(schemas) ? schemas.filter(isSchema).map((schema) => ({ schema, root })) : [];
}

function resolve(ref: string, root: unknown, schemas: ReadonlyMap<string, unknown>): Place | undefined {
  const [, file, pointer = ""] = /^(?:cerbos:\/\/\/([^#]+))?(?:#(.*))?$/.exec(ref) ?? [];
  const document = file === undefined ? root : schemas.get(file);
  let node: unknown = document;
  for (const step of pointer.split("/").slice(1)) {
    const name = step.replaceAll("~1", "/").replaceAll("~0", "~");
    node = isSchema(node) ? node[name] : undefined;
  }
  return isSchema(node) ? { schema: node, root: document } : undefined;
}

export function isSchema(value: unknown): value is Schema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
