import type { ExitCode, Terminal } from "./terminal.ts";

/** One option of a command. */
export interface Option {
  /** What its value is, such as `FILE`. An option without one is a switch. */
  readonly value?: string;
  /** It may be given several times. */
  readonly many?: true;
  readonly help: string;
}

/** What was typed behind a command's name. */
export interface Typed {
  readonly words: readonly string[];
  /** Whether a switch was given. */
  has(option: string): boolean;
  /** The value of an option. */
  value(option: string): string | undefined;
  values(option: string): readonly string[];
}

/** As many words as somebody likes. */
export const MANY: number = Number.POSITIVE_INFINITY;

/** One command of the program. */
export interface Command {
  /** As it is typed, such as `audit find`. */
  readonly name: string;
  /** Its words, as help shows them, such as `[FILE]`. */
  readonly words: string;
  /** How many words there may be. */
  readonly count: readonly [least: number, most: number];
  /** One line. */
  readonly summary: string;
  /** What else its help says. */
  readonly details: readonly string[];
  readonly options: Readonly<Record<string, Option>>;
  run(typed: Typed, terminal: Terminal): Promise<ExitCode>;
}

/** The time of the records that a command reads. */
export const PERIOD: { readonly since: Option; readonly until: Option } = {
  since: { value: "TIME", help: "from then on: ISO 8601, a time of day with its zone" },
  until: { value: "TIME", help: "until before then: ISO 8601, a time of day with its zone" },
};

/** Those of some options that were given, with their values. */
export function given<Name extends string>(typed: Typed, names: readonly Name[]): { readonly [_ in Name]?: string } {
  const values = names.map((name) => [name, typed.value(name)]).filter(([, value]) => value !== undefined);
  return Object.fromEntries(values) as { readonly [_ in Name]?: string };
}

/** The switch of commands whose answer programs read. */
export const JSON_OPTION: { readonly json: Option } = { json: { help: "print JSON, for programs" } };
