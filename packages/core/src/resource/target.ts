import { HopwiseError } from "../errors.ts";
import { type JsonObject, pointerTo } from "../json/index.ts";
import { reading } from "../options/index.ts";
import { isNormalUri } from "./normal-uri.ts";
import type { ToolEntry, ToolMap } from "./tool-entry.ts";
import { PROMPTS, RESOURCES, toolEntry, uriTemplatesOf } from "./tool-map.ts";
import type { MatchedUri, ReadUri, UriTemplate } from "./uri-template.ts";

/** What a call acts on, as the tool map says. */
export interface Target {
  readonly entry: ToolEntry;
  /** What the tool map calls the entry, for messages: the tool, or the template of a URI. */
  readonly named: string;
  /** The arguments that its policies see: those of the call, or the values of its URI. */
  readonly arguments: JsonObject;
  /** Where the map goes by URIs: the one template that stands for this one. */
  readonly uri?: MatchedUri;
  /** The resource's id, where its entry leaves it to the URI. */
  readonly id?: string;
}

/**
 * Finds the entry of a call. Of a resource of MCP it goes by the URI, where the map has templates of URIs.
 *
 * @param readAs how the server will read the URI, where that is known: policies must see what its handler gets
 * @returns the refusal, `tool_unmapped`, where no entry can be told; `arguments_malformed` for a resource
 *   without a URI, or a prompt without a name
 */
export function targetOf(tools: ToolMap, tool: string, args: JsonObject, readAs?: ReadUri): Target | HopwiseError {
  return withoutName(tool, args) ?? targetIn(tools, tool, args, readAs);
}

/** What MCP names by an argument of its own, whatever the entry's id is made of. */
const NAMED_BY: { readonly [operation: string]: string } = { [RESOURCES]: "uri", [PROMPTS]: "name" };

/** A resource without a URI, or a prompt without a name, is a request at fault: no policy is asked about nothing. */
function withoutName(tool: string, args: JsonObject): HopwiseError | undefined {
  const name = Object.hasOwn(NAMED_BY, tool) ? NAMED_BY[tool] : undefined;
  if (name === undefined) return undefined;
  const value = Object.hasOwn(args, name) ? args[name] : undefined;
  if (typeof value === "string" && value !== "") return undefined;
  const problem = `the argument "${name}" of ${tool} must be a text that is not empty`;
  return new HopwiseError("arguments_malformed", problem, { pointer: pointerTo("", name) });
}

function targetIn(tools: ToolMap, tool: string, args: JsonObject, readAs?: ReadUri): Target | HopwiseError {
  const templates = tool === RESOURCES ? uriTemplatesOf(tools) : [];
  if (templates.length > 0) return resourceTarget(tools, templates, args, readAs);
  const entry = toolEntry(tools, tool);
  const hasAnother = readAs === undefined ? undefined : refuseOtherSpelling(args, readAs);
  if (hasAnother !== undefined) return hasAnother;
  if (entry !== undefined) return { entry, named: tool, arguments: args };
  return new HopwiseError("tool_unmapped", `the tool map has no entry for "${tool}", so no policy can be asked`, {
    hop: 0,
  });
}

/**
 * Where the policies judge a URI as a text, and the handler gets values that its server reads out of it, other texts may give it
 * the same values: of these only one is let through, so that who is denied one text does not get its resource by another.
 */
function refuseOtherSpelling({ uri }: JsonObject, { template, written }: ReadUri): HopwiseError | undefined {
  if (typeof uri !== "string" || (isNormalUri(uri) && (written ?? uri) === uri)) return undefined;
  const problem = `the policies would judge this resource by its text, and its handler would get it by "${template}", which reads the same values out of another text; the one that is let through is written as a URL parser and RFC 6570 write it: a value in {name} without a "/", "@" or ":" that is not percent-encoded`;
  return new HopwiseError("tool_unmapped", problem, { hop: 0 });
}

/**
 * The same for an item of a list, of which less may be known; undefined where no entry can be told.
 *
 * @param template of a resource template, which stands for all its URIs
 */
export function findTarget(
  tools: ToolMap,
  tool: string,
  known: JsonObject,
  template: string | undefined,
): Target | undefined {
  if (tool === RESOURCES && template !== undefined && uriTemplatesOf(tools).length > 0) {
    const entry = Object.hasOwn(tools, template) ? tools[template] : undefined;
    return entry && { entry, named: template, arguments: {} };
  }
  const target = targetIn(tools, tool, known);
  return target instanceof HopwiseError ? undefined : target;
}

function resourceTarget(
  tools: ToolMap,
  templates: readonly UriTemplate[],
  args: JsonObject,
  readAs: MatchedUri | undefined,
): Target | HopwiseError {
  // An item of a list may have none; a call without one was refused before.
  const uri = typeof args["uri"] === "string" ? args["uri"] : "";
  const matches = templates.flatMap((read) => read(uri) ?? []);
  const [match, other] = matches;
  if (match === undefined || other !== undefined) {
    const found = match === undefined ? "none" : matches.map(({ template }) => `"${template}"`).join(" and ");
    const rule = "exactly one template of URIs of the tool map must stand for a resource";
    return new HopwiseError("tool_unmapped", `${rule}, and for this one does ${found}`, { hop: 0 });
  }
  if (readAs !== undefined && !isSameReading(match, readAs)) {
    const problem = `the policies would see this resource by "${match.template}", and its handler would get it by "${readAs.template}", or with other values; let the first template of the server that fits be the one that the tool map names`;
    return new HopwiseError("tool_unmapped", problem, { hop: 0 });
  }
  const entry = tools[match.template] as ToolEntry;
  const found = { named: match.template, arguments: match.values, uri: match };
  return entry.id === undefined ? { ...found, entry: { ...entry, id: () => uri }, id: uri } : { ...found, entry };
}

/**
 * Whether two read the same out of a URI: the same values, by the same template.
 *
 * @throws {HopwiseError} `config_invalid` for what is no reading
 */
export function isSameReading(one: MatchedUri, other: { readonly template: string; readonly values: object }): boolean {
  const [own, its] = [read("one", one), read("other", other)];
  return (
    own.template === its.template &&
    own.values.size === its.values.size &&
    [...own.values].every(([name, value]) => its.values.get(name) === value)
  );
}

interface Reading {
  readonly template: string;
  readonly values: ReadonlyMap<string, unknown>;
}

function read(name: string, given: { readonly template: string; readonly values: object }): Reading {
  return reading("isSameReading", name, "a reading of a URI, { template, values }", given, ({ template, values }) => ({
    template,
    values: new Map(Object.entries(values)),
  }));
}
