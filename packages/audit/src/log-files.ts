import { open, rm, stat } from "node:fs/promises";

/** What the log needs of a file it writes. */
export interface LogFile {
  /** Adds all of the bytes at the end, or rejects with some of them written. */
  write(bytes: Uint8Array): Promise<void>;
  /** Resolves when what was written is on the disk. */
  sync(): Promise<void>;
  truncate(bytes: number): Promise<void>;
  /** Whether its name still leads to it. Where that cannot be told, the next write says why. */
  isThere(): Promise<boolean>;
  close(): Promise<void>;
}

/** What the log needs of a file system: small, so that tests can break each part of it. */
export interface LogFiles {
  create(path: string): Promise<LogFile>;
  remove(path: string): Promise<void>;
  /** Resolves when the folder's names are on the disk. */
  syncFolder(path: string): Promise<void>;
}

export const nodeFiles: LogFiles = {
  create: async (path) => {
    // Without O_EXCL: the name has the writer's random part, and a file left by an attempt that failed is written anew.
    const file = await open(path, "w", 0o600);
    const made = await file.stat({ bigint: true });
    return {
      write: async (bytes) => {
        for (let from = 0; from < bytes.length; ) {
          from += (await file.write(bytes, from, bytes.length - from, null)).bytesWritten;
        }
      },
      sync: () => file.datasync(),
      truncate: (bytes) => file.truncate(bytes),
      isThere: async () => {
        try {
          const { ino, dev } = await stat(path, { bigint: true });
          return ino === made.ino && dev === made.dev;
        } catch (cause) {
          const { code } = cause as NodeJS.ErrnoException;
          return code !== "ENOENT" && code !== "ENOTDIR";
        }
      },
      close: () => file.close(),
    };
  },
  remove: (path) => rm(path, { force: true }),
  syncFolder: async (path) => {
    const folder = await open(path, "r");
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  },
};
