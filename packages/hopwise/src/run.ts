import { readFileSync } from "node:fs";
import { HopwiseError } from "@hopwise/core";
import { list, nearest, readerOf, such } from "@hopwise/core/options";
import type { Command } from "./command.ts";
import { COMMANDS } from "./commands/index.ts";
import { helpOf, overview } from "./help.ts";
import { HELP, readArguments } from "./read-arguments.ts";
import { type ExitCode, oneLine, TERMINAL, type Terminal, tokenless } from "./terminal.ts";

const readArgs = readerOf<readonly string[]>(
  "run",
  list(
    such("a text", (value) => typeof value === "string"),
    "a list of texts, such as process.argv.slice(2)",
  ),
);
const readTerminal = readerOf<Terminal>("run", TERMINAL);

/**
 * Runs one command line, and shows no token and no private key that it was not asked to make. What goes wrong is told to the
 * terminal, and by the exit code.
 *
 * @throws {HopwiseError} `config_invalid` only for what is no list of texts, or no terminal
 */
export async function run(args: readonly string[], real: Terminal): Promise<ExitCode> {
  readArgs(args);
  readTerminal(real);
  const terminal = tokenless(real);
  try {
    return await dispatch(args, terminal);
  } catch (fault) {
    terminal.err(`error: ${textOf(fault)}`);
    return 2;
  }
}

async function dispatch(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const [first, ...rest] = args;
  if (first === undefined || first === "--help" || first === "-h" || (first === "help" && rest.length === 0)) {
    terminal.out(overview(COMMANDS));
    return first === undefined ? 2 : 0;
  }
  if (first === "--version" || first === "-v") {
    terminal.out(ownVersion());
    return 0;
  }
  if (first === "help") return dispatch([...rest, "--help"], terminal);
  const command = COMMANDS.find(({ name }) => name === `${first} ${rest[0]}` || name === first);
  if (command === undefined) return unknownCommand(args, terminal);
  const typed = readArguments(command, args.slice(command.name.split(" ").length));
  if (typed.has(HELP)) {
    terminal.out(helpOf(command));
    return 0;
  }
  return command.run(typed, terminal);
}

function unknownCommand([first = "", second = ""]: readonly string[], terminal: Terminal): ExitCode {
  const group = COMMANDS.filter(({ name }) => name.startsWith(`${first} `));
  if (group.length > 0 && (second === "" || second === "--help" || second === "-h")) {
    terminal.out(overview(group));
    return second === "" ? 2 : 0;
  }
  const near = nearestCommand(first, second, group);
  const hint = near === undefined ? "" : `; did you mean hopwise ${near}?`;
  // What was typed may be a token.
  const typed = [first, second].filter((word) => /^[a-z][a-z-]{0,20}$/i.test(word)).join(" ");
  terminal.err(`error: hopwise has no command ${typed || "of this name"}${hint}`);
  terminal.err(`hopwise ${group.length > 0 ? `${first} ` : ""}--help lists what there is`);
  return 2;
}

function nearestCommand(first: string, second: string, group: readonly Command[]): string | undefined {
  const names = (group.length > 0 ? group : COMMANDS).map(({ name }) => name);
  const both = nearest(`${first} ${second}`.trim(), names);
  // The first word of a group is no hint which of its commands was meant.
  if (both !== undefined || group.length > 0) return both;
  const words = names.flatMap((name) => name.split(" "));
  const word = nearest(first, words) ?? nearest(second, words);
  return names.find((name) => name.split(" ").includes(word ?? ""));
}

/** The version of this package. */
export function ownVersion(): string {
  return JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")).version;
}

function textOf(fault: unknown): string {
  // Messages of the set-up have several lines; they quote the operator's own files.
  if (fault instanceof HopwiseError) return `${fault.code}: ${fault.message}`;
  return fault instanceof Error ? oneLine(fault.message) : "something was thrown that is no error";
}
