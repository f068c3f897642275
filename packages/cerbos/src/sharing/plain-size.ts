/**
 * The most bytes that a value can take in a message of Cerbos; `NaN` for what is no plain JSON, or too deep. Such a value
 * is not written down as it stands (`undefined` and `10n` stop the whole message, `NaN` fails it on 0.51), and two of
 * them could look alike as JSON.
 */
export function plainSize(value: unknown, depth = 0): number {
  switch (typeof value) {
    case "string":
      return stringSize(value);
    case "boolean":
      return SCALAR;
    case "number":
      return Number.isFinite(value) && !Object.is(value, -0) ? SCALAR : Number.NaN;
    case "object":
      break;
    default:
      return Number.NaN;
  }
  if (value === null) return SCALAR;
  if (depth === MOST_DEPTH || !isPlain(value)) return Number.NaN;
  let size = SCALAR;
  if (Array.isArray(value)) {
    // By index: a place that is missing is `undefined`.
    for (let i = 0; i < value.length; i++) size += plainSize(value[i], depth + 1);
  } else {
    for (const name of Object.keys(value)) {
      size += stringSize(name) + plainSize((value as { readonly [name: string]: unknown })[name], depth + 1);
    }
  }
  return size;
}

/** The same for an object that Cerbos' client reads member by member, and takes what is `undefined` for what is missing. */
export function membersSize(object: object): number {
  if (!isPlain(object) || Array.isArray(object)) return Number.NaN;
  let size = SCALAR;
  for (const [name, value] of Object.entries(object)) {
    if (value !== undefined) size += stringSize(name) + plainSize(value);
  }
  return size;
}

/** A number takes 11 bytes, with the headers of each. */
const SCALAR = 16;
/** Cerbos takes about a hundred levels of its own messages, of which each level of JSON is several. */
const MOST_DEPTH = 20;

/** A unit of a string is at most three bytes in UTF-8. */
function stringSize(text: string): number {
  return text.length * 3 + SCALAR;
}

/** Of no class, and nothing that JSON would write otherwise than member by member. */
function isPlain(value: object): boolean {
  if (typeof (value as { readonly toJSON?: unknown }).toJSON === "function") return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return Array.isArray(value) ? prototype === Array.prototype : prototype === null || prototype === Object.prototype;
}
