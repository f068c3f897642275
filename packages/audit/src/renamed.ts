import { readdir } from "node:fs/promises";
import type { Broken, BrokenReason } from "./broken.ts";
import type { AuditFolders } from "./option-shapes.ts";
import { isSegment, writerOf } from "./segment.ts";

/** What the verifier says where a file of a stream is not there, or the last one. */
const LACKING: ReadonlySet<BrokenReason> = new Set(["deleted", "truncated", "rolled_back"]);

/**
 * Says where a missing file of a log may be. What rotates other logs (`logrotate`, a backup) puts something into its name, and packs
 * it: with its own name and bytes it verifies as before.
 */
export async function withRenamed(broken: Broken, folders: AuditFolders): Promise<Broken> {
  const { file, line, reason, message } = broken;
  if (!LACKING.has(reason) || line !== undefined) return broken;
  const names = (await Promise.all([folders].flat().map((folder) => readdir(folder)))).flat();
  const other = names.find((name) => writerOf(name) === writerOf(file) && !isSegment(name));
  if (other === undefined) return broken;
  const help = `"${other}" is there: where a program renamed it, such as logrotate, unpack it and give it its name again`;
  return { ...broken, message: `${message}; ${help}` };
}
