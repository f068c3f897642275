import { HopwiseError } from "../errors.ts";
import {
  type FreezeLimits,
  freezeJson,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  PLAIN_JSON,
  stepsOf,
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
    throw new HopwiseError("attributes_invalid", `what it gave is not plain JSON${at}; give ${PLAIN_JSON}`, { cause });
  }
  if (!isJsonObject(plain)) throw new HopwiseError("attributes_invalid", "what it gave is not an object");
  return plain;
}

function pointerOf(cause: unknown): string {
  return (cause instanceof HopwiseError && cause.pointer) || "";
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
        return { path: stepsOf(pointerOf(cause)) };
      }
      return Object.hasOwn(value as object, taken)
        ? { path: [taken], what: "left out, since Hopwise gives an attribute of this name" }
        : undefined;
    }),
  );
}
