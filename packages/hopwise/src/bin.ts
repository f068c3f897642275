#!/usr/bin/env node
import { createInterface } from "node:readline/promises";
import { text } from "node:stream/consumers";
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
  input: async () => (stdin.isTTY ? undefined : text(stdin)),
  ask: async (question) => (stdin.isTTY ? askOnce(question) : undefined),
  now: Date.now,
  folder: process.cwd(),
  env,
});

async function askOnce(question: string): Promise<string> {
  // The answer of the program goes to standard output.
  const terminal = createInterface({ input: stdin, output: stderr });
  try {
    return await terminal.question(question);
  } finally {
    terminal.close();
  }
}
