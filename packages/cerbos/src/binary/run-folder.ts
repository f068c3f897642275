import { constants, lstatSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { HopwiseError } from "@hopwise/core";
import { removeFolder } from "./remove-folder.ts";

/** A folder only this user can enter (mode 0700), with what one PDP needs while it runs. It goes with the PDP. */
export interface RunFolder {
  /** The folder around it, which is ours as long as this process lives: the same path for each PDP that follows. */
  readonly home: string;
  readonly path: string;
  readonly config: string;
  readonly grpcSocket: string;
  readonly httpSocket: string;
  /**
   * The folder round the copy of the policies that the PDP reads. Outside of `path`, which goes with each PDP: one that ends at
   * broken policies is gone while they are still looked at.
   */
  readonly served: string;
  /** The folder round the copy of a change, until it is checked. */
  readonly next: string;
  /** Where the one that was served goes, which is removed. */
  readonly before: string;
}

/** A unix socket's path has room for 103 bytes on macOS and 107 on Linux. */
const LONGEST_SOCKET_PATH = 100;

/**
 * Makes the folder, synchronously: no other code of the host can run between this and the supervisor that removes it. A
 * SIGKILL can strike in between; then a folder with a config file stays, and no process.
 */
export function createRunFolder(config: (folder: RunFolder) => string, temporary: string = tmpdir()): RunFolder {
  const prefix = "hopwise-pdp-";
  const longest = join(resolve(temporary), `${prefix}XXXXXX`, RUN, "grpc.sock");
  const base = Buffer.byteLength(longest) < LONGEST_SOCKET_PATH ? resolve(temporary) : "/tmp";
  return inFolder(base, () => {
    const home = mkdtempSync(join(base, prefix));
    const path = join(home, RUN);
    const folder: RunFolder = {
      home,
      path,
      config: join(path, "config.yaml"),
      grpcSocket: join(path, "grpc.sock"),
      httpSocket: join(path, "http.sock"),
      served: join(home, "policies"),
      next: join(home, "next"),
      before: join(home, "before"),
    };
    try {
      fill(folder, config);
    } catch (error) {
      removeFolder(home); // nobody else knows of it yet
      throw error;
    }
    return folder;
  });
}

/**
 * Makes the folder anew for the next PDP, at the same path. Nothing of the one before is left in it. What cleans up a folder
 * like /tmp may have removed the home around it, too; another user may have made one of the same name meanwhile, and
 * would own the place of our socket.
 */
export function renewRunFolder(folder: RunFolder, config: (folder: RunFolder) => string): void {
  inFolder(folder.home, () => {
    makeOurs(folder.home);
    rmSync(folder.path, { recursive: true, force: true });
    fill(folder, config);
  });
}

/**
 * Makes one of the copies in the folder. Where it cannot be made whole, nothing of it stays.
 *
 * @param at where: `served`, before a PDP runs, or `next`
 * @throws {HopwiseError} `pdp_start_failed`, with what the file system says as its cause
 */
export async function copyInto<T>(
  folder: RunFolder,
  at: "served" | "next",
  write: (path: string) => Promise<T>,
): Promise<T> {
  const path = folder[at];
  try {
    makeOurs(folder.home);
    for (const old of [path, folder.before]) await rm(old, { recursive: true, force: true });
    return await write(path);
  } catch (cause) {
    await rm(path, { recursive: true, force: true }).catch(() => {});
    throw notMade("No copy of the policies", folder.home, cause);
  }
}

/** Puts the copy that was checked in the place of the one that is served, with nothing else of this process in between. */
export async function serveNext({ served, next, before }: RunFolder): Promise<void> {
  await rm(before, { recursive: true, force: true });
  renameSync(served, before);
  try {
    renameSync(next, served);
  } catch (cause) {
    renameSync(before, served);
    throw cause;
  }
  // The change is served: what cannot be taken away now is taken away before the next.
  await rm(before, { recursive: true, force: true }).catch(() => {});
}

/** @throws where another user's folder, or something else, is there */
function makeOurs(home: string): void {
  try {
    mkdirSync(home, { mode: 0o700 });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "EEXIST") throw cause;
    const { uid, mode } = lstatSync(home);
    const isOurs = (mode & constants.S_IFMT) === constants.S_IFDIR && uid === process.geteuid?.();
    if (!isOurs || (mode & 0o077) !== 0)
      throw new Error(`${home} is not a folder of this user alone any more`, { cause });
  }
}

const RUN = "run";

function fill(folder: RunFolder, config: (folder: RunFolder) => string): void {
  mkdirSync(folder.path, { mode: 0o700 });
  writeFileSync(folder.config, config(folder), { mode: 0o600 });
}

function inFolder<T>(base: string, make: () => T): T {
  try {
    return make();
  } catch (cause) {
    throw notMade("No folder for the sockets of the PDP", base, cause);
  }
}

function notMade(what: string, base: string, cause: unknown): HopwiseError {
  const why = `${cause instanceof Error ? cause.message : cause}`.replace(/\.$/, "");
  const message = `${what} could be made in ${base}: ${why}. ${hintFor(cause, base)}`;
  return new HopwiseError("pdp_start_failed", message, { cause });
}

function hintFor(cause: unknown, base: string): string {
  // Another folder would be no better: it is Node that lets none be written.
  if ((cause as NodeJS.ErrnoException).code === "ERR_ACCESS_DENIED")
    return `This process runs under Node's --permission: start it with --allow-fs-write=${base}, too.`;
  return "Point TMPDIR at a folder that is there, has room, and lets this user write.";
}
