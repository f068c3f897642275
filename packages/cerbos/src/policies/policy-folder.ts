import { readdir, stat } from "node:fs/promises";
import { join, sep } from "node:path";
import { HopwiseError } from "@hopwise/core";

/**
 * Refuses a path that is not a folder, or a folder without a policy: Cerbos would start, and deny everything.
 *
 * @throws {HopwiseError} `config_invalid`
 */
export async function checkPolicyFolder(folder: string): Promise<void> {
  const files = await policyFiles(folder).catch((cause: unknown) => {
    throw notRead(folder, cause);
  });
  if (!files.some((file) => kindOf(file) === "policies")) {
    throw invalid(folder, "holds no policy: no .yaml, .yml or .json file besides tests and schemas.");
  }
}

function notRead(folder: string, cause: unknown): HopwiseError {
  const { code } = cause as NodeJS.ErrnoException;
  if (code !== "ENOENT" && code !== "ENOTDIR") return unreadable(folder, cause);
  const why = code === "ENOENT" ? "does not exist" : "is not a folder";
  return invalid(folder, `${why}. Name the folder that holds the Cerbos policies.`, cause);
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

/** The folder itself: Cerbos takes `_schemas.yaml` and `_schemas2/` for policies. */
const SCHEMAS = `_schemas${sep}`;

/** What Cerbos takes a file for, by its path below the folder; undefined for one that it does not read. */
export function kindOf(file: string): "policies" | "tests" | "schema" | undefined {
  if (file.startsWith(SCHEMAS)) return file.endsWith(".json") ? "schema" : undefined;
  if (!/\.(ya?ml|json)$/i.test(file)) return undefined;
  return /_test\.\w+$/i.test(file) ? "tests" : "policies";
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
