import type { Command, Option } from "./command.ts";

const EXITS = "Exit codes: 0 done, 1 something is wrong or nothing was found, 2 the command or its input is wrong.";

/** All commands, a line each. */
export function overview(commands: readonly Command[]): string {
  return [
    "hopwise: authority that only narrows, hop by hop",
    "",
    ...inColumns(commands.map(({ name, words, summary }) => [`hopwise ${name} ${words}`.trim(), summary])),
    "",
    "hopwise COMMAND --help says more. --json prints JSON where a program reads it; hopwise --version says which this is.",
    EXITS,
  ].join("\n");
}

/** What one command is for, and its options. */
export function helpOf({ name, words, summary, details, options }: Command): string {
  const all: [string, Option][] = [...Object.entries(options), ["help", { help: "print this; also -h" }]];
  return [
    `hopwise ${name} ${words}`.trim(),
    "",
    summary,
    ...details,
    "",
    ...inColumns(
      all.map(([option, { value, many, help }]) => [
        `--${option}${value === undefined ? "" : ` ${value}`}`,
        many === true ? `${help}; may be given again` : help,
      ]),
    ),
    "",
    EXITS,
  ].join("\n");
}

function inColumns(rows: readonly (readonly [string, string])[]): readonly string[] {
  const width = Math.max(...rows.map(([first]) => first.length));
  return rows.map(([first, second]) => `  ${first.padEnd(width)}  ${second}`);
}
