import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { HopwiseError } from "@hopwise/core";

/** A folder only this user can enter (mode 0700), with what one PDP needs while it runs. */
export interface RunFolder {
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
  const longest = join(resolve(temporary), `${prefix}XXXXXX`, "grpc.sock");
  const base = Buffer.byteLength(longest) < LONGEST_SOCKET_PATH ? resolve(temporary) : "/tmp";
  try {
    const path = mkdtempSync(join(base, prefix));
    const folder: RunFolder = {
      path,
      config: join(path, "config.yaml"),
      grpcSocket: join(path, "grpc.sock"),
      httpSocket: join(path, "http.sock"),
    };
    writeFileSync(folder.config, config(folder), { mode: 0o600 });
    return folder;
  } catch (cause) {
    throw new HopwiseError(
      "pdp_start_failed",
      `No folder for the sockets of the PDP could be made in ${base}: ${cause instanceof Error ? cause.message : cause}. ` +
        "Point TMPDIR at a folder this user can write to.",
      { cause },
    );
  }
}
