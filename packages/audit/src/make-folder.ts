import { mkdir, stat } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * Makes a folder for its owner alone, with those above it that are missing. Node.js' own way (`recursive`) tries for ever where
 * a system says of a folder that is there that it is not, as `/proc` does, or an automatic mount.
 */
export async function makeFolder(path: string): Promise<void> {
  try {
    await makeOne(path);
  } catch (cause) {
    const above = dirname(path);
    if ((cause as NodeJS.ErrnoException).code !== "ENOENT" || above === path) throw cause;
    await makeFolder(above);
    await makeOne(path);
  }
}

async function makeOne(path: string): Promise<void> {
  try {
    await mkdir(path, 0o700);
  } catch (cause) {
    // It may be there, or on a file system that takes nothing: what matters is whether there is a folder.
    const found = await stat(path).catch(() => undefined);
    if (found?.isDirectory() !== true) throw cause;
  }
}
