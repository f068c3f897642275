import { readFileSync, realpathSync } from "node:fs";

/*
 * SQLite keeps what was written last in files beside the path by which a database was opened. Who opens the same file by
 * another path sees none of that: both would take one proof, and then destroy each other's state.
 */

/**
 * Whether a file may be open under another path, too.
 *
 * @param names how many names the file has on its disk
 * @returns what is wrong, in words that begin after its name
 */
export function otherPath(file: string, names: bigint): string | undefined {
  if (names > 1n) {
    return `has ${names} names (hard links), and who opens it by another one sees nothing of what is kept: take the others away, or use a symbolic link`;
  }
  if (!isMountedAlone(realpathSync(file), mounts())) return undefined;
  return "is mounted by itself, and who opens it elsewhere sees nothing of what is kept: mount its folder, for all who share it";
}

/** @param mountinfo as Linux has it: the fifth field of a line is where something is mounted */
export function isMountedAlone(path: string, mountinfo: string): boolean {
  return mountinfo.split("\n").some((line) => unescaped(line.split(" ")[4] ?? "") === path);
}

/** Spaces, tabs, line ends and backslashes are written as three octal digits. */
function unescaped(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}

/** Where what is mounted cannot be told, nothing is said of it. */
function mounts(): string {
  try {
    return readFileSync("/proc/self/mountinfo", "utf8");
  } catch {
    return "";
  }
}
