import { isRandomId } from "../../crypto/index.ts";
import { HopwiseError } from "../../errors.ts";
import { MADE_UNREADABLE } from "../../grant/index.ts";
import { freezeArguments, type JsonObject } from "../../json/index.ts";
import { hiddenInName } from "../../lib/index.ts";
import { mayBeUnwritten, refuseLongUri, refuseMisnamed, type ToolEntry, toolEntry } from "../../resource/index.ts";
import { isListing, type Limits } from "../../token/index.ts";
import type { IncomingCall, IncomingCaller, ParsedCall } from "../call.ts";
import type { EnforcementPoint } from "../options.ts";

/**
 * The arguments as they came, as plain, frozen data. Where a session has them only as the tool's schema made them, the tool
 * map's projection speaks for values that JSON cannot say. A list has no arguments. A name that looks like another one names
 * no tool: whoever reads the record would take the one for the other. An approval is named by the id of a
 * request: what can be none is a mistake, which would otherwise ask people once more at each call.
 *
 * @throws {HopwiseError} `arguments_malformed`
 */
export function receivedArguments(
  { tool, arguments: args, caller, read, refused, approval }: IncomingCall,
  { tools, limits }: EnforcementPoint,
): JsonObject {
  const hidden = hiddenInName(tool);
  if (hidden !== undefined) throw new HopwiseError("arguments_malformed", `the name of the tool is none: ${hidden}`);
  if (approval !== undefined && !isRandomId(approval)) {
    throw new HopwiseError("arguments_malformed", "the approval that the call names is not the id of a request");
  }
  if (isListing(tool)) return NONE;
  if (refused) return asFarAsPlain(args, limits);
  const isParsed = caller.via === "session" && read === undefined;
  const received = plainArguments(isParsed ? toolEntry(tools, tool) : undefined, args, limits);
  const long = refuseLongUri(tool, received);
  if (long !== undefined) throw long;
  return received;
}

/**
 * What a tool's schema made of the arguments: where that is no plain data, its author has to say what to check.
 *
 * @returns undefined where only what was sent is known
 * @throws {HopwiseError} `arguments_malformed`; `attributes_invalid` where the tool map names an argument that the tool does not have
 */
export function parsedArguments(
  { tool, received }: { readonly tool: string; readonly received: JsonObject },
  entry: ToolEntry,
  { parsed, inputSchema }: ParsedCall,
  { limits, tools }: EnforcementPoint,
): JsonObject | undefined {
  const plain = parsed === undefined ? undefined : plainParsed(tool, entry, parsed, limits);
  // What was sent is the caller's word; what the schema or the tool map's projection made of it is the author's.
  const isMade = (name: string): boolean => entry.projection !== undefined || !Object.hasOwn(received, name);
  // A schema made these, so the tool has one, and the list does not show it.
  const announced = plain !== undefined && mayBeUnwritten(inputSchema) ? undefined : inputSchema;
  const misnamed = refuseMisnamed(tools, tool, announced, Object.keys(plain ?? received).filter(isMade));
  if (misnamed !== undefined) throw misnamed;
  return plain;
}

function plainParsed(tool: string, entry: ToolEntry, parsed: unknown, limits: Limits): JsonObject {
  // Which resource it is was told by what was sent.
  if (tool.startsWith("mcp:"))
    throw new HopwiseError("arguments_malformed", "no tool's schema reads what is no tool's");
  if (entry.projection !== undefined) return plainArguments(entry, parsed, limits);
  return ofTool(() => freezeArguments(parsed, limits), "; the tool map's entry can name a projection");
}

/** Reads what the tool itself made of the arguments: whoever sent them can send no others that help. */
function ofTool(read: () => JsonObject, remedy = ""): JsonObject {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof HopwiseError) || cause.rule !== undefined) throw cause;
    const { code, message, pointer } = cause;
    throw new HopwiseError(code, `${message}${remedy}`, { pointer, rule: MADE_UNREADABLE, cause });
  }
}

/** Whether an enforcement point tells anything of a tool's own schema: what it made, or what it announces. */
export function isRead({ parsed, inputSchema }: ParsedCall): boolean {
  return parsed !== undefined || inputSchema !== undefined;
}

/** Whether what is decided on is the tool map's projection, and the tool runs with the value that it was made from. */
export function areProjected(
  { projection }: ToolEntry,
  parsed: JsonObject | undefined,
  { via }: IncomingCaller,
): boolean {
  return projection !== undefined && (parsed !== undefined || via === "session");
}

const NONE: JsonObject = Object.freeze({});

/** Nothing runs with these: the record has their hash where they have one. */
function asFarAsPlain(args: unknown, limits: Limits): JsonObject {
  try {
    return plainArguments(undefined, args, limits);
  } catch {
    return NONE;
  }
}

function plainArguments(entry: ToolEntry | undefined, value: unknown, limits: Limits): JsonObject {
  if (entry?.projection === undefined) return freezeArguments(value, limits);
  return ofTool(() => {
    const made = projected(entry, value);
    // The tool runs with what came, whatever its projection forgets to return. Of a call in a session that has no arguments there is none.
    if (isThere(made) || !isThere(value)) return freezeArguments(made, limits);
    const message = "the tool map's projection gave nothing; have it return the arguments as plain data";
    throw new HopwiseError("arguments_malformed", message, { pointer: "" });
  });
}

function isThere(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function projected({ projection }: ToolEntry, value: unknown): unknown {
  try {
    return projection?.(value as never);
  } catch (cause) {
    const message = "the tool map's projection of the arguments failed";
    throw new HopwiseError("arguments_malformed", message, { rule: MADE_UNREADABLE, cause });
  }
}
