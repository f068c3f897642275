import type { Dirent } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { HopwiseError } from "@hopwise/core";

/**
 * Refuses a path that is not a folder, or a folder without a policy: Cerbos would start, and deny everything.
 *
 * @throws {HopwiseError} `config_invalid`
 */
export async function checkPolicyFolder(folder: string): Promise<void> {
  let found: boolean;
  try {
    found = await holdsPolicies(folder, true);
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code === "ENOENT" ? "does not exist" : "cannot be read as a folder";
    throw invalid(folder, `${why}. Name the folder that holds the Cerbos policies.`, cause);
  }
  if (!found) throw invalid(folder, "holds no policy: no .yaml, .yml or .json file besides tests and schemas.");
}

/** By Cerbos' rules: hidden files, `testdata`, `_schemas` of the root and `*_test.yaml` are not policies. */
async function holdsPolicies(folder: string, isRoot: boolean): Promise<boolean> {
  const entries = await readdir(folder, { withFileTypes: true });
  if (entries.some(isPolicyFile)) return true;
  for (const entry of entries) {
    if (!entry.isDirectory() || entry.name.startsWith(".") || entry.name === "testdata") continue;
    if (isRoot && entry.name === "_schemas") continue;
    if (await holdsPolicies(join(folder, entry.name), false)) return true;
  }
  return false;
}

function isPolicyFile(entry: Dirent): boolean {
  return (
    !entry.isDirectory() &&
    !entry.name.startsWith(".") &&
    /\.(ya?ml|json)$/i.test(entry.name) &&
    !/_test\.(ya?ml|json)$/i.test(entry.name)
  );
}

/** Of a folder in which something cannot be read: Cerbos would serve the rest. */
export function unreadable(folder: string, cause: unknown): HopwiseError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return invalid(folder, `cannot be read: ${why}. Let this user read all that is in it.`, cause);
}

function invalid(folder: string, what: string, cause?: unknown): HopwiseError {
  return new HopwiseError("config_invalid", `The policy folder ${folder} ${what}`, { pointer: "/policies", cause });
}
