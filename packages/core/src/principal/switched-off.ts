/** Members by which SCIM (RFC 7643, section 4.1.1, `active`) and tables say that somebody may act no more, and when they say so. */
const OFF: readonly (readonly [name: string, says: "no" | "yes"])[] = [
  ["active", "no"],
  ["isActive", "no"],
  ["is_active", "no"],
  ["enabled", "no"],
  ["disabled", "yes"],
  ["suspended", "yes"],
  ["blocked", "yes"],
  ["revoked", "yes"],
  ["deleted", "yes"],
  ["deletedAt", "yes"],
  ["deleted_at", "yes"],
];

export const OFF_NAMES: readonly string[] = OFF.map(([name]) => name);

/** How databases and forms write no, beside `undefined` and `null`, which are no word about it. */
const NO: ReadonlySet<unknown> = new Set([false, 0, 0n, "", "0", "false", "f", "no", "n", "off"]);

function isNo(value: unknown): boolean {
  // A bit of MySQL comes as its bytes.
  if (value instanceof Uint8Array) return value.every((byte) => byte === 0);
  return NO.has(typeof value === "string" ? value.trim().toLowerCase() : value);
}

/**
 * The words that say by which of its members a directory or registry has somebody no more. Nothing else is read of such a
 * member, but whoever wrote it meant that this one may not act.
 */
export function switchedOff(entry: object): string | undefined {
  for (const [name, says] of OFF) {
    if (!(name in entry)) continue;
    const value: unknown = Reflect.get(entry, name);
    if (value !== undefined && value !== null && isNo(value) === (says === "no")) {
      return `what it gave says so by ${name}; a member that means something else belongs into attributes`;
    }
  }
  return undefined;
}
