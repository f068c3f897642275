import { HopwiseError } from "../errors.ts";
import { isJsonObject, type JsonObject } from "../json/index.ts";
import { plainName } from "../lib/index.ts";
import { nearest } from "../options/index.ts";
import type { InputSchema } from "./own-arguments.ts";
import type { ToolEntry, ToolMap } from "./tool-entry.ts";
import { isNamed } from "./tool-map.ts";

type NamesOf = (entry: ToolEntry) => readonly string[];
const none: NamesOf = () => [];

/** Which arguments each member of an entry names. One without a row does not compile. */
const NAMING: { readonly [Member in keyof Required<ToolEntry>]: NamesOf } = {
  id: ({ id }) => (typeof id === "string" ? [id] : []),
  hideFromPolicies: ({ hideFromPolicies = [] }) => hideFromPolicies,
  keepInRecord: ({ keepInRecord = [] }) => keepInRecord,
  // What it says of an argument that is not there changes nothing; one that it does not name is refused.
  filter: none,
  // Those that no schema announces.
  adds: none,
  kind: none,
  action: none,
  attributes: none,
  sources: none,
  argumentsAs: none,
  showToApprovers: none,
  list: none,
  scope: none,
  policyVersion: none,
  projection: none,
  argumentsSchema: none,
  attributesSchema: none,
};
/** Those that name any: they are looked at for each call. */
const NAMED_IN = Object.entries(NAMING).filter(([, namesOf]) => namesOf !== none);

/**
 * A slip in an argument's name would show policies what was to be hidden from them, and keep nothing of what was to be kept.
 * So the names in an entry are held against the arguments that the tool announces, and those that its author says it has. What
 * a call has tells nothing: a caller that sends an argument by the mistaken name would silence the check.
 *
 * @param inputSchema as listed to the caller. One that lets arguments pass which it does not name tells nothing
 * @param made names that the tool's schema or a projection put there in this call
 * @returns the refusal, `attributes_invalid`
 */
export function refuseMisnamed(
  tools: ToolMap,
  tool: string,
  inputSchema: InputSchema | undefined,
  made: readonly string[],
): HopwiseError | undefined {
  const announced = announcedBy(inputSchema);
  const entry = tools[tool];
  // An entry for several tools names what only some of them have.
  if (announced === undefined || entry === undefined || !isNamed(tools, tool)) return undefined;
  const said = propertiesOf(entry.argumentsSchema) ?? {};
  const isKnown = (name: string): boolean =>
    [announced, said].some((of) => Object.hasOwn(of, name)) || [...(entry.adds ?? []), ...made].includes(name);
  for (const [member, namesOf] of NAMED_IN) {
    const unknown = namesOf(entry).find((name) => !isKnown(name));
    if (unknown !== undefined) return misnamed(tool, member, unknown, Object.keys(announced));
  }
  return undefined;
}

function misnamed(tool: string, member: string, name: string, announced: readonly string[]): HopwiseError {
  const near = nearest(name, announced);
  const instead =
    near === undefined
      ? `it has ${announced.map(plainName).join(", ") || "none"}`
      : `did you mean "${plainName(near)}"?`;
  const message = `the tool map's entry of "${tool}" names the argument "${name}" in ${member}, and the tool has no such argument (${instead}); where its own schema makes it out of others, argumentsSchema of the entry says so`;
  return new HopwiseError("attributes_invalid", message);
}

/** What a schema may say beside its properties: it then takes others, too, or says elsewhere which it takes. */
const OPEN = ["patternProperties", "anyOf", "oneOf", "allOf", "if", "$ref", "$dynamicRef"];

/** The arguments that a schema names, where it takes no others. */
function announcedBy(schema: InputSchema | undefined): JsonObject | undefined {
  const { additionalProperties = false } = schema ?? {};
  const isOpen = additionalProperties !== false || OPEN.some((word) => Object.hasOwn(schema ?? {}, word));
  return isOpen ? undefined : propertiesOf(schema);
}

/**
 * Whether a list says of a tool just what the MCP SDK's server lists where it cannot write the schema: one that is no object at its
 * top, such as a union, or an object with a transform. Of a tool without a schema it says the same.
 */
export function mayBeUnwritten(listed: InputSchema = {}): boolean {
  const properties = propertiesOf(listed);
  const isEmpty = properties !== undefined && Object.keys(properties).length === 0;
  return isEmpty && listed["type"] === "object" && Object.keys(listed).length === 2;
}

function propertiesOf(schema: InputSchema | undefined): JsonObject | undefined {
  const { properties } = schema ?? {};
  return isJsonObject(properties) ? properties : undefined;
}
