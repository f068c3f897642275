import { nearest } from "@hopwise/core/options";
import { type AttributePath, at, type PlacedExpression, placeOf } from "../policies/index.ts";
import { NOT_EVALUATED, type PolicyWarning } from "./policy-warning.ts";

/**
 * Expressions that read a member which `P.attr.delegation`, or the resource of a handing over, does not have. Both are written
 * by Hopwise alone, and whole, so that a name which is not there is a slip; and one that no run of the policies' own tests
 * finds, since their principals are written by whoever wrote the slip.
 *
 * @param kind that of the handing over; undefined where policies are not asked about it
 */
export function unknownMembers(
  expressions: readonly PlacedExpression[],
  kind: string | undefined,
): readonly PolicyWarning[] {
  return expressions.flatMap((placed) => {
    const { document, reading } = placed;
    const isHandingOver = kind !== undefined && at(at(document.content, "resourcePolicy"), "resource") === kind;
    const { attributes, guarded } = reading;
    const read = [...attributes, ...guarded].filter(({ of, path }) =>
      of === "principal" ? path[0] === "delegation" : isHandingOver,
    );
    const unknown = new Set(read.flatMap((it) => unknownIn(it) ?? []));
    return [...unknown].map((attribute) => ({
      code: "member_unknown",
      ...placeOf(placed),
      attribute,
      message: `the expression reads ${attribute}, which Hopwise never writes: ${NOT_EVALUATED}; ${insteadOf(attribute)}`,
    }));
  });
}

/**
 * What stands under each name: `open` is what may have members of any name, such as the attributes of a user, or a list, of
 * which `"a" in R.attr.actions` looks like one.
 */
type Written = ReadonlyMap<string, "open" | "closed">;

const ofHop = (path: string): readonly string[] => [path, `${path}.id`, `${path}.kind`];

/** What Hopwise writes. The core describes the same (`describeContext`), and a test holds the two against each other. */
export const WRITTEN_OF_HOP: Written = new Map([
  ...["P.attr.delegation", "P.attr.delegation.kind", "P.attr.delegation.depth"].map(closed),
  ...["P.attr.delegation.user", "P.attr.delegation.user.id", "P.attr.delegation.user.issuer"].map(closed),
  ...["P.attr.delegation.user.roles", "P.attr.delegation.user.attr"].map(open),
  ...ofHop("P.attr.delegation.delegator").map(closed),
  open("P.attr.delegation.chain"),
]);
export const WRITTEN_OF_HANDING_OVER: Written = new Map([
  ...["to", "toKind", "depth", "expiresIn", "everyTool"].map((name) => closed(`R.attr.${name}`)),
  open("R.attr.actions"),
]);
/** Of those, what is true or false. */
export const WRITTEN_AS_BOOLEAN: ReadonlySet<string> = new Set(["R.attr.everyTool"]);
const WRITTEN: Written = new Map([...WRITTEN_OF_HOP, ...WRITTEN_OF_HANDING_OVER]);

function closed(path: string): readonly [string, "closed"] {
  return [path, "closed"];
}

function open(path: string): readonly [string, "open"] {
  return [path, "open"];
}

/** The first step that is not there; undefined where all are. */
function unknownIn({ of, path }: AttributePath): string | undefined {
  let name = of === "principal" ? "P.attr" : "R.attr";
  for (const step of path) {
    name = `${name}.${step}`;
    const stands = WRITTEN.get(name);
    if (stands === undefined) return name;
    if (stands === "open") return undefined;
  }
  return undefined;
}

function insteadOf(attribute: string): string {
  const holder = attribute.slice(0, attribute.lastIndexOf("."));
  const names = [...WRITTEN.keys()]
    .filter((path) => path.startsWith(`${holder}.`))
    .map((path) => path.slice(holder.length + 1))
    .filter((name) => !name.includes("."));
  const near = nearest(attribute.slice(holder.length + 1), names);
  if (near !== undefined) return `did you mean ${holder}.${near}?`;
  return names.length === 0 ? `${holder} has no members` : `${holder} has ${names.join(", ")}`;
}
