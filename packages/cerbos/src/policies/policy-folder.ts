import { readdir, realpath, stat } from "node:fs/promises";
import { join, sep } from "node:path";
import { HopwiseError } from "@hopwise/core";

/**
 * Refuses a path that is not a folder, or a folder without a policy: Cerbos would start, and deny everything. And that of a whole
 * project, in which Cerbos would take thousands of files for policies, and not answer in time.
 *
 * @throws {HopwiseError} `config_invalid`
 */
export async function checkPolicyFolder(folder: string): Promise<void> {
  if ((await stat(join(folder, "node_modules")).catch(() => undefined))?.isDirectory()) {
    throw invalid(
      folder,
      "holds node_modules, which Cerbos would read. Name the folder that holds the policies alone.",
    );
  }
  const { files } = await contentOf(folder).catch((cause: unknown) => {
    throw notRead(folder, cause);
  });
  if (!files.some((file) => kindOf(file) === "policies")) throw noPolicy(folder);
}

/** Of a folder that says nothing at all: a mount that is away leaves one behind. */
export function noPolicy(folder: string): HopwiseError {
  return invalid(
    folder,
    "holds no policy: no .yaml, .yml or .json file with anything in it, and not disabled, besides tests and schemas.",
  );
}

/**
 * Paths below a folder of policies, or tests, without one byte: a full disk, and a program that still writes, leave such a file, and
 * Cerbos takes it for one that forbids nothing.
 */
export async function bytelessFiles(folder: string, kind: "policies" | "tests"): Promise<readonly string[]> {
  const { files: all } = await contentOf(folder);
  const files = all.filter((file) => kindOf(file) === kind);
  const sizes = await Promise.all(files.map((file) => stat(join(folder, file)).catch(() => undefined)));
  return files.filter((_, i) => sizes[i]?.size === 0);
}

function notRead(folder: string, cause: unknown): HopwiseError {
  const { code } = cause as NodeJS.ErrnoException;
  if (code !== "ENOENT" && code !== "ENOTDIR") return unreadable(folder, cause);
  const why = code === "ENOENT" ? "does not exist" : "is not a folder";
  return invalid(folder, `${why}. Name the folder that holds the Cerbos policies.`, cause);
}

/** What a folder holds, by paths below it, sorted. */
export interface FolderContent {
  /** Everything that Cerbos may load. */
  readonly files: readonly string[];
  /** Links to folders, which Cerbos does not follow: such as those of a ConfigMap with paths of its own. */
  readonly links: readonly string[];
  /** What is named like a policy, and is neither a file nor a folder: such as a link that leads nowhere. */
  readonly lost: readonly string[];
}

export function contentOf(folder: string): Promise<FolderContent> {
  return found(folder, "", []);
}

/** @param within where the links led that were followed so far: one may lead to itself */
async function found(folder: string, below: string, within: readonly string[]): Promise<FolderContent> {
  const files: string[] = [];
  const links: string[] = [];
  const lost: string[] = [];
  for (const entry of await readdir(join(folder, below), { withFileTypes: true })) {
    const path = join(below, entry.name);
    const isOfSchemas = `${path}${sep}`.startsWith(SCHEMAS);
    if (entry.name.startsWith(".") || (entry.name === "testdata" && !isOfSchemas)) continue;
    const kind = entry.isSymbolicLink() ? await stat(join(folder, path)).catch(() => undefined) : entry;
    if (kind?.isFile()) files.push(path);
    else if (!kind?.isDirectory() && kindOf(path) === "policies") lost.push(path);
    if (!kind?.isDirectory()) continue;
    const real = entry.isSymbolicLink() ? [await realpath(join(folder, path))] : [];
    // Cerbos follows a link to a file, and to a folder only where it looks for schemas.
    const isFollowed = real.length === 0 || isOfSchemas;
    if (!isFollowed) links.push(path);
    if (!isFollowed || real.some((it) => within.includes(it))) continue;
    const inner = await found(folder, path, [...within, ...real]);
    files.push(...inner.files);
    links.push(...inner.links);
    lost.push(...inner.lost);
  }
  return { files: files.sort(), links: links.sort(), lost: lost.sort() };
}

/** The folder itself: Cerbos takes `_schemas.yaml` and `_schemas2/` for policies. */
const SCHEMAS = `_schemas${sep}`;

/** What Cerbos takes a file for, by its path below the folder; undefined for one that it does not read. */
export function kindOf(file: string): "policies" | "tests" | "schema" | undefined {
  if (file.startsWith(SCHEMAS)) return file.endsWith(".json") ? "schema" : undefined;
  if (!/\.(ya?ml|json)$/i.test(file)) return undefined;
  return /_test\.\w+$/i.test(file) ? "tests" : "policies";
}

/** Whether Cerbos may read it: of schemas a policy may name any file. */
export function isRead(file: string): boolean {
  return file.startsWith(SCHEMAS) || kindOf(file) !== undefined;
}

/** The name of a schema below `_schemas`, with `/`. */
export function schemaName(file: string): string {
  return file.slice(SCHEMAS.length).split(sep).join("/");
}

/** Of a folder in which something cannot be read: Cerbos would serve the rest. */
export function unreadable(folder: string, cause: unknown): HopwiseError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return invalid(folder, `cannot be read: ${why}. Let this user read all that is in it.`, cause);
}

function invalid(folder: string, what: string, cause?: unknown): HopwiseError {
  return new HopwiseError("config_invalid", `The policy folder ${folder} ${what}`, { pointer: "/policies", cause });
}
