import { resolve } from "node:path";
import { type Lineage, lineage, printRecord, readAuditLog } from "@hopwise/audit";
import type { Typed } from "./command.ts";
import { oneLine, type Terminal } from "./terminal.ts";
import { wrong } from "./wrong.ts";

/** What the help of a command says that reads the logs of several instances. */
export const FOLDERS_HELP: string =
  "Of several instances give all their folders: they are read as one log, and each line says which folder it is of.";

/** The folders of audit logs that were typed, and how an answer says of which of them something is. */
export interface TypedFolders {
  readonly folders: readonly string[];
  /** As it was typed, and only where there are several. */
  nameOf(folder: string | undefined): string | undefined;
}

/** @throws {HopwiseError} `config_invalid` for one that was typed twice: each of its records would count twice */
export function foldersIn(typed: readonly string[], { folder }: Pick<Terminal, "folder">): TypedFolders {
  const folders = typed.map((name) => resolve(folder, name));
  if (new Set(folders).size < folders.length) {
    throw wrong("one folder of an audit log is named twice");
  }
  return {
    folders,
    nameOf: (of) => (folders.length < 2 || of === undefined ? undefined : typed[folders.indexOf(of)]),
  };
}

/** The story of one call. Where there are several folders, it says first, to people, which of them has it; where none has it, that. */
export async function storyIn(
  words: readonly string[],
  invocation: string,
  typed: Typed,
  terminal: Terminal,
): Promise<Lineage | undefined> {
  const { folders, nameOf } = foldersIn(words, terminal);
  const story = await lineage(folders, invocation);
  if (story === undefined) {
    terminal.err(`the log has no decision about the call ${oneLine(invocation)}`);
    for await (const { record } of readAuditLog(folders, { invocation })) {
      const why = record.outcome === "refused" ? ": it did not run, since its decision could not be written" : "";
      terminal.err(`what came of it: ${printRecord(record)}${why}`);
    }
  }
  const of = nameOf(story?.place.folder);
  if (of !== undefined && !typed.has("json")) terminal.out(`${oneLine(of)}:`);
  return story;
}
