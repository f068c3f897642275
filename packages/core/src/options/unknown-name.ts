import type * as z from "zod/mini";
import { nearest } from "./nearest.ts";

/**
 * What to say of a name that is not an option.
 *
 * @param rows what the known names have: a name may be that of a member of one of these
 */
export function unknownName(
  name: string,
  known: readonly string[],
  otherNames: Readonly<Record<string, string>> = {},
  rows: Readonly<Record<string, z.ZodMiniType>> = {},
): string {
  const near = Object.hasOwn(otherNames, name) ? otherNames[name] : nearest(name, known);
  const group = near === undefined && known.find((own) => namesIn(rows[own]).includes(name));
  if (group) return `is not an option here; it is one of ${group}: { ${name}: … }`;
  return `is not an option; ${near === undefined ? `it knows ${known.join(", ")}` : `did you mean "${near}"?`}`;
}

/** The names of an object's members, whatever else its shape says of it. */
function namesIn(shape: z.core.$ZodType | undefined): readonly string[] {
  const def = (shape as z.core.$ZodTypes | undefined)?._zod.def;
  switch (def?.type) {
    case "optional":
      return namesIn(def.innerType);
    case "pipe":
      return [...namesIn(def.in), ...namesIn(def.out)];
    case "union":
      return def.options.flatMap(namesIn);
    case "object":
      return Object.keys(def.shape);
    default:
      return [];
  }
}
