import { HopwiseError } from "../errors.ts";
import {
  type FreezeLimits,
  freezeJson,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  PLAIN_JSON,
  stepsOf,
  whyBeyond,
} from "../json/index.ts";
import { copied, type Shape, suchAt } from "../options/index.ts";

/** What the attributes of one principal or resource may be. */
export const ATTRIBUTE_LIMITS: FreezeLimits = { maxDepth: 16, maxSize: 256 * 1024 };

/**
 * Attributes as plain, frozen data.
 *
 * @throws {HopwiseError} `attributes_invalid`, which names the attribute that is wrong and never its value
 */
export function attributesFrom(value: unknown): JsonObject {
  let plain: JsonValue;
  try {
    plain = freezeJson(value, ATTRIBUTE_LIMITS);
  } catch (cause) {
    const at = pointerOf(cause) === "" ? "" : ` at "${pointerOf(cause)}"`;
    const beyond = whyBeyond(cause);
    const what = beyond === undefined ? `is not plain JSON${at}; give ${PLAIN_JSON}` : `${tooMuch(beyond)}${at}`;
    throw new HopwiseError("attributes_invalid", `what it gave ${what}`, { cause });
  }
  if (!isJsonObject(plain)) throw new HopwiseError("attributes_invalid", `what it gave is ${noObject(plain)}`);
  return plain;
}

/** The same, for what is kept: no later change reaches it. What is no plain JSON stays as it is, and is refused where it is used. */
export function attributesAsTheyAre(value: JsonObject): JsonObject {
  try {
    return attributesFrom(value);
  } catch {
    return value;
  }
}

/** Queries give a list of rows, also where there is one, or none. */
export function noObject(given: unknown): string {
  return Array.isArray(given) ? "a list, not an object: of the rows of a query, give the one" : "not an object";
}

function pointerOf(cause: unknown): string {
  return (cause instanceof HopwiseError && cause.pointer) || "";
}

/** Such a text is plain JSON: what is wrong with it is another matter. */
function tooMuch(beyond: string): string {
  return `is beyond what a question to the policies holds (${beyond})`;
}

/**
 * Attributes that are written down, as a row of options: what {@link attributesFrom} would refuse at each call is refused
 * where it stands.
 *
 * @param taken the name that no attribute may have, since Hopwise itself gives one of that name
 */
export function attributesShape(taken: string): Shape {
  const what = `attributes as plain JSON, such as { region: "EMEA" }: ${PLAIN_JSON}`;
  return copied(
    suchAt(what, (value) => {
      try {
        if (!isJsonObject(freezeJson(value, ATTRIBUTE_LIMITS))) return { path: [] };
      } catch (cause) {
        const [path, beyond] = [stepsOf(pointerOf(cause)), whyBeyond(cause)];
        return beyond === undefined ? { path } : { path, what: `left out, or cut: it ${tooMuch(beyond)}` };
      }
      return Object.hasOwn(value as object, taken)
        ? { path: [taken], what: "left out, since Hopwise gives an attribute of this name" }
        : undefined;
    }),
  );
}
