/** Writers of an audit log in processes of their own, and what their log must hold afterwards. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { readAuditLog } from "@hopwise/audit";
import type { AuditWriterSetup } from "./writer.ts";

const PROGRAM = fileURLToPath(new URL("writer.ts", import.meta.url));

export interface Writer {
  readonly process: ChildProcess;
  /** Lines it printed: `open`, an invocation for each record acknowledged, `refused CODE`, `closed`. */
  lines(): readonly string[];
  /** Resolves when so many lines are there, or the process is gone. */
  until(lines: number): Promise<void>;
  readonly gone: Promise<void>;
}

/** @param shell what a shell runs before the writer takes its place, such as `ulimit` */
export function startWriter(setup: AuditWriterSetup, shell = ":"): Writer {
  const child = spawn("/bin/sh", ["-c", `${shell}; exec "$0" "$1"`, process.execPath, PROGRAM], {
    env: { ...process.env, AUDIT_WRITER: JSON.stringify(setup) },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  let isGone = false;
  let wake = (): void => {};
  child.stdout?.on("data", (chunk: Buffer) => {
    output += String(chunk);
    wake();
  });
  const gone = once(child, "close").then(() => {
    isGone = true;
    wake();
  });
  const lines = (): readonly string[] => output.split("\n").slice(0, -1);
  return {
    process: child,
    lines,
    until: async (count) => {
      while (!isGone && lines().length < count) await new Promise<void>((next) => (wake = next));
    },
    gone,
  };
}

/** What writers were told is on disk. */
export function acknowledged(writers: readonly Writer[]): readonly string[] {
  return writers.flatMap((writer) => writer.lines()).filter((line) => /^\w+-\d+$/.test(line));
}

/** Which of these the log does not have. */
export async function missingFrom(folder: string, invocations: readonly string[]): Promise<readonly string[]> {
  const there = new Set<string>();
  for await (const { record } of readAuditLog(folder)) there.add(record.invocation);
  return invocations.filter((invocation) => !there.has(invocation));
}
