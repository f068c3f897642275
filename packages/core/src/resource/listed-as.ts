import type { ListedAs, ToolEntry } from "./tool-entry.ts";

/** What policies are asked about an item of a list; undefined for one that is planned. */
export function listedAs({ list }: Pick<ToolEntry, "list">, tool: string): ListedAs | undefined {
  return typeof list === "string" ? { action: list } : list?.(tool);
}
