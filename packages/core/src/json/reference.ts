import { stepsOf } from "./value.ts";

/**
 * Where the `$ref` of a JSON Schema leads within its own document: a `#`, and a JSON pointer (RFC 6901, section 6), which may
 * lead through lists. Undefined where it leads elsewhere, or nowhere.
 */
export function referredIn(document: unknown, reference: unknown): unknown {
  if (typeof reference !== "string" || !/^#(\/|$)/.test(reference)) return undefined;
  try {
    return stepsOf(decodeURIComponent(reference.slice(1))).reduce(stepInto, document);
  } catch {
    return undefined;
  }
}

function stepInto(place: unknown, step: string): unknown {
  return Array.isArray(place) && /^(?:0|[1-9]\d*)$/.test(step) ? place[Number(step)] : memberOf(place, step);
}

/** An own member, as a list of tools shows it; undefined where there is none, and of what is no object. */
export function memberOf(object: unknown, name: string): unknown {
  if (typeof object !== "object" || object === null || Array.isArray(object)) return undefined;
  return Object.hasOwn(object, name) ? (object as { readonly [name: string]: unknown })[name] : undefined;
}
