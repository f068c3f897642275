import { isPlainObject } from "./plain-object.ts";
import { copied, type Shape, such, suchAt, type Wrong } from "./shapes.ts";

/** A JSON object, such as a JSON Schema: what JSON cannot say is refused at its place, however deep. */
export function jsonObject(what: string): Shape {
  return copied(suchAt(what, (value) => wrongIn(value, []), such(what, isPlainObject)));
}

const JSON_VALUE = "what JSON can say";

/** @param above the objects that it stands in: one within itself has no end */
function wrongIn(value: unknown, above: readonly unknown[]): Wrong | undefined {
  const wrong: Wrong = { path: [], what: JSON_VALUE };
  if (["string", "boolean", "undefined"].includes(typeof value) || value === null) return undefined;
  if (typeof value === "number") return Number.isFinite(value) ? undefined : wrong;
  try {
    if (above.includes(value) || !(Array.isArray(value) || isPlainObject(value))) return wrong;
    for (const [name, member] of Object.entries(value)) {
      const within = wrongIn(member, [...above, value]);
      const step = Array.isArray(value) ? Number(name) : name;
      if (within !== undefined) return { ...within, path: [step, ...within.path] };
    }
    return undefined;
  } catch {
    return wrong;
  }
}
