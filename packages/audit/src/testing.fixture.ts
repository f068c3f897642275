/** Folders and forgeries for the tests of this package. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { GENESIS, type Head, nextLine } from "./line.ts";

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "hopwise-audit-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The log's files, oldest first. */
export function filesOf(folder: string): readonly string[] {
  return readdirSync(folder).sort();
}

/** A file's lines, each with its line feed. */
export function linesOf(folder: string, file: string): string[] {
  return readFileSync(join(folder, file), "utf8").split(/(?<=\n)/);
}

export function writeLines(folder: string, file: string, lines: readonly string[]): void {
  writeFileSync(join(folder, file), lines.join(""));
}

/** What somebody without the key can do: give every line of a stream its right place and hash again. */
export function relink(lines: readonly string[]): string[] {
  let head: Head = { writer: "", seq: -1, hash: GENESIS };
  return lines.map((line) => {
    const [, kind, json] = /^\{"seq":\d+,"prev":"\w+","(\w+)":(.*)\}\n$/s.exec(line) ?? [];
    const next = nextLine(head, kind as "record", json as string);
    head = next.head;
    return next.text;
  });
}
