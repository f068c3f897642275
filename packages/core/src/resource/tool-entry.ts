import type { JsonObject } from "../json/index.ts";
import type { Awaitable } from "../lib/index.ts";
import {
  atOnce,
  either,
  func,
  jsonObject,
  list,
  mapOf,
  maybe,
  members,
  named,
  type Rows,
  type Shape,
} from "../options/index.ts";
import { type AttributeSources, attributeSource, type PolicyPlace, placeText } from "../source/index.ts";
import { FILTER, type FilterRule } from "./filter-rule.ts";

/**
 * The question to a loader of attributes. It never names the caller: a longer chain could otherwise see another
 * resource.
 */
export interface ResourceQuery {
  readonly tool: string;
  /** As parsed, deeply frozen. */
  readonly arguments: JsonObject;
  /** The owner of the data: the issuer of the user at the origin, which is the same for every hop. */
  readonly tenant: string;
}

/** The question to policies about an item of a list. */
export interface ListedAs {
  readonly action: string;
  /** Default: the value of the argument that has the id, where it is known beforehand, else `*`. */
  readonly id?: string;
  readonly attributes?: JsonObject;
}

/** How a call of one tool becomes a Cerbos resource and an action. */
export interface ToolEntry {
  /** Cerbos resource kind, such as `payment`. */
  readonly kind: string;
  /** Cerbos action, such as `send`; a function of the tool's name for an entry that stands for several. */
  readonly action: string | ((tool: string) => string);
  /** The resource's id: the name of the argument that has it, or a function. Default: the tool's name, or the URI. */
  readonly id?: string | ((args: JsonObject, tool: string) => string);
  /**
   * Attributes of the resource from a trusted source, which policies see as members of `attr`. Undefined or null where
   * there is no such resource (`resource_unknown`): to its caller, that looks like one that the policies deny. Throw where
   * it cannot be told.
   */
  readonly attributes?: (args: JsonObject, query: ResourceQuery) => Awaitable<JsonObject | null | undefined>;
  /** Further sources, each under its own name in `attr`. See `resourceAttributesFrom`. */
  readonly sources?: AttributeSources<ResourceQuery>;
  /** The attribute that holds the arguments. Default `args`. */
  readonly argumentsAs?: string;
  /**
   * Arguments that policies do not need and that must not be in Cerbos' decision log: left out of what policies see.
   * Grants are checked on them all the same.
   */
  readonly hideFromPolicies?: readonly string[];
  /** Arguments that the audit record keeps. By default it keeps only the hash of all arguments. */
  readonly keepInRecord?: readonly string[];
  /**
   * Attributes of the resource that are shown to who approves a call, and must still be the same when it is made. Default: all.
   * Name them where some change without meaning anything, or are not for an approver's eyes.
   */
  readonly showToApprovers?: readonly string[];
  /**
   * The Cerbos action that stands for being shown in a list, such as `list` or `list:send_payment`. Cerbos is asked
   * about it without arguments and attributes, so a resource schema of your own must exempt it (`ignoreWhen`); one that
   * `describeContext` wrote lets it pass. Without it, a plan of `action` decides what is shown; docs/lists.md says which
   * to choose. Give a function of the tool's name where the policies need an id or attributes, too.
   */
  readonly list?: string | ((tool: string) => ListedAs);
  /**
   * Cerbos scope of the resource policy, such as `acme`; a function where it depends on the call, above all on the tenant.
   * Undefined means the policy without a scope. In a list, a function gets those arguments that are known beforehand.
   * Scope and version stand in the record.
   */
  readonly scope?: string | ((query: ResourceQuery) => Awaitable<string | undefined>);
  /** Cerbos version of the resource policy, or a function like that of `scope`. */
  readonly policyVersion?: string | ((query: ResourceQuery) => Awaitable<string | undefined>);
  /**
   * For a tool whose schema gives values that JSON cannot say (dates, URLs, maps): makes the plain data to check and
   * hash in their place. Keep the arguments' names: grants are checked on this data, too. Without a projection, such a
   * call is refused, and so is one for which it gives nothing.
   */
  readonly projection?: (parsed: never) => unknown;
  /**
   * Arguments that the tool's own schema adds although nobody sent them: made of others that were sent, or a default that its
   * input schema does not announce. Where no grant names one, the tool's author answers for it.
   */
  readonly adds?: readonly string[];
  /**
   * The tool gives rows of this kind: its calls are decided by which rows every hop may see, and the rows that it reads are
   * checked one by one. See docs/data.md. The rows bring the attributes, so the entry has neither `id` nor loaders.
   */
  readonly filter?: FilterRule;
  /**
   * JSON Schemas of the arguments, and of the attributes that `attributes` gives; for `describeContext`. Names of arguments in
   * this entry may be of the first one, too: those that the tool's own schema makes.
   */
  readonly argumentsSchema?: JsonObject;
  readonly attributesSchema?: JsonObject;
}

/**
 * Every tool that policies can be asked about, by its own name. One map serves every adapter, so that the same policies
 * govern a tool from wherever it is called. `"*"` stands for all tools that are not named.
 *
 * A name with `://` in it is a template of URIs, such as `shop://orders/{id}`: its entry says what a resource of MCP is,
 * by the values that the URI has for the names, which are the arguments that policies see. Where there is one, there must
 * be one for each resource: a URI that no template stands for, or more than one, is refused with `tool_unmapped`.
 */
export interface ToolMap {
  readonly [tool: string]: ToolEntry;
}

const NAMES = list(named("an argument's name"), "a list of arguments' names");
const SCHEMA = jsonObject('a JSON Schema, such as { type: "object" }');

/** A further source of attributes. */
const SOURCE = attributeSource("resourceAttributesFrom({ … })");

/** A scope or version of Cerbos, or a function that tells it for each call. */
function placeOrFunction(name: keyof PolicyPlace): Shape {
  return maybe(
    either(
      `a ${name} of Cerbos, such as ${name === "scope" ? "acme.emea" : "v2"}, or a function that gives it`,
      placeText(name),
      func(`a function that gives the ${name}`),
    ),
  );
}

const ENTRY: Rows<ToolEntry> = {
  kind: named("a Cerbos resource kind, such as payment"),
  action: either(
    "a Cerbos action, such as send, or a function of the tool's name that gives it",
    named("a Cerbos action, such as send"),
    atOnce("a function of the tool's name that gives the action"),
  ),
  id: maybe(
    either(
      "the name of the argument that has the id, or a function that gives it",
      named("an argument's name"),
      atOnce("a function that gives the id"),
    ),
  ),
  attributes: maybe(func("a function that gives attributes")),
  sources: maybe(mapOf(SOURCE, "sources by name")),
  argumentsAs: maybe(named("an attribute's name, such as args")),
  hideFromPolicies: maybe(NAMES),
  keepInRecord: maybe(NAMES),
  showToApprovers: maybe(list(named("an attribute's name"), "a list of attributes' names")),
  list: maybe(
    either(
      "a Cerbos action, such as list, or a function of the tool's name",
      named("a Cerbos action, such as list"),
      atOnce("a function of the tool's name that gives { action }"),
    ),
  ),
  scope: placeOrFunction("scope"),
  policyVersion: placeOrFunction("policyVersion"),
  projection: maybe(atOnce("a function that gives plain data")),
  adds: maybe(NAMES),
  filter: maybe(FILTER),
  argumentsSchema: maybe(SCHEMA),
  attributesSchema: maybe(SCHEMA),
};

export const TOOL_MAP: Shape = mapOf(
  members(ENTRY, 'an entry, such as { kind: "payment", action: "send" }', { resource: "kind" }),
  "entries by tool, such as { send_payment: { kind, action } }",
);
