import { type AuditFilter, type UnknownName, unknownNames } from "@hopwise/audit";
import type { Typed } from "./command.ts";
import { oneLine, type Terminal } from "./terminal.ts";

/** Says which of the names that were typed no record has. @returns whether there is one */
export async function tellUnknown(
  folders: readonly string[],
  filter: AuditFilter,
  typed: Typed,
  terminal: Terminal,
): Promise<boolean> {
  const unknown = await unknownNames(folders, filter);
  for (const name of unknown) terminal.err(unknownLine(name, typed));
  return unknown.length > 0;
}

/** Quotes what was typed: it is no secret, and whoever reads this has just typed it. */
function unknownLine({ name, nearest }: UnknownName, typed: Typed): string {
  const of = name === "user" ? ` of ${typed.value("issuer")}` : "";
  const others = nearest.map(({ user, ...other }) =>
    user === undefined ? Object.values(other).join() : `${user.id} of ${user.issuer}`,
  );
  const near = others.length === 0 ? "" : `; nearest: ${others.join(", ")}`;
  return oneLine(`no record names the ${name} ${typed.value(name)}${of}${near}`);
}
