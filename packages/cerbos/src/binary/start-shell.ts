import { type ChildProcessByStdio, spawn } from "node:child_process";
import { Socket } from "node:net";
import type { Readable, Writable } from "node:stream";
import { HopwiseError } from "@hopwise/core";
import { pdpEnvironment } from "./pdp-environment.ts";

/** A shell whose standard input the kernel closes once this process is gone. */
export type Shell<Output extends Readable | null> = ChildProcessByStdio<Writable, Output, Output>;

/**
 * Runs a script beside this process, which it does not keep alive.
 *
 * @param args those of the script, after its name
 * @param output what becomes of what it prints
 * @throws {HopwiseError} `pdp_start_failed` where this process can open nothing more
 */
export function startShell(script: string, args: readonly string[], output: "pipe"): Shell<Readable>;
export function startShell(script: string, args: readonly string[], output: "ignore"): Shell<null>;
export function startShell(script: string, args: readonly string[], output: "pipe" | "ignore"): Shell<Readable | null> {
  const child = spawn("/bin/sh", ["-c", script, ...args], {
    detached: true,
    env: pdpEnvironment(process.env),
    stdio: ["pipe", output, output],
  }) as Shell<Readable | null>;
  const stdin: Writable | undefined = child.stdin;
  if (stdin === undefined) throw noMoreFiles(child);
  // Like a server that was unref'ed: a script that forgets close() ends, and the PDP with it.
  child.unref();
  for (const stream of [stdin, child.stdout, child.stderr]) if (stream instanceof Socket) stream.unref();
  stdin.on("error", () => {});
  return child;
}

/** Then Node.js gives a child without streams, and tells of it a moment later: an error that nobody heard would end the host. */
function noMoreFiles(child: NodeJS.EventEmitter): HopwiseError {
  child.once("error", () => {});
  return new HopwiseError(
    "pdp_start_failed",
    "Cerbos cannot be started: this process, or this machine, has as many files open as it may (EMFILE, ENFILE). Raise the limit (ulimit -n), or look for what is left open, such as connections",
  );
}
