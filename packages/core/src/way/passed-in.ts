import type { Fulfilment } from "../decision/index.ts";
import { HopwiseError } from "../errors.ts";
import { freezeArguments } from "../json/index.ts";
import { defined, hiddenInName, plainName } from "../lib/index.ts";
import { checkNames, isObject, isPlainObject, mustBe, reading } from "../options/index.ts";
import type { ReadUri } from "../resource/index.ts";
import type { OutputSchema } from "../result/index.ts";
import type { Limits } from "../token/index.ts";
import type { Call, Listed, ParsedCall } from "./call.ts";

/*
 * What an enforcement point passes in at each request, checked by hand: by a schema it would cost more than what it is
 * asked for. Each member is read once, within a net: an object whose members fail is as wrong as one that has none.
 */

/** A call of a session's holder. */
export interface SessionCall extends ParsedCall, Pick<Call, "approval"> {
  readonly tool: string;
  /** As they were sent; as the tool's schema made them, where that alone is known. */
  readonly arguments?: unknown;
}

const CALL = "a call, such as { tool, arguments }";
const TOOL = "a tool's name, such as send_payment";

/** @throws {HopwiseError} `config_invalid` for what is no name, or looks like another one */
export function checkName(called: string, name: unknown): void {
  const given = typeof name === "string" ? name : mustBe(called, "name", TOOL, name);
  const problem = hiddenInName(given);
  if (problem === undefined) return;
  const message = `${called}: name must be ${TOOL}; "${plainName(given)}" is none: ${problem}`;
  throw new HopwiseError("config_invalid", message, { pointer: "/name" });
}

/** @throws {HopwiseError} `config_invalid` for what is no call */
export function sessionCall(called: string, call: unknown): SessionCall {
  const { tool, arguments: args, approval, ...read } = membersOf<SessionCall>(called, "call", CALL, call);
  if (typeof tool !== "string") return mustBe(called, ["call", "tool"], TOOL, tool);
  if (approval !== undefined && typeof approval !== "string") {
    mustBe(called, ["call", "approval"], "the id of a request for an approval", approval);
  }
  return { tool, arguments: args, approval, ...parsedFrom(called, read, SESSION_CALL) };
}

/** @throws {HopwiseError} `config_invalid` for what is no call that a schema parsed */
export function parsedCall(called: string, call: unknown = {}): ParsedCall {
  return parsedFrom(called, membersOf<ParsedCall>(called, "call", "{ parsed, fulfils }", call));
}

/** @param known every member that the caller may have typed, for the words on one that is none */
function parsedFrom(called: string, given: Partial<ParsedCall>, known: typeof PARSED = PARSED): ParsedCall {
  // A misspelt one would leave undecided what the caller goes on to run.
  const { parsed, readAs, inputSchema, ...more } = checkNames<Partial<ParsedCall>>(called, given, known);
  if (inputSchema !== undefined && !isObject(inputSchema)) {
    mustBe(called, ["call", "inputSchema"], "the JSON Schema of the arguments", inputSchema);
  }
  const uri = readAs === undefined ? undefined : readingOf(called, readAs);
  return defined<Whole<ParsedCall>>({ parsed, readAs: uri, inputSchema, ...fulfilment(called, more) });
}

const PARSED: { readonly [Name in keyof ParsedCall]-?: true } = {
  parsed: true,
  readAs: true,
  inputSchema: true,
  fulfils: true,
  filters: true,
  outputSchema: true,
};

const SESSION_CALL: { readonly [Name in keyof SessionCall]-?: true } = {
  tool: true,
  arguments: true,
  approval: true,
  ...PARSED,
};

/** All members, so that none which is added later is lost here. */
type Whole<T> = { readonly [Name in keyof T]-?: T[Name] | undefined };

const READING = "how the server reads the URI, { template, values, written? }";

function readingOf(called: string, readAs: ReadUri): ReadUri {
  return reading(called, "readAs", READING, readAs, ({ template, values, written }) => {
    const isWhole =
      typeof template === "string" && isObject(values) && ["string", "undefined"].includes(typeof written);
    if (!isWhole) return mustBe(called, "readAs", READING, readAs);
    return defined({ template, values: { ...values }, written });
  });
}

function fulfilment(called: string, { fulfils, filters, outputSchema }: Fulfilment): Whole<Fulfilment> {
  for (const [name, value] of Object.entries({ fulfils, filters })) {
    if (value !== undefined && typeof value !== "boolean") mustBe(called, ["call", name], "true or false", value);
  }
  if (!isOutputSchema(outputSchema)) {
    mustBe(called, ["call", "outputSchema"], "a JSON Schema, or null for one that could not be read", outputSchema);
  }
  return { fulfils: fulfils === true, filters: filters === true, outputSchema };
}

export function isOutputSchema(value: unknown): value is OutputSchema | undefined {
  return value === undefined || value === null || isObject(value);
}

const ITEMS = 'a list of what is listed, such as [{ tool: "send_payment" }]';
const ITEM = 'an item of a list, such as { tool: "send_payment" }';

/** @throws {HopwiseError} `config_invalid` for what is no list of items; `arguments_malformed` */
export function listedItems(called: string, items: unknown, limits: Limits): readonly Listed[] {
  return listOf(called, "items", ITEMS, items).map((item, i) => listedItem(called, item, i, limits));
}

/** What must be a list, each of its items read once. */
export function listOf(called: string, place: string, what: string, given: unknown): readonly unknown[] {
  try {
    if (Array.isArray(given)) return Array.from(given as readonly unknown[]);
  } catch {
    // Told as what it is: something that fails when it is read.
  }
  return mustBe(called, place, what, given);
}

function listedItem(called: string, item: unknown, i: number, limits: Limits): Listed {
  const at = ["items", i];
  const { tool, arguments: known, template, name, hidden } = membersOf<Listed>(called, at, ITEM, item);
  if (typeof tool !== "string") return mustBe(called, [...at, "tool"], TOOL, tool);
  for (const [member, text] of Object.entries({ template, name })) {
    if (text !== undefined && typeof text !== "string") mustBe(called, [...at, member], "a text", text);
  }
  if (hidden !== undefined && hidden !== "tool_unguarded" && hidden !== "tool_not_served") {
    mustBe(called, [...at, "hidden"], '"tool_unguarded" or "tool_not_served"', hidden);
  }
  const arguments_ = known === undefined ? undefined : freezeArguments(known, limits);
  const more: Whole<Omit<Listed, "tool">> = { arguments: arguments_, template, name, hidden };
  return { tool, ...defined(more) };
}

/** @throws {HopwiseError} `config_invalid` for a code that an enforcement point may not give, or no message */
export function refusalIn<Code extends string>(
  called: string,
  refusal: unknown,
  known: readonly Code[],
): { readonly code: Code; readonly message: string } {
  type Given = { readonly code: Code; readonly message: string };
  const { code, message } = membersOf<Given>(called, "refusal", "{ code, message }", refusal);
  if (code === undefined || !known.includes(code)) {
    return mustBe(called, ["refusal", "code"], `one of ${known.join(", ")}`, code);
  }
  if (typeof message !== "string") return mustBe(called, ["refusal", "message"], "words for operators", message);
  return { code, message };
}

/** The members of what must be a plain object, each read once. Which type they have, who takes them has to look at. */
function membersOf<T>(
  called: string,
  place: string | readonly (string | number)[],
  what: string,
  given: unknown,
): Partial<T> {
  try {
    if (isPlainObject(given)) return { ...given } as Partial<T>;
  } catch {
    // Told as what it is: something that fails when it is read.
  }
  return mustBe(called, place, what, given);
}
