import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { HopwiseError } from "@hopwise/core";

/** What the driver needs of the machine that it runs on. */
export interface Machine {
  readonly sqlite: typeof import("node:sqlite");
  /** Names the time since the machine was started; undefined where that cannot be told. */
  readonly boot: string | undefined;
  /** What is mounted, as Linux tells it; nothing where that cannot be told. */
  mounts(): string;
}

/** @throws {HopwiseError} `config_invalid` on a Node.js without SQLite */
export async function thisMachine(called: string): Promise<Machine> {
  try {
    // Not at the top: the package can be imported where SQLite is not there.
    return { sqlite: await import("node:sqlite"), boot: await bootOf(), mounts };
  } catch (cause) {
    throw new HopwiseError(
      "config_invalid",
      `${called}: Node.js ${process.versions.node} has no SQLite; use 22.13 or later, 24 or later, or keep state elsewhere`,
      { cause },
    );
  }
}

async function bootOf(): Promise<string | undefined> {
  try {
    const run = promisify(execFile);
    if (process.platform === "darwin") return (await run("sysctl", ["-n", "kern.bootsessionuuid"])).stdout.trim();
    return (await readFile("/proc/sys/kernel/random/boot_id", "latin1")).trim();
  } catch {
    return undefined;
  }
}

function mounts(): string {
  try {
    return readFileSync("/proc/self/mountinfo", "utf8");
  } catch {
    return "";
  }
}
