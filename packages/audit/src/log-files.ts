import { open, rm, stat } from "node:fs/promises";

/** What the log needs of a file it writes. */
export interface LogFile {
  /** Adds all of the bytes at the end, or rejects with some of them written. */
  write(bytes: Uint8Array): Promise<void>;
  /** Resolves when what was written is on the disk. */
  sync(): Promise<void>;
  /** Takes back what it wrote behind so many bytes of its own. */
  truncate(bytes: number): Promise<void>;
  /** Whether its name still leads to it, and to all that it wrote. Where that cannot be told, the next write says why. */
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
    // Who reads the folder knows the name before: what was put there, as a link to another file or a pipe, is not written into. So is
    // what an attempt that failed has left. Behind the end of a file that somebody cut, without O_APPEND a gap would be filled with zeros.
    await rm(path, { force: true });
    const file = await open(path, "ax", 0o600);
    const made = await file.stat({ bigint: true });
    let written = 0;
    return {
      write: async (bytes) => {
        for (let from = 0; from < bytes.length; ) {
          const { bytesWritten } = await file.write(bytes, from, bytes.length - from, null);
          from += bytesWritten;
          written += bytesWritten;
        }
      },
      sync: () => file.datasync(),
      truncate: async (bytes) => {
        // From the end: of a file that somebody cut meanwhile, what is left stays, and it is not made longer.
        const { size } = await file.stat();
        await file.truncate(Math.max(0, size - (written - bytes)));
        written = bytes;
      },
      isThere: async () => {
        const least = written; // before what is written meanwhile
        try {
          const { ino, dev, size } = await stat(path, { bigint: true });
          return ino === made.ino && dev === made.dev && size >= least;
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
