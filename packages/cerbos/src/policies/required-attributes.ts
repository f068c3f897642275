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
  const found = branchesOf(root).flatMap((branch) => optionalStepsOf(branch, path, schemas));
  return [...new Set(found)].sort((a, b) => a - b);
}

/** The titles of those branches in which the step may be missing, where it is required in others. */
export function branchesWithout(
  root: unknown,
  path: readonly string[],
  schemas: ReadonlyMap<string, unknown>,
): readonly string[] {
  const branches = branchesOf(root);
  const without = branches.filter((branch) => optionalStepsOf(branch, path, schemas).length > 0);
  if (without.length === branches.length) return [];
  return without.map(({ title }) => title).filter((title) => title !== undefined);
}

function optionalStepsOf(
  { place }: Branch,
  path: readonly string[],
  schemas: ReadonlyMap<string, unknown>,
): readonly number[] {
  let places = place === undefined ? [] : [place];
  const optional: number[] = [];
  for (const [depth, name] of path.entries()) {
    const known = places.flatMap((place) => conjuncts(place, schemas));
    if (!known.some((place) => requires(place, name, schemas))) optional.push(depth);
    places = known.flatMap((place) => propertyOf(place, name));
  }
  return optional;
}

/** Whether the schema lets the attribute be true or false alone, where it is there. */
export function isBoolean(root: unknown, path: readonly string[], schemas: ReadonlyMap<string, unknown>): boolean {
  const below = (places: readonly Place[], name: string): readonly Place[] =>
    places.flatMap((place) => conjuncts(place, schemas)).flatMap((place) => propertyOf(place, name));
  return branchesOf(root).every(({ place }) =>
    path
      .reduce(below, place === undefined ? [] : [place])
      .flatMap((found) => conjuncts(found, schemas))
      .some(({ schema: { type, const: only, enum: either } }) =>
        [
          type === "boolean",
          typeof only === "boolean",
          Array.isArray(either) && either.every((it) => it === !!it),
        ].includes(true),
      ),
  );
}

interface Branch {
  /** Undefined where nothing is known of it. */
  readonly place: Place | undefined;
  readonly title?: string | undefined;
}

/**
 * What the schema asks of a call, in one way or another: `describeContext` writes a branch for each tool of a kind. A kind that is
 * listed has one more, which allows no attribute at all: a list comes before any call, and has none. A call always has its
 * arguments, so it is never judged by that one.
 */
function branchesOf(root: unknown): readonly Branch[] {
  if (!isSchema(root)) return [{ place: undefined }];
  const { anyOf, ...schema } = root;
  const ofCalls = Array.isArray(anyOf) ? anyOf.filter((it) => !isSchema(it) || it["maxProperties"] !== 0) : [];
  if (ofCalls.length === 0) return [{ place: { schema, root } }];
  const { allOf } = schema;
  return ofCalls.map((branch: unknown) => ({
    place: { schema: { ...schema, allOf: [...(Array.isArray(allOf) ? allOf : []), branch] }, root },
    title: isSchema(branch) && typeof branch["title"] === "string" ? branch["title"] : undefined,
  }));
}

/** The schema itself, what it refers to, and all parts that hold at the same time. */
export function conjuncts(
  place: Place,
  schemas: ReadonlyMap<string, unknown>,
  seen: Set<unknown> = new Set(),
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

/**
 * Where a reference leads; undefined for all but `cerbos:///…` and plain pointers (`#/…`), and where something in the
 * folder may lead it elsewhere: whoever asks must then not go on as if the reference asked nothing.
 */
export function resolve(ref: string, root: unknown, schemas: ReadonlyMap<string, unknown>): Place | undefined {
  const found = /^(?:cerbos:\/\/\/([^#%]+))?(?:#(|\/.*))?$/.exec(ref);
  if (found === null || ref === "" || [root, ...schemas.values()].some(redirects)) return undefined;
  const [, file, pointer = ""] = found;
  const document = file === undefined ? root : schemas.get(file);
  let node: unknown = document;
  for (const step of pointer.split("/").slice(1)) {
    const name = decoded(step)?.replaceAll("~1", "/").replaceAll("~0", "~");
    node = name !== undefined && isSchema(node) && Object.hasOwn(node, name) ? node[name] : undefined;
  }
  return isSchema(node) ? { schema: node, root: document } : undefined;
}

function decoded(step: string): string | undefined {
  try {
    return decodeURIComponent(step);
  } catch {
    return undefined;
  }
}

/** The drafts in which a reference has no say in what stands beside it, and that have the keywords that are read here. */
const DRAFTS = /^https:\/\/json-schema\.org\/draft\/(2019-09|2020-12)\/schema#?$/;

/** Whether references can lead elsewhere for it: it gives parts of itself an address, or takes that of another file. */
function redirects(schema: unknown): boolean {
  if (!isSchema(schema)) return false;
  const { $schema, $id, id } = schema;
  const isLater = $schema === undefined || (typeof $schema === "string" && DRAFTS.test($schema));
  return !isLater || [$id, id].some((it) => isRelative(it)) || Object.values(schema).some(hasAddress);
}

/** Relative to `cerbos:///`, or below it. */
function isRelative(id: unknown): boolean {
  return typeof id === "string" && !/^(?!cerbos:)[A-Za-z][\w+.-]*:/.test(id);
}

function hasAddress(within: unknown): boolean {
  if (Array.isArray(within)) return within.some(hasAddress);
  if (!isSchema(within)) return false;
  return ["$id", "id"].some((it) => typeof within[it] === "string") || Object.values(within).some(hasAddress);
}

export function isSchema(value: unknown): value is Schema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
