#!/usr/bin/env node
import { askOnce } from "./ask-once.ts";
import { textWithin } from "./input.ts";
import { run } from "./run.ts";
import { oneLine } from "./terminal.ts";

const { stdin, stdout, stderr, env } = process;

// `hopwise audit find … | head` closes the pipe: it read enough. What a command does beside answering, it does all the same, and its
// exit code says what came of it. An answer that is lost otherwise, as on a full disk, is a fault.
let isRead = true;
stdout.on("error", ({ code, message }: NodeJS.ErrnoException) => {
  if (isRead && code !== "EPIPE") {
    process.exitCode = 2;
    stderr.write(`error: the answer could not be written: ${oneLine(message)}\n`);
  }
  isRead = false;
});
stderr.on("error", () => {}); // an error that nobody hears ends a process

const code = await run(process.argv.slice(2), {
  out: (line) => void stdout.write(`${line}\n`),
  err: (line) => void stderr.write(`${line}\n`),
  colors: stdout.isTTY === true && !env["NO_COLOR"] && env["TERM"] !== "dumb",
  input: async () => (stdin.isTTY ? undefined : textWithin(stdin)),
  ask: async (question) => (stdin.isTTY ? askOnce(question, stdin, stderr) : undefined),
  now: Date.now,
  folder: workingDirectory(),
  env,
  isRead: () => isRead,
});
process.exitCode ??= code;

/** It may have been taken away under the shell. */
function workingDirectory(): string {
  try {
    return process.cwd();
  } catch {
    stderr.write("error: the folder in which this was called is not there any more; go to another one\n");
    return process.exit(2);
  }
}
