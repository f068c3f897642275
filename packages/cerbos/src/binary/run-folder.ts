import { constants, lstatSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
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
    const why = `${cause instanceof Error ? cause.message : cause}`.replace(/\.$/, "");
    throw new HopwiseError(
      "pdp_start_failed",
      `No folder for the sockets of the PDP could be made in ${base}: ${why}. ${hintFor(cause, base)}`,
      { cause },
    );
  }
}

function hintFor(cause: unknown, base: string): string {
  // Another folder would be no better: it is Node that lets none be written.
  if ((cause as NodeJS.ErrnoException).code === "ERR_ACCESS_DENIED")
    return `This process runs under Node's --permission: start it with --allow-fs-write=${base}, too.`;
  return "Point TMPDIR at a folder that is there, has room, and lets this user write.";
}
