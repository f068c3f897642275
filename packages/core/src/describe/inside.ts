import { type JsonObject, pointerTo } from "../json/index.ts";

/** A schema that stands inside another, under a name. */
export interface Inner {
  readonly name: string;
  readonly schema: JsonObject;
  /** The object's schema of which it is a member, and by whose definitions it may be described. */
  readonly memberOf?: JsonObject | undefined;
}

/** As a recursive or shared type is written: by a place in its own document. */
const REFERS = /"\$(?:ref|dynamicRef|recursiveRef)":"#/;

/**
 * Writes a schema to stand inside another. One that refers to a place in its own document stays a document, by an id: in
 * another one, `#` would be a place that is not there, or, worse, one that says something else.
 *
 * @param within what tells it apart in the whole: no two schemas of one file may have the same id
 */
export function inside({ name, schema, memberOf }: Inner, within: string): JsonObject {
  if (!REFERS.test(JSON.stringify(schema))) return bare(schema);
  const $id = `urn:hopwise:${encodeURIComponent(within)}:${encodeURIComponent(name)}`;
  if (memberOf === undefined) return { $id, ...bare(schema) };
  const member = encodeURI(pointerTo("/properties", name));
  return { $ref: `${$id}#${member}`, $defs: { whole: { ...bare(memberOf), $id } } };
}

function bare({ $schema: _, ...schema }: JsonObject): JsonObject {
  return schema as JsonObject;
}
