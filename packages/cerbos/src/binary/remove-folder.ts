import { rmSync } from "node:fs";

/** Removes a folder with all that is in it. That it cannot be removed is no reason to bring the host down. */
export function removeFolder(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {
    // See above.
  }
}
