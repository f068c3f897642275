import { realpathSync } from "node:fs";
import { dirname } from "node:path";

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
export function otherPath(file: string, names: bigint, mountinfo: string): string | undefined {
  if (names > 1n) {
    return `has ${names} names (hard links), and who opens it by another one sees nothing of what is kept: take the others away, or use a symbolic link`;
  }
  if (!isMountedAlone(realpathSync(file), mountinfo)) return undefined;
  return "is mounted by itself, and who opens it elsewhere sees nothing of what is kept: mount its folder, for all who share it";
}

/** @param mountinfo as Linux has it: the fifth field of a line is where something is mounted */
export function isMountedAlone(path: string, mountinfo: string): boolean {
  return mountinfo.split("\n").some((line) => unescaped(line.split(" ")[4] ?? "") === path);
}

/**
 * Whether other machines may have the same file: the lock and the index of what was written last are in the memory of one, so that
 * two of them would both take one proof, and damage the file.
 *
 * @returns what is wrong, in words that begin after its name
 */
export function onNetwork(file: string, mountinfo: string): string | undefined {
  const type = typeAt(realOf(file) ?? realOf(dirname(file)) ?? file, mountinfo);
  if (!NETWORK.test(type)) return undefined;
  return `is on a network file system (${type}), where other machines see neither its lock nor what is kept: put it on a disk of this machine, or keep state in Redis`;
}

/** Those that machines share, by their names on Linux. Of the ones that a program serves (FUSE) many are local. */
const NETWORK =
  /^(nfs\d?|cifs|smb\d?|smbfs|ncpfs|afs|ceph|lustre|glusterfs|gpfs|beegfs|ocfs2|gfs2|pvfs2|orangefs|fuse\.(sshfs|glusterfs|ceph|ceph-fuse|davfs2?|rclone|s3fs|goofys|mountpoint-s3|gcsfuse|blobfuse2?|juicefs|seaweedfs|weed|mfs))$/;

/** @param mountinfo as Linux has it: what is mounted last over a path hides what was there. @returns the type of its file system, or nothing */
export function typeAt(path: string, mountinfo: string): string {
  let [longest, type] = ["", ""];
  for (const line of mountinfo.split("\n")) {
    const place = unescaped(line.split(" ")[4] ?? "");
    const isAbove = path === place || path.startsWith(place.endsWith("/") ? place : `${place}/`);
    if (place === "" || !isAbove || place.length < longest.length) continue;
    [longest, type] = [place, / - (\S+)/.exec(line)?.[1] ?? ""];
  }
  return type;
}

function realOf(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined; // not there yet, or not to be looked at: whoever opens it says so
  }
}

/** Spaces, tabs, line ends and backslashes are written as three octal digits. */
function unescaped(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}
