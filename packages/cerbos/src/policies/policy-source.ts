import { readFile, realpath } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { at } from "./policy-fields.ts";
import { contentOf, type FolderContent, kindOf, schemaName, unreadable } from "./policy-folder.ts";
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
 * @param original the folder of which it is a copy: links to folders are not copied, and looked for there
 * @throws {HopwiseError} `config_invalid` where one of them, or a folder, cannot be read
 */
export async function readPolicySource(folder: string, original: string = folder): Promise<PolicySource> {
  try {
    const content = await contentOf(folder);
    const { links } = original === folder ? content : await contentOf(original);
    return { ...(await readAll(folder, content)), behindLinks: await policiesBehindLinks(original, links) };
  } catch (cause) {
    throw unreadable(folder, cause);
  }
}

async function readAll(folder: string, { files }: FolderContent): Promise<Omit<PolicySource, "behindLinks">> {
  const documents: SourceDocument[] = [];
  const takenForTests: SourceDocument[] = [];
  const schemas = new Map<string, unknown>();
  const broken: BrokenFile[] = [];
  const brokenSchemas: BrokenFile[] = [];
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
          else if (isPolicy(read.content)) takenForTests.push({ file: path, ...read });
        }
      }
    }
  }
  return { documents, takenForTests, schemas, broken, brokenSchemas };
}

async function policiesBehindLinks(folder: string, links: readonly string[]): Promise<readonly SourceDocument[]> {
  const root = await realpath(folder);
  /** @param within where the links led that were followed so far: one may lead to itself */
  const behind = async (link: string, within: readonly string[]): Promise<readonly SourceDocument[]> => {
    const target = await realpath(link);
    if (within.includes(target) || leadsBack(relative(root, target))) return [];
    const { files, links: further } = await contentOf(link);
    const policies = files.filter((file) => kindOf(file) === "policies");
    const here = await Promise.all(policies.map((file) => policiesOf(join(link, file))));
    const there = await Promise.all(further.map((it) => behind(join(link, it), [...within, target])));
    return [...here, ...there].flat();
  };
  return (await Promise.all(links.map((link) => behind(join(folder, link), [])))).flat();
}

/** Whether a link leads to a folder that Cerbos loads without it, or to one that the folder of policies is in. */
function leadsBack(below: string): boolean {
  const steps = below.split(sep);
  return steps.every((step) => step === "..") || steps.every((step) => !step.startsWith(".") && step !== "testdata");
}

async function policiesOf(file: string): Promise<readonly SourceDocument[]> {
  const text = await readFile(file, "utf8").catch(() => "");
  return readPolicyYaml(text).flatMap((read) => {
    if ("message" in read || !isPolicy(read.content)) return [];
    return at(read.content, "disabled") === true ? [] : [{ file, ...read }];
  });
}

/** Other things have an `apiVersion`, too, such as the manifests that Kubernetes is given. */
function isPolicy(content: unknown): boolean {
  return String(at(content, "apiVersion")).startsWith("api.cerbos.dev/");
}
