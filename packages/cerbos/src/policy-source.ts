import { readdir, readFile } from "node:fs/promises";
import { join, sep } from "node:path";
import { type Document, LineCounter, parseAllDocuments } from "yaml";

/** A YAML or JSON document of a policy folder. */
export interface SourceDocument {
  /** Path of the file, below the folder as it was given. */
  readonly file: string;
  readonly content: unknown;
  /** Line of the node at this path, counted from 1; where it does not exist, of the nearest node that would hold it. */
  lineOf(path: readonly (string | number)[]): number;
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

/** Reads the files of a folder that Cerbos would read: policies and schemas, without tests and hidden files. */
export async function readPolicySource(folder: string): Promise<PolicySource> {
  const documents: SourceDocument[] = [];
  const schemas = new Map<string, unknown>();
  const broken: BrokenFile[] = [];
  for (const file of await filesOf(folder, "")) {
    const path = join(folder, file);
    const text = await readFile(path, "utf8");
    const schema = /^_schemas\/(.+\.json)$/.exec(file.split(sep).join("/"))?.[1];
    if (schema !== undefined) {
      try {
        schemas.set(schema, JSON.parse(text));
      } catch {
        broken.push({ file: path, message: "is not JSON" });
      }
    } else if (!file.startsWith("_schemas") && /\.(ya?ml|json)$/i.test(file) && !/_test\.(ya?ml|json)$/i.test(file)) {
      const lines = new LineCounter();
      for (const document of parseAllDocuments(text, { lineCounter: lines })) {
        const [error] = document.errors;
        if (error !== undefined) {
          broken.push({ file: path, line: lines.linePos(error.pos[0]).line, message: firstLine(error.message) });
          continue;
        }
        try {
          documents.push(sourceDocument(path, document, lines));
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
      for (let length = path.length; length > 0; length--) {
        const node = document.getIn(path.slice(0, length), true) as { range?: readonly number[] } | undefined;
        const start = node?.range?.[0];
        if (start !== undefined) return lines.linePos(start).line;
      }
      return 1;
    },
  };
}

async function filesOf(folder: string, below: string): Promise<readonly string[]> {
  const files: string[] = [];
  for (const entry of await readdir(join(folder, below), { withFileTypes: true })) {
    if (entry.name.startsWith(".") || entry.name === "testdata") continue;
    const path = join(below, entry.name);
    if (entry.isDirectory()) files.push(...(await filesOf(folder, path)));
    else files.push(path);
  }
  return files.sort();
}

function firstLine(message: string): string {
  return message.split("\n")[0] as string;
}
