/** How the story looks: colour on a terminal, plain text when piped, and an end once the reader has left. */
import { styleText } from "node:util";

type Style = Parameters<typeof styleText>[0];

const colour = process.stdout.isTTY === true && !process.env["NO_COLOR"];
const paint = (style: Style, text: string): string =>
  colour ? styleText(style, text, { validateStream: false }) : text;

// Libraries' console output is not part of the story.
for (const method of ["log", "info", "warn", "debug"] as const) console[method] = () => {};

// A reader that leaves (`| head`) is not an error. The PDP and the researcher end with this process.
process.stdout.on("error", () => process.exit(0));

export function say(text = ""): void {
  process.stdout.write(`${text}\n`);
}

export function title(text: string): void {
  say(`\n${paint("bold", text)}`);
}

/** A decision's tree, indented, its first line coloured by outcome. */
export function tree(text: string): void {
  const [first = "", ...rest] = text.split("\n");
  const hue = first.startsWith("allowed") ? "green" : first.startsWith("denied") ? "red" : "yellow";
  say(`   ${paint(hue, first)}`);
  for (const line of rest) say(`      ${paint("dim", line)}`);
}

export function note(text: string): void {
  say(`   ${paint("dim", text)}`);
}

const failures: string[] = [];

/** Checks a statement of the story. */
export function expect(holds: boolean, what: string): void {
  say(`   ${holds ? paint("green", "✓") : paint("red", "✗")} ${what}`);
  if (!holds) failures.push(what);
}

/** The expectations that did not hold. */
export function failed(): readonly string[] {
  return failures;
}
