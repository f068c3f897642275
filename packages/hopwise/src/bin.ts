#!/usr/bin/env node
import { askOnce } from "./ask-once.ts";
import { textWithin } from "./input.ts";
import { run } from "./run.ts";

const { stdin, stdout, stderr, env } = process;

// `hopwise audit find … | head` closes the pipe; there is nobody left to tell.
stdout.on("error", ({ code }: NodeJS.ErrnoException) => {
  if (code === "EPIPE") process.exit();
});

process.exitCode = await run(process.argv.slice(2), {
  out: (line) => void stdout.write(`${line}\n`),
  err: (line) => void stderr.write(`${line}\n`),
  colors: stdout.isTTY === true && !env["NO_COLOR"] && env["TERM"] !== "dumb",
  input: async () => (stdin.isTTY ? undefined : textWithin(stdin)),
  ask: async (question) => (stdin.isTTY ? askOnce(question, stdin, stderr) : undefined),
  now: Date.now,
  folder: workingDirectory(),
  env,
});

/** It may have been taken away under the shell. */
function workingDirectory(): string {
  try {
    return process.cwd();
  } catch {
    stderr.write("error: the folder in which this was called is not there any more; go to another one\n");
    return process.exit(2);
  }
}
