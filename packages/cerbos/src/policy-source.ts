import { readdir, readFile, stat } from "node:fs/promises";
import { join, sep } from "node:path";
import { type Document, LineCounter, parseAllDocuments } from "yaml";
import { at, spellingsOf } from "./policy-fields.ts";

/** A YAML or JSON document of a policy folder. */
export interface SourceDocument {
  /** Path of the file, below the folder as it was given. */
  readonly file: string;
  readonly content: unknown;
  /** Line of the node at this path, counted from 1; where it does not exist, of the nearest node that would hold it. */
  lineOf(path: readonly (string | number)[]): number;
}

/** Where something stands in a policy folder. */
export interface PolicyPlace {
  /** Path of the file, below the folder as it was given. */
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
}

/** A file that cannot be read as what it should be. */
export interface BrokenFile {
  readonly file: string;
  readonly line?: number;
  readonly message: string;
}

export interface PolicySource {
  readonly documents: readonly SourceDocument[];
  /** Schemas by their name below `_schemas`, with `/`. */
  readonly schemas: ReadonlyMap<string, unknown>;
  readonly broken: readonly BrokenFile[];
}

/** Reads the files of a folder that Cerbos would load: policies and schemas, without tests, hidden files and what is disabled. */
export async function readPolicySource(folder: string): Promise<PolicySource> {
  const documents: SourceDocument[] = [];
  const schemas = new Map<string, unknown>();
  const broken: BrokenFile[] = [];
  for (const file of await policyFiles(folder)) {
    const path = join(folder, file);
    const schema = /^_schemas\/(.+\.json)$/.exec(file.split(sep).join("/"))?.[1];
    if (schema !== undefined) {
      try {
        schemas.set(schema, JSON.parse(await readFile(path, "utf8")));
      } catch {
        broken.push({ file: path, message: "is not JSON" });
      }
    } else if (!file.startsWith("_schemas") && /\.(ya?ml|json)$/i.test(file) && !/_test\.(ya?ml|json)$/i.test(file)) {
      const lines = new LineCounter();
      for (const document of parseAllDocuments(await readFile(path, "utf8"), { lineCounter: lines })) {
        const [error] = document.errors;
        if (error !== undefined) {
          broken.push({ file: path, line: lines.linePos(error.pos[0]).line, message: firstLine(error.message) });
          continue;
        }
        try {
          const source = sourceDocument(path, document, lines);
          if (at(source.content, "disabled") !== true) documents.push(source);
        } catch (fault) {
          // aliases that lead nowhere, or to far too much
          broken.push({ file: path, message: firstLine((fault as Error).message) });
        }
      }
    }
  }
  return { documents, schemas, broken };
}

function sourceDocument(file: string, document: Document, lines: LineCounter): SourceDocument {
  return {
    file,
    content: document.toJS(),
    lineOf(path) {
      let line = 1;
      const found: (string | number)[] = [];
      for (const step of path) {
        const spellings = typeof step === "string" ? spellingsOf(step) : [step];
        const spelling = spellings.find((it) => document.hasIn([...found, it]));
        if (spelling === undefined) break;
        found.push(spelling);
        const node = document.getIn(found, true) as { range?: readonly number[] } | undefined;
        const start = node?.range?.[0];
        if (start !== undefined) line = lines.linePos(start).line;
      }
      return line;
    },
  };
}

/** Paths below a folder of everything that Cerbos may load, sorted. */
export function policyFiles(folder: string): Promise<readonly string[]> {
  return filesOf(folder, "");
}

async function filesOf(folder: string, below: string): Promise<readonly string[]> {
  const files: string[] = [];
  for (const entry of await readdir(join(folder, below), { withFileTypes: true })) {
    if (entry.name.startsWith(".") || entry.name === "testdata") continue;
    const path = join(below, entry.name);
    if (entry.isDirectory()) files.push(...(await filesOf(folder, path)));
    // Cerbos follows a link to a file, and none to a folder.
    else if (entry.isFile() || (await stat(join(folder, path)).catch(() => undefined))?.isFile()) files.push(path);
  }
  return files.sort();
}

function firstLine(message: string): string {
  return message.split("\n")[0] as string;
}
