import { HopwiseError } from "../errors.ts";
import { freezeJson, type JsonValue, PLAIN_JSON, pointerTo, stepsOf } from "../json/index.ts";
import { deepFrozen, hiddenInName, plainName } from "../lib/index.ts";
import { mustBe, wordsAt } from "../options/index.ts";
import type { Grant } from "./constraint.ts";
import { parseGrant } from "./parse.ts";
import { levelsOf, MOST_OF_GRANT } from "./reading.ts";

/**
 * On a grant that was read by the rules of grants. `{ pay: {} }` as a mere object is none: its author may not know that it
 * means any arguments. Shared by all copies of this package in a process; a spread does not copy it, since it cannot be
 * enumerated.
 */
const MARK = Symbol.for("dev.hopwise/grant");

const MOST_LEVELS = levelsOf(MOST_OF_GRANT.constraintDepth);
/** About as many as the longest token has that can be allowed. */
const MOST_CHARACTERS = 1_000_000;

/**
 * Reads a grant from JSON, such as one out of a file or a database: the form that grants have in tokens. There `{}` under
 * a tool means any arguments. Its bounds are the most that an issuer and a verifier can be set to: whoever signs or reads the grant
 * has limits of its own.
 *
 * @param json the parsed JSON
 * @throws {HopwiseError} `config_invalid` with the JSON pointer of the first mistake
 */
export function readGrant(json: unknown): Grant {
  const read = parseGrant(plainOf(json), MOST_OF_GRANT, "config_invalid");
  for (const tool of Object.keys(read)) checkName(tool);
  return makeGrant(read);
}

/** No enforcement point takes such a name, and whoever reads the grant takes it for another. */
function checkName(tool: string): void {
  const name = tool.slice(tool.lastIndexOf("#") + 1);
  const problem = name.includes("://") ? OF_A_RESOURCE : hiddenInName(name);
  if (problem === undefined) return;
  const message = `the grant names "${plainName(tool)}", which cannot be a tool's name: ${problem}`;
  throw new HopwiseError("config_invalid", message, { pointer: pointerTo("", tool) });
}

const OF_A_RESOURCE =
  'it is a URI; a resource is handed over by "mcp:resources/read": { uri: … }, with a constraint of its URI';

/** A copy without other references. A value that a token cannot say is here the author's mistake, not a caller's. */
function plainOf(tools: unknown): JsonValue {
  try {
    return freezeJson(tools, { maxDepth: MOST_LEVELS, maxSize: MOST_CHARACTERS });
  } catch (cause) {
    const pointer = cause instanceof HopwiseError ? cause.pointer : undefined;
    const came = wordsAt(tools, stepsOf(pointer ?? ""));
    throw new HopwiseError(
      "config_invalid",
      `the grant has something that a token cannot say at "${pointer ?? ""}"; give ${PLAIN_JSON}, of at most ${MOST_LEVELS} levels and ${MOST_CHARACTERS} characters in all; got ${came}`,
      { pointer, cause },
    );
  }
}

/** Marks and freezes a grant that was just read. */
export function makeGrant(read: Grant): Grant {
  Object.defineProperty(read, MARK, { value: true });
  return deepFrozen(read);
}

export const MADE = "a grant as grant({ … }), grantFor({ … }) or readGrant(json) gave it, uncopied";

/**
 * Lets only a grant in that was made: what a function says of a mere object, nobody may have meant.
 *
 * @throws {HopwiseError} `config_invalid`
 */
export function checkMade(called: string, name: string, given: unknown): void {
  if (!isMade(given)) mustBe(called, name, MADE, given);
}

/** Whether a value is a grant, and does not only look like one. */
export function isMade(value: unknown): value is Grant {
  try {
    return Object.hasOwn(value as object, MARK);
  } catch {
    // Nothing at all, or a proxy that fails when it is looked at.
    return false;
  }
}
