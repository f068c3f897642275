import { printOutcome } from "@hopwise/audit";
import { explain, operatorView } from "@hopwise/core";
import { type DecisionRecord, type Explainable, helpOf, type OutcomeRecord } from "@hopwise/core/audit";
import { isObject } from "@hopwise/core/options";
import { FOLDERS_HELP, storyIn } from "../audit-folders.ts";
import { type Command, JSON_OPTION, type Typed } from "../command.ts";
import { readText } from "../input.ts";
import { jsonText, oneLine, paint, type Terminal } from "../terminal.ts";
import { wrong } from "../wrong.ts";

/** Explains decisions. */
export const explainCommand: Command = {
  name: "explain",
  words: "[FILE]",
  count: [0, 1],
  summary: "Explains a decision or its record: which hop, which policy and rule, which value, and what would pass.",
  details: [
    "Reads FILE, or standard input: one decision or record as JSON, or a line for each, as jsonLinesAudit writes them;",
    "or as a file of an audit log has them; other lines are left out. Attempts of callers who proved nothing are explained, too.",
    "Of an allowed call it says what came of it, where that is on record, too.",
    "With --audit the record is taken out of an audit log by its invocation.",
    FOLDERS_HELP,
  ],
  options: {
    invocation: { value: "ID", help: "only the decision about this call" },
    audit: { value: "FOLDER", many: true, help: "an audit log; needs --invocation; of several instances each" },
    ...JSON_OPTION,
  },
  async run(typed, terminal) {
    const decisions = await readDecisions(typed, terminal);
    for (const decision of decisions) {
      if (typed.has("json")) terminal.out(jsonText(inJson(explained(explain, decision), decision)));
      else terminal.out(inWords(explained(operatorView, decision), decision, terminal));
    }
    if (!typed.has("json")) for (const line of whatToDo(decisions)) terminal.out(line);
    return decisions.length > 0 ? 0 : 1;
  },
};

async function readDecisions(typed: Typed, terminal: Terminal): Promise<readonly Found[]> {
  const invocation = typed.value("invocation");
  if (typed.has("audit")) return readLogs(typed, terminal, invocation);
  const text = await readText(typed.words[0], "a decision", terminal);
  const all = decisionsIn(text);
  const warnings = text.match(new RegExp(WARNINGS, "gm"))?.length ?? 0;
  if (warnings > 0) terminal.err(`warnings of Hopwise among its lines: ${warnings}; grep -E "${WARNINGS}" shows them`);
  const asked = all.filter((it) => invocation === undefined || it.invocation === invocation);
  if (all.length > 0 && asked.length === 0) terminal.err("none of its decisions is about that call");
  return asked;
}

async function readLogs(typed: Typed, terminal: Terminal, invocation: string | undefined): Promise<readonly Found[]> {
  if (invocation === undefined) throw wrong("--audit needs --invocation");
  if (typed.words.length > 0) throw wrong("give a file or --audit, not both");
  const found = await storyIn(typed.values("audit"), invocation, typed, terminal);
  return found === undefined ? [] : [{ ...found.decision, came: found.outcome }];
}

/**
 * Where a server's standard error was sent to a file, nobody saw its warnings. They are counted and not shown: what a line holds that
 * merely looks like one is not known.
 */
const WARNINGS = "^hopwise: |HopwiseWarning: ";

/**
 * A decision with what tells it from others. `unproven` counts the attempts of its code so far, where its caller proved nothing;
 * `came` is what came of its call.
 */
type Found = Explainable & {
  readonly invocation?: unknown;
  readonly time?: unknown;
  readonly unproven?: number;
  readonly came?: OutcomeRecord | undefined;
};

/** One JSON text, a list, or one a line among other lines. */
function decisionsIn(text: string): readonly Found[] {
  const whole = parsed(text);
  const values = (whole === undefined ? text.split("\n").map(parsed) : [whole].flat()).map(recordIn);
  const outcomes = new Map(values.filter(isOutcome).map((outcome) => [outcome.invocation, outcome]));
  const decisions = values.flatMap((value) =>
    isDecision(value) ? [{ ...value, came: outcomes.get(value.invocation as string) }] : attemptIn(value),
  );
  if (decisions.length > 0) return decisions;
  throw wrong(
    `There is no decision in it: JSON with outcome, tool and verdicts is expected, or an attempt with its code, message and tool${
      whole === undefined ? "; where a program wrote this, its last lines may say what it died of" : ""
    }`,
  );
}

/** What a text is in JSON. A parser's own message would quote the text. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A line of an audit log holds a record; any other value is what it says itself. */
function recordIn(value: unknown): unknown {
  return isObject(value) && isObject(value["record"]) && typeof value["prev"] === "string" ? value["record"] : value;
}

function isDecision(value: unknown): value is Found {
  if (!isObject(value) || !Array.isArray(value["verdicts"]) || typeof value["tool"] !== "string") return false;
  return ["allowed", "denied", "pending"].includes(value["outcome"] as string);
}

function isOutcome(value: unknown): value is OutcomeRecord {
  return isObject(value) && value["kind"] === "outcome" && typeof value["invocation"] === "string";
}

/** An attempt before a proof held, by itself or as jsonLinesAudit counts it: the denial of a caller who is not known. */
function attemptIn(value: unknown): readonly Found[] {
  if (!isObject(value)) return [];
  const { unverified, code = unverified, message, tool, invocation, time, count, enforced } = value;
  if ([code, message, tool].some((text) => typeof text !== "string")) return [];
  const why = { code, message, ...only(value, ["hop", "pointer", "rule"]) };
  const found = enforced === false ? { outcome: "allowed", shadow: why } : { outcome: "denied", ...why };
  const chain = only(value, ["chain"]);
  const unproven = typeof count === "number" ? count : 1;
  return [{ ...found, ...chain, tool, verdicts: [], invocation, time, unproven } as unknown as Found];
}

function only(from: Readonly<Record<string, unknown>>, names: readonly string[]): object {
  return Object.fromEntries(names.filter((name) => from[name] !== undefined).map((name) => [name, from[name]]));
}

/** The file may hold anything that looks like a decision. */
function explained<Made>(make: (decision: Explainable) => Made, decision: Explainable): Made {
  try {
    return make(decision);
  } catch {
    throw wrong("What was given looks like a decision, and is not one that can be read");
  }
}

/** With what came of the call as its record has it: what a program asks of it is in there by name. */
function inJson(explanation: object, decision: Found): object {
  return { ...explanation, ...callOf(decision), ...(decision.came && { came: decision.came }) };
}

function inWords(view: string, decision: Found, terminal: Terminal): string {
  const { outcome, unproven } = decision;
  const [headline = "", ...rest] = view.split("\n");
  const color = outcome === "allowed" ? "green" : outcome === "denied" ? "red" : "yellow";
  const { invocation, time } = callOf(decision);
  const call = [
    ...(invocation === undefined ? [] : [`call ${invocation}`]),
    ...(time === undefined ? [] : [`at ${time}`]),
  ];
  const stranger = unproven === undefined ? [] : [`before any proof held: attempt ${unproven} with this code`];
  const lines = [...cameOf(decision), call.join(" "), ...stranger]
    .filter((line) => line !== "")
    .map((line) => `· ${line}`);
  return [paint(terminal, color, headline), ...rest, ...lines].join("\n");
}

/** What was owed is not what was done: a pointer with a typo takes nothing out, and a tool may fail. */
function cameOf({ came, ...decision }: Found): readonly string[] {
  if (came === undefined) return [];
  try {
    return [`outcome: ${printOutcome(decision as unknown as DecisionRecord, came)}`];
  } catch {
    return ["outcome: on record, and not in a form that can be read"];
  }
}

/** Behind all decisions, once for each code: many calls are refused for one reason. */
function whatToDo(decisions: readonly Found[]): readonly string[] {
  const codes = new Set(decisions.map(({ code, shadow }) => shadow?.code ?? code));
  const lines = Array.from(codes, (code) => {
    const help = typeof code === "string" ? helpOf(code) : undefined;
    return help === undefined ? [] : [`· ${code}: ${help}`];
  }).flat();
  return lines.length === 0 ? [] : ["What to do:", ...lines];
}

/** Which call it is about, and when: what `--invocation` takes. */
function callOf({ invocation, time }: Found): { readonly invocation?: string; readonly time?: string } {
  const texts = Object.entries({ invocation, time }).filter(([, text]) => typeof text === "string");
  return Object.fromEntries(texts.map(([name, text]) => [name, oneLine(text as string)]));
}
