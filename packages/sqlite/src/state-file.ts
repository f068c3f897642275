import {
  accessSync,
  type BigIntStats,
  closeSync,
  constants,
  fsyncSync,
  openSync,
  readSync,
  realpathSync,
  rmSync,
  statSync,
} from "node:fs";
import { dirname } from "node:path";
import type { HopwiseError } from "@hopwise/core";
import { NO_DATABASE, NOT_PERMITTED, PERMISSION_WORDS, unavailable, unusable } from "./faults.ts";
import type { Machine } from "./machine.ts";
import type { Settings } from "./options.ts";
import { onNetwork, otherPath } from "./other-path.ts";

/** Which file it is: another one under the same path has another. */
export interface FileIdentity {
  readonly inode: string;
  /** When it was made, in nanoseconds; empty where the file system does not tell. */
  readonly born: string;
}

/** A file that was just made has nothing in it yet. So long its maker may take, in milliseconds. */
const MAKING_MS = 2000;
const OTHERS = 0o077n;

/**
 * Makes the file where it is missing, for its owner alone, or checks the one that is there. SQLite itself would let others read.
 * Where it must exist, nothing is made.
 *
 * @returns false while another process is still making it
 * @throws {HopwiseError} `config_invalid`, with what is wrong with it or its folder
 */
export function makeOrCheck(machine: Machine, { file, called, mustExist }: Settings): boolean {
  const mountinfo = machine.mounts();
  const network = onNetwork(file, mountinfo);
  if (network !== undefined) throw unusable(called, file, network);
  if (mustExist) {
    if (statOf(file) === undefined) throw unusable(called, file, "is not there: no process keeps a state in it");
    return isReady(file, called, mountinfo);
  }
  try {
    closeSync(openSync(file, "wx", 0o600));
  } catch (cause) {
    if (codeOf(cause) === "EEXIST") return isReady(file, called, mountinfo);
    throw unusable(called, file, `cannot be made: ${whyNot(cause, file)}`, cause);
  }
  // What an earlier file of this name left behind would be taken for its own. Nobody else opens it while it is empty.
  for (const left of [`${file}-wal`, `${file}-shm`]) rmSync(left, { force: true });
  syncFolder(dirname(file));
  return true;
}

function isReady(file: string, called: string, mountinfo: string): boolean {
  const wrong = (problem: string): never => {
    throw unusable(called, file, problem);
  };
  const found = statOf(file) ?? wrong("is a link that leads nowhere, or was deleted just now");
  if (!found.isFile()) wrong("is no file");
  if (isForOthers(found)) {
    // Of another program's file, others may need to read it.
    if (found.size > 0n && !isDatabase(file)) wrong(NO_DATABASE);
    wrong(
      `may be read or written by others; where it is a state of Hopwise, take that away: chmod 600${whoOpened(found)}`,
    );
  }
  accessSync(file, constants.R_OK | constants.W_OK); // SQLite would say that it cannot be opened, and not why
  const other = otherPath(file, found.nlink, mountinfo);
  if (other !== undefined) wrong(other);
  return !isBeingMade(file);
}

/** Whether another process may be making it just now: it is empty, and was so for a moment only. */
export function isBeingMade(file: string): boolean {
  const found = statOf(file);
  if (found === undefined || !found.isFile() || found.size > 0n || isForOthers(found)) return false;
  return Math.abs(Date.now() - Number(found.mtimeMs)) <= MAKING_MS; // a clock may have been set back
}

function isForOthers({ mode }: BigIntStats): boolean {
  return process.platform !== "win32" && (mode & OTHERS) !== 0n;
}

/** A volume of Kubernetes gives each file to the group of its pod, at each start: taken away by hand, it would be there again. */
function whoOpened({ mode }: BigIntStats): string {
  if ((mode & OTHERS) !== 0o060n) return "";
  return "; fsGroup of Kubernetes does this at each start of a pod, unless its fsGroupChangePolicy is OnRootMismatch";
}

/** What every file of SQLite begins with. */
const HEADER = "SQLite format 3\0";

function isDatabase(file: string): boolean {
  const opened = openSync(file, "r");
  try {
    const begins = Buffer.alloc(HEADER.length);
    return readSync(opened, begins) === HEADER.length && begins.toString("latin1") === HEADER;
  } finally {
    closeSync(opened);
  }
}

/** Fails where the file that was opened is not there any more: what is written then goes nowhere. */
export interface Watch {
  readonly identity: FileIdentity;
  /** @throws {HopwiseError} `state_unavailable` */
  look(): void;
}

/** Watches a database that is open, with the two files beside it. */
export function watchFile(file: string): Watch {
  const real = realpathSync(file); // SQLite follows a link, and puts the others beside what it leads to
  const paths = [file, `${real}-wal`, `${real}-shm`];
  const found = paths.map(statOf);
  const [main] = found;
  if (main === undefined) throw moved(file);
  return {
    identity: {
      inode: `${main.ino}`,
      // Where the file system does not tell, Node.js gives the time of the last change.
      born: main.birthtimeNs > 0n && main.birthtimeNs !== main.ctimeNs ? `${main.birthtimeNs}` : "",
    },
    look: () => {
      for (const [i, path] of paths.entries()) {
        const now = statOf(path);
        const opened = found[i];
        if (now === undefined || now.ino !== opened?.ino || now.dev !== opened.dev) throw moved(file);
      }
    },
  };
}

function moved(file: string): HopwiseError {
  return unavailable(`the state in ${file} was deleted or replaced while it was open`);
}

function statOf(path: string): BigIntStats | undefined {
  return statSync(path, { bigint: true, throwIfNoEntry: false });
}

/** So that the file itself outlives a power cut. Some systems do not let a folder be opened. */
function syncFolder(folder: string): void {
  try {
    const opened = openSync(folder, "r");
    try {
      fsyncSync(opened);
    } finally {
      closeSync(opened);
    }
  } catch {}
}

function codeOf(error: unknown): unknown {
  return (Object(error) as { readonly code?: unknown }).code;
}

function whyNot(error: unknown, file: string): string {
  switch (codeOf(error)) {
    case "ENOENT":
    case "ENOTDIR":
      return `the folder ${dirname(file)} is not there; make it first`;
    case "EACCES":
    case "EPERM":
      return `this process may not write to the folder ${dirname(file)}`;
    case "EROFS":
      return "the file system is read-only";
    case "ENOSPC":
    case "EDQUOT":
      return "the disk is full";
    case NOT_PERMITTED:
      return PERMISSION_WORDS;
    default:
      return "the file system refused it";
  }
}
