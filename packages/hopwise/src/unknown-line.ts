import type { UnknownName } from "@hopwise/audit";
import type { Typed } from "./command.ts";
import { oneLine } from "./terminal.ts";

/** A name that was typed, and that no record has. Quotes what was typed: it is no secret, and whoever reads this has just typed it. */
export function unknownLine({ name, nearest }: UnknownName, typed: Typed): string {
  const of = name === "user" ? ` of ${typed.value("issuer")}` : "";
  const others = nearest.map(({ user, ...other }) =>
    user === undefined ? Object.values(other).join() : `${user.id} of ${user.issuer}`,
  );
  const near = others.length === 0 ? "" : `; nearest: ${others.join(", ")}`;
  return oneLine(`no record names the ${name} ${typed.value(name)}${of}${near}`);
}
