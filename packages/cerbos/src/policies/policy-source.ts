import { readdir, readFile, realpath } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { at } from "./policy-fields.ts";
import { contentOf, kindOf, schemaName, unreadable } from "./policy-folder.ts";
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
  /** Policies behind a link to a folder, which Cerbos does not follow. */
  readonly behindLinks: readonly SourceDocument[];
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
  const { files, links } = await contentOf(folder);
  for (const file of files) {
    const path = join(folder, file);
    const kind = kindOf(file);
    if (kind === "schema") {
      try {
        schemas.set(schemaName(file), JSON.parse(await readFile(path, "utf8")));
      } catch (fault) {
        if (!(fault instanceof SyntaxError)) throw fault;
        brokenSchemas.push({ file: path, message: "is not JSON" });
      }
    } else if (kind !== undefined) {
      for (const read of readPolicyYaml(await readFile(path, "utf8"))) {
        if ("message" in read) {
          if (kind === "policies") broken.push({ file: path, ...read });
        } else if (at(read.content, "disabled") !== true) {
          if (kind === "policies") documents.push({ file: path, ...read });
          else if (at(read.content, "apiVersion") !== undefined) takenForTests.push({ file: path, ...read });
        }
      }
    }
  }
  const behindLinks = await policiesBehindLinks(folder, links);
  return { documents, takenForTests, behindLinks, schemas, broken, brokenSchemas };
}

async function policiesBehindLinks(folder: string, links: readonly string[]): Promise<readonly SourceDocument[]> {
  const root = await realpath(folder);
  const found = await Promise.all(
    links.map(async (link): Promise<readonly SourceDocument[]> => {
      const target = await realpath(join(folder, link));
      if (isLoadedItself(relative(root, target))) return [];
      const files = (await readdir(target)).filter((file) => kindOf(file) === "policies").sort();
      return (await Promise.all(files.map((file) => policiesOf(join(folder, link, file))))).flat();
    }),
  );
  return found.flat();
}

/** Whether the folder that a link leads to is one that Cerbos loads without it. */
function isLoadedItself(below: string): boolean {
  return below.split(sep).every((step) => !step.startsWith(".") && step !== "testdata");
}

async function policiesOf(file: string): Promise<readonly SourceDocument[]> {
  const text = await readFile(file, "utf8").catch(() => "");
  return readPolicyYaml(text).flatMap((read) => {
    const isPolicy = !("message" in read) && at(read.content, "apiVersion") !== undefined;
    return isPolicy && at(read.content, "disabled") !== true ? [{ file, ...read }] : [];
  });
}
