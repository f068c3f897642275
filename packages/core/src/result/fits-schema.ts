import type { JsonObject } from "../json/index.ts";
import { isObject, reading } from "../options/index.ts";
import type { Obligations } from "./obligations.ts";
import { isIndexOrStar, mostAt, type Rule, rulesAt, rulesIn, takingOut } from "./rules.ts";
import {
  ANY_OTHER,
  elementOf,
  fewestIn,
  type Key,
  leavesOut,
  mayBeNull,
  mayLack,
  memberOf,
  mustDiffer,
  names,
  namesIn,
  type Place,
  rootPlace,
} from "./schema-place.ts";
import { unclearAt } from "./unclear.ts";

/** The JSON Schema that a tool announces of its results; null where it has one that could not be read. */
export type OutputSchema = JsonObject | null;

/** How a value that is taken out leaves its place. */
export type Leaving = "absent" | "null";

/** How a member may be taken out of an object; undefined where the schemas allow neither way. */
export function leavingOf(object: Place, key: Key): Leaving | undefined {
  if (mayLack(object, key)) return "absent";
  return mayBeNull(memberOf(object, key)) ? "null" : undefined;
}

/**
 * How much is looked at: some 10,000 places, or fewer under many rules. A star leads to members and to elements, so the places to which
 * a pointer leads are three times as many with each star, wherever a schema lets both be. And a pointer may be a stranger's: a
 * caller's argument may stand in one of a policy, and what policies do elsewhere a client is told by that server.
 */
const MOST_LOOKS = 2_000_000;
/** What a member costs, in looks at a rule. */
const MEMBER = 100;
/** As deep as a result may be: what is deeper is withheld in any case. */
const DEEPEST = 64;
const TOO_MANY = "the pointers lead to too many places, or too far in, to be judged beforehand";

/** How much may still be looked at. */
interface Looks {
  left: number;
}

/**
 * Why a result could, after it was changed as the policies oblige to, no longer be what the tool announces; undefined
 * where each possible result stays valid. It looks at all results that the schema allows, since none is there yet; and where there
 * are too many places to look at, that is why.
 *
 * @throws {HopwiseError} `config_invalid` for what are no obligations, or a schema that fails when it is read
 */
export function misfitOf(obligations: Pick<Obligations, "redact" | "limit">, schema: OutputSchema): string | undefined {
  const rules = rulesIn("misfitOf", obligations);
  if (rules.length === 0) return undefined;
  if (!isObject(schema)) return "it could not be read";
  const [root] = takingOut(rules, 0);
  if (root !== undefined) return "the whole result would be taken out";
  return reading("misfitOf", "schema", "a JSON Schema, or null", schema as JsonObject, (own) =>
    misfitAt(rootPlace(own), rules, 0, { left: MOST_LOOKS }),
  );
}

/** Where and how one of these rules, which all lead here, breaks what the schemas say. */
function misfitAt(place: Place, rules: readonly Rule[], depth: number, looks: Looks): string | undefined {
  const most = mostAt(rules, depth);
  const limited = `"${rules.find(({ steps }) => steps.length === depth)?.pointer}"`;
  if (most !== undefined && leavesOut(place, "array")) return `${limited} is no list`;
  const further = rules.filter(({ steps }) => steps.length > depth);
  const pointers = (): string => further.map(({ pointer }) => `"${pointer}"`).join(", ");
  if (further.length > 0 && names(place, "string")) return `${pointers()} leads into a text`;
  if (rules.length === 0 || (leavesOut(place, "object") && leavesOut(place, "array"))) return undefined;
  const unclear = unclearAt(place, rules, depth);
  if (unclear !== undefined) return `"${unclear}", at or above ${pointers() || limited}, cannot be judged beforehand`;
  const fewest = fewestIn(place);
  if (most !== undefined && fewest > most) return `${limited} must have at least ${fewest} elements`;
  if (further.length === 0) return undefined;
  if (mustDiffer(place)) return `the elements that are changed by ${pointers()} must differ`;
  return membersMisfit(place, further, depth, looks) ?? elementsMisfit(place, further, depth, looks);
}

function membersMisfit(place: Place, rules: readonly Rule[], depth: number, looks: Looks): string | undefined {
  const keys = new Set<Key>([...namesIn(place), ...rules.map(({ steps }) => steps[depth] as string), ANY_OTHER]);
  looks.left -= keys.size * (rules.length + MEMBER);
  if (looks.left < 0 || depth > DEEPEST) return TOO_MANY;
  for (const key of keys) {
    const leading = rulesAt(rules, depth, key === ANY_OTHER ? "*" : key);
    const [out] = takingOut(leading, depth + 1);
    if (out !== undefined && leavingOf(place, key) === undefined) return `"${out.pointer}" must be there, and not null`;
    const misfit = out === undefined ? misfitAt(memberOf(place, key), leading, depth + 1, looks) : undefined;
    if (misfit !== undefined) return misfit;
  }
  return undefined;
}

function elementsMisfit(place: Place, rules: readonly Rule[], depth: number, looks: Looks): string | undefined {
  if (leavesOut(place, "array")) return undefined;
  const leading = rules.filter(({ steps }) => isIndexOrStar(steps[depth] as string));
  const out = takingOut(leading, depth + 1);
  const [first] = out;
  // An element cannot leave: those behind it would take its place.
  if (first !== undefined && !mayBeNull(elementOf(place)))
    return `"${first.pointer}" is an element that must not be null`;
  const onward = leading.filter((rule) => !out.includes(rule));
  return misfitAt(elementOf(place), onward, depth + 1, looks);
}
