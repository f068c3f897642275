import { type AuditSink, type Breakable, checkTold, hearFaults } from "../audit/index.ts";
import { rowOf } from "../codes.ts";
import { plainText, quietly } from "../lib/index.ts";
import { besides, flag, having, METHOD, maybe, optionsOf, readerOf } from "../options/index.ts";
import { DENIAL_ROWS, type DenialOptions, onDenial } from "./denials.ts";
import { operatorView } from "./operator-view.ts";

/** Where it prints: `process.stderr`, or anything that takes text. */
export interface Screen extends Breakable {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  hasColors?: (() => boolean) | undefined;
}

export interface PrintingAuditOptions extends DenialOptions {
  /** @defaultValue where the screen is a terminal that has colours */
  readonly colour?: boolean;
}

const readScreen = readerOf<Screen>(
  "printingAudit",
  besides<Pick<Screen, "on" | "hasColors">>(having("a screen, such as process.stderr", "write"), {
    on: METHOD,
    hasColors: METHOD,
  }),
);
const readOptions = optionsOf<PrintingAuditOptions>("printingAudit", { ...DENIAL_ROWS, colour: maybe(flag()) });

/**
 * A sink for people: every decision as the operator's view of it, with the call's id (`invocation`) and what to do about a denial; and how a call ended,
 * where it did not simply return. It keeps nothing and never fails a call: use it alone for development, and beside a
 * durable sink otherwise (`auditTo`).
 *
 * ```ts
 * createAuthorizer({ …, audit: printingAudit(process.stderr, { strangers: "each" }) });
 * ```
 *
 * @param screen the console's errors, where none is given
 * @throws {HopwiseError} `config_invalid` for options that cannot be right
 */
export function printingAudit(screen: Screen = CONSOLE, options: PrintingAuditOptions = {}): AuditSink {
  readScreen(screen);
  hearFaults(screen);
  const { colour = isColourful(screen), strangers } = readOptions(options);
  const print = (text: string, hue: Hue): void => {
    // A screen that is gone stops no call.
    quietly(() => screen.write(`${colour ? coloured(text, hue) : text}\n`));
  };
  const denials = onDenial(
    ({ code, text, count, record, attempt, enforced }) => {
      const times = attempt === undefined || count === 1 ? "" : `, ${count} so far`;
      const lines = ofCall(record ?? attempt, text, times);
      print(`${lines}\n· ${rowOf(code).help}`, enforced === false ? "yellow" : "red");
    },
    { ...(strangers !== undefined && { strangers }) },
  );
  return {
    keeps: false,
    record: (record) => {
      checkTold("record", record);
      if (record.outcome === "denied" || record.shadow !== undefined) return denials.record(record);
      print(ofCall(record, operatorView(record)), record.outcome === "allowed" ? "green" : "yellow");
    },
    outcome: (record) => {
      checkTold("outcome", record);
      const { tool, outcome, withheld, invocation, code, message } = record;
      if (outcome === "returned" && withheld !== true) return;
      const how = withheld ? "ran, and its result was withheld" : outcome;
      const why = code === undefined ? "" : `, ${plainText(code)}: ${plainText(message ?? "")}`;
      print(`${plainText(tool)}: ${how} (call ${plainText(invocation)})${why}`, "yellow");
    },
    unverified: (attempt) => denials.unverified?.(attempt),
  };
}

/** The first line says which call it is: its caller may have been told that, and a log has its story by it. */
function ofCall(told: { readonly invocation: string } | undefined, text: string, more = ""): string {
  const [head = "", ...below] = text.split("\n");
  return [`${head} (call ${plainText(told?.invocation ?? "?")}${more})`, ...below].join("\n");
}

const CONSOLE: Screen = { write: (text) => globalThis.console.error(text.trimEnd()) };

const HUES = { red: 31, green: 32, yellow: 33 } as const;
type Hue = keyof typeof HUES;

/** The first line in its colour, reasons faint. */
function coloured(text: string, hue: Hue): string {
  const [head = "", ...below] = text.split("\n");
  const faint = below.map((line) => (line.trimStart().startsWith("·") ? `\u001b[2m${line}\u001b[22m` : line));
  return [`\u001b[${HUES[hue]}m${head}\u001b[39m`, ...faint].join("\n");
}

/** Node's terminals know of NO_COLOR and of dumb ones. A screen that fails when it is asked is plain. */
function isColourful(screen: Screen): boolean {
  let colourful = false;
  quietly(() => {
    if (screen.isTTY !== true) return undefined;
    const has: unknown = screen.hasColors?.();
    colourful = has === undefined || has === true;
    return has;
  });
  return colourful;
}
