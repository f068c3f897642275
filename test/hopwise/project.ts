/** A project in which the packages of the stores are installed. */
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { temporaryFolder } from "../support/temporary-folder.ts";

export function projectWithStores(ending?: (end: () => void) => void): string {
  const folder = temporaryFolder(ending);
  mkdirSync(join(folder, "node_modules"));
  for (const scope of ["@hopwise", "@redis"]) {
    symlinkSync(
      fileURLToPath(new URL(`../../node_modules/${scope}`, import.meta.url)),
      join(folder, "node_modules", scope),
    );
  }
  return folder;
}
