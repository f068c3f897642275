import { closeSync, constants, fchmodSync, fstatSync, openSync } from "node:fs";
import { HopwiseError } from "@hopwise/core";

/** So that a pipe without a reader does not block the host. */
const FLAGS = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK;

/**
 * Makes the file of a decision log, or makes the one that is there readable by this user alone: it holds the arguments of
 * tools. It is made here, and not by Cerbos, so that nobody else can put a file of theirs in its place.
 *
 * @throws {HopwiseError} `config_invalid` for what is no file, belongs to another user, or cannot be made private
 */
export function makePrivate(path: string): void {
  let file: number | undefined;
  try {
    file = openSync(path, FLAGS, 0o600);
    const { mode, uid } = fstatSync(file);
    if ((mode & constants.S_IFMT) !== constants.S_IFREG) throw new Error("it is not a file");
    // Whoever owns it can read it, whatever its mode.
    if (uid !== process.geteuid?.()) throw new Error("it belongs to another user");
    fchmodSync(file, 0o600);
  } catch (cause) {
    throw new HopwiseError(
      "config_invalid",
      `The decision log ${path} cannot be used: ${(cause as Error).message}. ` +
        "It holds the arguments of tools, so only this user may read it: name a file of this user's, or one that does not exist yet, in a folder that does.",
      { pointer: "/decisionLog", cause },
    );
  } finally {
    if (file !== undefined) closeSync(file);
  }
}
