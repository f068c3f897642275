import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { contentOf, isRead, unreadable } from "./policy-folder.ts";

/** A copy of a policy folder, which nobody changes: what is checked of it is what is served. */
export interface FolderCopy {
  /** Where it is. */
  readonly path: string;
  /** Paths below the folder of what is named like a policy, and cannot be copied: it is neither a file nor a folder. */
  readonly lost: readonly string[];
}

/** All that Cerbos may read of a folder. */
interface Whole {
  readonly files: ReadonlyMap<string, Buffer>;
  readonly lost: readonly string[];
}

/**
 * Reads a folder as it was at one moment: twice, and where both times are the same, each file was so in the moment between.
 *
 * @param asItIs takes what was read once, of a folder that does not come to rest
 * @returns undefined where it changed meanwhile
 * @throws {HopwiseError} `config_invalid` where one of its files, or a folder, cannot be read
 */
export async function readWhole(folder: string, asItIs: boolean): Promise<Whole | undefined> {
  try {
    const whole = await readOnce(folder);
    return asItIs || isSame(whole, await readOnce(folder)) ? whole : undefined;
  } catch (cause) {
    throw unreadable(folder, cause);
  }
}

/** Writes it, for this user alone, into a folder that is not there yet. */
export async function writeCopy({ files, lost }: Whole, path: string): Promise<FolderCopy> {
  const folders = new Set([path, ...[...files.keys()].map((file) => dirname(join(path, file)))]);
  for (const folder of folders) await mkdir(folder, { recursive: true, mode: 0o700 });
  await fewAtOnce([...files], ([file, bytes]) => writeFile(join(path, file), bytes, { mode: 0o600, flag: "wx" }));
  return { path, lost };
}

async function readOnce(folder: string): Promise<Whole> {
  const { files, lost } = await contentOf(folder);
  const read = files.filter(isRead);
  const bytes = await fewAtOnce(read, (file) => readFile(join(folder, file)));
  return { files: new Map(read.map((file, i) => [file, bytes[i] as Buffer])), lost };
}

function isSame(one: Whole, other: Whole): boolean {
  if (one.files.size !== other.files.size || one.lost.join("\n") !== other.lost.join("\n")) return false;
  return [...one.files].every(([file, bytes]) => other.files.get(file)?.equals(bytes));
}

/** Each of them is an open file meanwhile, of which a process may have a thousand. */
const AT_ONCE = 32;

async function fewAtOnce<Of, To>(all: readonly Of[], run: (one: Of) => Promise<To>): Promise<readonly To[]> {
  const done: To[] = [];
  for (let from = 0; from < all.length; from += AT_ONCE) {
    done.push(...(await Promise.all(all.slice(from, from + AT_ONCE).map(run))));
  }
  return done;
}
