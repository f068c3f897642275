import type { JsonObject } from "../json/index.ts";
import { optionsOf } from "../options/index.ts";
import { DELEGATION, delegationSchema, principalSchema } from "../principal/index.ts";
import { ARGUMENTS, actionOf, type ToolEntry, type ToolMap } from "../resource/index.ts";
import { type AttributeSources, PLACES, type Source } from "../source/index.ts";
import { isListing } from "../token/index.ts";
import { type AuthorizerOptions, behavedTools, CONTEXT_ROWS, DEFAULT_DELEGATION } from "../way/index.ts";
import { type Inner, inside } from "./inside.ts";
import { listingSchema } from "./listing-schema.ts";

/** The options of an authorizer that {@link describeContext} reads. */
export type ContextOptions = Pick<
  AuthorizerOptions,
  "tools" | "users" | "agents" | "sources" | "delegation" | "auxData"
>;

/** One attribute that policies may rely on. */
export interface AttributeDescription {
  /** As a policy writes it: `R.attr.args.amount`. */
  readonly path: string;
  /** The type in JSON Schema's words; `any` where no schema describes it. */
  readonly type: string;
  /** Whether it is always there. */
  readonly required: boolean;
  /** Where it comes from: the caller, a source, Hopwise. */
  readonly from: string;
}

/** The attributes that policies get to see, and the schemas that enforce them. */
export interface ContextDescription {
  readonly user: readonly AttributeDescription[];
  readonly agent: readonly AttributeDescription[];
  readonly tools: {
    readonly [tool: string]: {
      readonly kind: string;
      readonly action: string;
      readonly attributes: readonly AttributeDescription[];
    };
  };
  /**
   * JSON Schemas by file name, for the folder `_schemas` of a Cerbos policy store. With `schema.enforcement: reject`
   * a request that does not fit is refused, so that no rule is skipped for want of an attribute.
   */
  readonly schemas: { readonly [file: string]: JsonObject };
}

const readContext = optionsOf<ContextOptions>("describeContext", CONTEXT_ROWS);

const DRAFT = "https://json-schema.org/draft/2020-12/schema";

/**
 * Lists the attributes that each tool's request carries, where scope, version and auxiliary data come from, and writes
 * the JSON Schemas that Cerbos enforces. It reads the `schema` of sources, `attributesSchema` and `argumentsSchema` (or `mapTool`); an attribute without a schema is `any`.
 *
 * @throws {HopwiseError} `config_invalid` for options that cannot be right; `context_unavailable` or `attributes_invalid` where a
 *   function of the tool map gives no action
 */
export function describeContext(options: ContextOptions): ContextDescription {
  const { tools: given, users, agents, sources, delegation = DEFAULT_DELEGATION, auxData } = readContext(options);
  const tools = behavedTools(given);
  const user = withSources(users.schema, sources?.user, users.name ?? "users");
  const agent = withSources(agentSchema(agents.schema), sources?.agent, agents.name ?? "agents");
  const delegated = delegationSchema(objectOf(user, "user of a delegation"));
  const ours: Part = { name: DELEGATION, schema: delegated, required: true, from: "Hopwise" };
  const calls = Object.entries(tools).filter(([tool]) => !isListing(tool));
  const described = calls.map(([tool, entry]) => {
    const attributes = [...partsOf(entry).flatMap((part) => listed("R.attr", part)), ...placesOf(entry)];
    return [tool, { kind: entry.kind, action: actionOf(entry, tool), attributes }] as const;
  });
  const principal = (parts: readonly Part[], from: string): readonly AttributeDescription[] => [
    ...[...parts, ours].flatMap((part) => listed("P.attr", part)),
    ...PLACES.map((name) => ({ path: `P.${name}`, type: "string", required: false, from })),
    ...(auxData === undefined ? [] : [AUX_DATA]),
  ];
  return {
    user: principal(user, users.name ?? "users"),
    agent: principal(agent, agents.name ?? "agents"),
    tools: Object.fromEntries(described),
    schemas: {
      ...resourceSchemas(tools),
      ...(delegation !== "grants-only" && { [`${delegation.kind}.json`]: EDGE }),
      "principal.json": principalSchema(ours.schema, objectOf(user, "user"), objectOf(agent, "agent")),
    },
  };
}

/** For each kind, what any question about it has of attributes: calls, and the lists that offer them. */
function resourceSchemas(tools: ToolMap): ContextDescription["schemas"] {
  const kinds = new Map<string, Map<string, JsonObject>>();
  for (const [tool, entry] of Object.entries(tools)) {
    const title = `tool ${tool}`;
    const called = isListing(tool) ? undefined : { title, ...objectOf(partsOf(entry), title) };
    const asked = [called, listingSchema(tool, entry)];
    const known = kinds.get(entry.kind) ?? new Map<string, JsonObject>();
    for (const schema of asked) if (schema !== undefined) known.set(JSON.stringify(schema), schema);
    if (known.size > 0) kinds.set(entry.kind, known);
  }
  const files = [...kinds].map(([kind, known]): [string, JsonObject] => {
    const schemas = [...known.values()];
    const [only] = schemas;
    return [
      `${kind}.json`,
      { $schema: DRAFT, ...(schemas.length === 1 ? only : { title: kind, type: "object", anyOf: schemas }) },
    ];
  });
  return Object.fromEntries(files);
}

/** The host adds it to the request about each hop. */
const AUX_DATA: AttributeDescription = {
  path: "request.auxData.jwt",
  type: "object",
  required: false,
  from: "the option auxData",
};

/** Where the policies for a tool are looked up: fixed, or told for each call. */
function placesOf(entry: ToolEntry): readonly AttributeDescription[] {
  return PLACES.flatMap((name) => {
    const own = entry[name];
    const isFixed = typeof own === "string";
    const from = isFixed ? "tool map" : "tool map, by the tool, the arguments and the tenant";
    return own === undefined ? [] : [{ path: `R.${name}`, type: "string", required: isFixed, from }];
  });
}

/** A member of an attribute map. */
interface Part extends Inner {
  readonly required: boolean;
  readonly from: string;
}

function partsOf(entry: ToolEntry): readonly Part[] {
  const args: Part = {
    name: entry.argumentsAs ?? ARGUMENTS,
    schema: without(entry.argumentsSchema ?? { type: "object" }, entry.hideFromPolicies ?? []),
    required: true,
    from: "the caller",
  };
  return [...membersOf(entry.attributesSchema, "tool map"), ...namedParts(entry.sources), args];
}

function namedParts<Key>(sources: AttributeSources<Key> | undefined): readonly Part[] {
  return Object.entries(sources ?? {}).map(([name, { schema, optional, name: from }]) => ({
    name,
    schema: schema ?? { type: "object" },
    required: optional !== true,
    from: from ?? name,
  }));
}

function withSources<Key>(
  own: Source<Key, unknown>["schema"],
  sources: AttributeSources<Key> | undefined,
  from: string,
): readonly Part[] {
  return [...membersOf(own, from), ...namedParts(sources)];
}

/** The members that an object's schema names. */
function membersOf(schema: JsonObject | undefined, from: string): readonly Part[] {
  const { properties = {}, required = [] } = (schema ?? {}) as ObjectSchema;
  return Object.entries(properties).map(([name, member]) => ({
    name,
    schema: member,
    memberOf: schema,
    required: required.includes(name),
    from,
  }));
}

/** An agent's schema, with the members that a registry may give beside the attributes. */
function agentSchema(schema: JsonObject | undefined): JsonObject {
  const { properties = {} } = (schema ?? {}) as ObjectSchema;
  return { ...schema, properties: { class: { type: "string" }, owner: { type: "string" }, ...properties } };
}

interface ObjectSchema {
  readonly properties?: { readonly [name: string]: JsonObject };
  readonly required?: readonly string[];
}

function objectOf(parts: readonly Part[], within: string): JsonObject {
  return {
    type: "object",
    required: parts.filter(({ required }) => required).map(({ name }) => name),
    properties: Object.fromEntries(parts.map((part) => [part.name, inside(part, within)])),
  };
}

function without(schema: JsonObject, hidden: readonly string[]): JsonObject {
  const { properties = {}, required = [] } = schema as ObjectSchema;
  if (hidden.length === 0) return schema;
  return {
    ...schema,
    properties: Object.fromEntries(Object.entries(properties).filter(([name]) => !hidden.includes(name))),
    required: required.filter((name) => !hidden.includes(name)),
  };
}

/** A member, and the members inside it, as policies write them. */
function listed(at: string, { name, schema, required, from }: Part): readonly AttributeDescription[] {
  const path = /^[A-Za-z_]\w*$/.test(name) ? `${at}.${name}` : `${at}[${JSON.stringify(name)}]`;
  const inner = membersOf(schema, from).map((member) => ({ ...member, required: required && member.required }));
  return [{ path, type: typeOf(schema), required, from }, ...inner.flatMap((member) => listed(path, member))];
}

function typeOf({ type, enum: values, const: value }: JsonObject): string {
  if (typeof type === "string") return type;
  if (Array.isArray(type)) return type.join(" or ");
  const [sample] = Array.isArray(values) ? values : [value];
  return sample === undefined ? "any" : typeof sample;
}

/** One hop handing authority to the next. */
const EDGE: JsonObject = {
  $schema: DRAFT,
  title: "one hop hands authority to the next",
  type: "object",
  required: ["to", "toKind", "depth", "expiresIn", "everyTool", "actions"],
  additionalProperties: false,
  properties: {
    to: { type: "string", minLength: 1 },
    toKind: { enum: ["user", "agent"] },
    depth: { type: "integer", minimum: 1 },
    expiresIn: { type: "integer", minimum: 0 },
    everyTool: { type: "boolean" },
    actions: { type: "array", items: { type: "string", minLength: 1 } },
  },
};
