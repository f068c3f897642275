import { plainText, wholeText, withoutTokens } from "@hopwise/core/adapter";
import { atLeast, atOnce, flag, func, isObject, maybe, type Shape, such, text } from "@hopwise/core/options";

/** What a command needs of the process: so that tests can run it without one. */
export interface Terminal {
  /** Writes to standard output: the answer. */
  out(text: string): void;
  /** Writes to standard error: what went wrong, and notes. */
  err(text: string): void;
  /** Whether standard output is a terminal that shows colours. */
  readonly colors: boolean;
  /** Whether anybody reads standard output still: a long answer may end where nobody does. Left out: somebody does. */
  isRead?(): boolean;
  /** All of standard input; undefined where a person would have to type it. */
  input(): Promise<string | undefined>;
  /** Asks the person at the terminal; undefined where nobody sits there. Left out: nobody does. */
  ask?(question: string): Promise<string | undefined>;
  /** Milliseconds since the epoch. */
  now(): number;
  /** The folder that relative paths begin at. */
  readonly folder: string;
  /** The environment's variables, for secrets: what is typed is shown by every `ps`. Left out: none. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

export const TERMINAL: Shape = atLeast<Terminal>(
  {
    out: atOnce("a function that writes a text"),
    err: atOnce("a function that writes a text"),
    colors: flag(),
    isRead: maybe(atOnce("a function that says whether anybody reads on")),
    input: func("a function that gives all of standard input"),
    ask: maybe(func("a function that asks a person")),
    now: atOnce("a clock, such as Date.now"),
    folder: text("the folder that relative paths begin at, such as process.cwd()"),
    env: maybe(such("the environment's variables, such as process.env", isEnvironment)),
  },
  "a terminal { out, err, colors, input, now, folder }",
);

/** `process.env` is of a kind of its own. */
function isEnvironment(value: unknown): boolean {
  return isObject(value) && Object.values(value).every((it) => it === undefined || typeof it === "string");
}

/**
 * 0: done, and all is well. 1: it looked, and something is wrong, or nothing was found. 2: it could not look, since the
 * command or its input is wrong, or its answer could not be written.
 */
export type ExitCode = 0 | 1 | 2;

const COLORS = { red: 31, green: 32, yellow: 33 } as const;

/** Text in a colour, on a terminal that shows it. */
export function paint({ colors }: Pick<Terminal, "colors">, color: keyof typeof COLORS, text: string): string {
  return colors ? `\u001b[${COLORS[color]}m${text}\u001b[0m` : text;
}

/** How a token begins, or a chain in its compact form. */
export const TOKEN_BEGINS: RegExp = /eyJ|\*hw\d/;

/** The same terminal, which shows no token, whatever a command, a file or an error quotes. */
export function tokenless(terminal: Terminal): Terminal {
  const { out, err } = terminal;
  return { ...terminal, out: (text) => out(withoutTokens(text)), err: (text) => err(withoutTokens(text)) };
}

/** A text from elsewhere in one line, safe to print. */
export function oneLine(text: string): string {
  return plainText(text);
}

/**
 * A value as JSON, safe to show: what a terminal would obey, or nobody would see, is written as `\u009b`, which means the same.
 * JSON itself leaves all of it as it is but the oldest control characters.
 */
export function jsonText(value: unknown, indent?: number): string {
  // The only line breaks are between members.
  return JSON.stringify(value, null, indent).split("\n").map(wholeText).join("\n");
}
