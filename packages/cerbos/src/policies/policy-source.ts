import { readdir, readFile, stat } from "node:fs/promises";
import { join, sep } from "node:path";
import { at } from "./policy-fields.ts";
import { unreadable } from "./policy-folder.ts";
import { type ReadYaml, readPolicyYaml } from "./policy-yaml.ts";

/** A YAML or JSON document of a policy folder. */
export interface SourceDocument extends ReadYaml {
  /** Path of the file, below the folder as it was given. */
  readonly file: string;
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
  /** Policies in files that Cerbos takes for tests of policies, by their names, and does not load. */
  readonly takenForTests: readonly SourceDocument[];
  /** Schemas by their name below `_schemas`, with `/`. */
  readonly schemas: ReadonlyMap<string, unknown>;
  /** Policies that cannot be read here. Cerbos may read them all the same. */
  readonly broken: readonly BrokenFile[];
  readonly brokenSchemas: readonly BrokenFile[];
}

/**
 * Reads the files of a folder that Cerbos would load: policies and schemas, without tests, hidden files and what is disabled.
 *
 * @throws {HopwiseError} `config_invalid` where one of them, or a folder, cannot be read
 */
export async function readPolicySource(folder: string): Promise<PolicySource> {
  try {
    return await readAll(folder);
  } catch (cause) {
    throw unreadable(folder, cause);
  }
}

async function readAll(folder: string): Promise<PolicySource> {
  const documents: SourceDocument[] = [];
  const takenForTests: SourceDocument[] = [];
  const schemas = new Map<string, unknown>();
  const broken: BrokenFile[] = [];
  const brokenSchemas: BrokenFile[] = [];
  for (const file of await policyFiles(folder)) {
    const path = join(folder, file);
    const below = file.split(sep).join("/");
    if (below.startsWith(SCHEMAS)) {
      if (!below.endsWith(".json")) continue;
      try {
        schemas.set(below.slice(SCHEMAS.length), JSON.parse(await readFile(path, "utf8")));
      } catch (fault) {
        if (!(fault instanceof SyntaxError)) throw fault;
        brokenSchemas.push({ file: path, message: "is not JSON" });
      }
    } else if (/\.(ya?ml|json)$/i.test(file)) {
      const isTest = /_test\.\w+$/i.test(file);
      for (const read of readPolicyYaml(await readFile(path, "utf8"))) {
        if ("message" in read) {
          if (!isTest) broken.push({ file: path, ...read });
        } else if (at(read.content, "disabled") !== true) {
          if (!isTest) documents.push({ file: path, ...read });
          else if (at(read.content, "apiVersion") !== undefined) takenForTests.push({ file: path, ...read });
        }
      }
    }
  }
  return { documents, takenForTests, schemas, broken, brokenSchemas };
}

/** The folder itself: Cerbos takes `_schemas.yaml` and `_schemas2/` for policies. */
const SCHEMAS = "_schemas/";

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
