import { parseArgs } from "node:util";
import type { HopwiseError } from "@hopwise/core";
import { nearest } from "@hopwise/core/options";
import { type Command, MANY, type Typed } from "./command.ts";
import { wrong } from "./wrong.ts";

/** Every command has it. */
export const HELP = "help";

/**
 * Reads what was typed behind a command's name. No message quotes a value: it may be a token.
 *
 * @throws {HopwiseError} `config_invalid` for an option that is not known, or not used as it must be
 */
export function readArguments({ name, options, count }: Command, args: readonly string[]): Typed {
  const known: readonly string[] = [...Object.keys(options), HELP];
  const config = Object.fromEntries(
    known.map((option) => {
      const type: "string" | "boolean" = options[option]?.value === undefined ? "boolean" : "string";
      return [option, { type, multiple: true, ...(option === HELP && { short: "h" }) }];
    }),
  );
  const { tokens } = parseArgs({
    args: args.map((arg) => (isDashedId(arg, known) ? ID + arg : arg)),
    options: config,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const values = new Map<string, string[]>();
  const words: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") words.push(unmarked(token.value));
    if (token.kind !== "option") continue;
    if (!known.includes(token.name)) throw unknownOption(token.rawName, known, name);
    const { value: wanted, many } = options[token.name] ?? {};
    const given = values.get(token.name) ?? [];
    if (wanted !== undefined && (token.value === undefined || isOption(token.value, token.inlineValue))) {
      throw misused(`--${token.name} needs a value: --${token.name} ${wanted}`, name);
    }
    if (wanted === undefined && token.value !== undefined) throw misused(`--${token.name} takes no value`, name);
    if (given.length > 0 && many !== true) throw misused(`--${token.name} is given more than once`, name);
    values.set(token.name, [...given, unmarked(token.value ?? "")]);
  }
  if (!values.has(HELP)) checkCount(words.length, count, name);
  return {
    words,
    has: (option) => values.has(option),
    value: (option) => values.get(option)?.[0],
    values: (option) => values.get(option) ?? [],
  };
}

/** Before an argument that is an id. None has this character. */
const ID = "\0";
/** Invocations have 22 characters of base64url, requests, tokens and thumbprints 43. One of 64 begins with a dash. */
const DASHED_ID = /^-(?:[\w-]{21}|[\w-]{42})$/;

function isDashedId(arg: string, known: readonly string[]): boolean {
  return DASHED_ID.test(arg) && !known.some((option) => arg === `--${option}` || arg.startsWith(`--${option}=`));
}

function unmarked(value: string): string {
  return value.startsWith(ID) ? value.slice(ID.length) : value;
}

/** `--key --json` has forgotten the value of `--key`. A lone `-` is standard input. */
function isOption(value: string, inline: boolean | undefined): boolean {
  return inline !== true && value.startsWith("-") && value !== "-";
}

function unknownOption(raw: string, known: readonly string[], command: string): HopwiseError {
  const near = nearest(raw.replace(/^-+/, ""), known);
  // It may be a value that begins with a dash.
  const quoted = /^--?[a-z][a-z-]{0,30}$/i.test(raw) ? raw : "an option";
  return misused(`${quoted} is not known${near === undefined ? "" : `; did you mean --${near}?`}`, command);
}

function checkCount(given: number, [least, most]: Command["count"], command: string): void {
  if (given >= least && given <= most) return;
  const wanted = least === most ? `${least}` : most === MANY ? `at least ${least}` : `${least} to ${most}`;
  throw misused(
    `hopwise ${command} takes ${wanted} ${most === 1 ? "word" : "words"}, and ${given} were given`,
    command,
  );
}

function misused(what: string, command: string): HopwiseError {
  return wrong(`${what}\n  hopwise ${command} --help says more`);
}
