import { plainText } from "@hopwise/core/adapter";
import { reading } from "@hopwise/core/options";
import type { ShadowedBy, ShadowedDenials, ShadowedTool, ShadowReport } from "./shadow-report.ts";

/**
 * What shadow mode let run, for people: a block for each tool, and below it what would be denied, of whom, and what would pass;
 * then what was refused all the same.
 *
 * @throws {HopwiseError} `config_invalid` for what is no report
 */
export function printShadowReport(report: ShadowReport): string {
  return reading("printShadowReport", "report", "what shadowReport gave", report, linesOfAll);
}

function linesOfAll({ tools, others, first, last }: ShadowReport): string {
  const more =
    others === 0 ? [] : [`${calls(others)} more would be denied, or were refused, of tools and codes beyond these`];
  if (tools.length === 0) return "no call is on record, and no checkpoint counts one without a valid chain";
  const counted = tools.some(({ unproven }) => unproven.length > 0) ? COUNTED : [];
  const period = first === undefined ? [] : [plainText(`Of calls from ${first} to ${last}. ${SINCE[0]}`), SINCE[1]];
  const stopped = tools.some(({ refused }) => refused.length > 0) ? REFUSED : [];
  return [...tools.flatMap(blockOf), ...more, ...stopped, ...counted, ...period].join("\n");
}

const SINCE = [
  "No record says since when shadow mode is on: calls from before it",
  "count as passed, unless --since leaves them out.",
] as const;

const REFUSED = [
  "What was refused all the same shadow mode never lets run, or it was not on for that tool: no record says of which tools it is on.",
  "What is to be done about each code says docs/errors.md.",
];

const COUNTED = [
  "Calls without a valid chain are on no record, since nobody proved to be their caller: the log's checkpoints count them. What ran",
  "since the last one is missing, and signatures are not checked here.",
];

function blockOf({ tool, passed, denials, refused, unproven }: ShadowedTool): readonly string[] {
  const [denied, stopped, ran] = [total(denials), total(refused), total(unproven)];
  const still = stopped === 0 ? "" : `; ${calls(stopped)} did not run, refused all the same`;
  const strangers = ran === 0 ? "" : `; ${calls(ran)} ran without a valid chain, and would be denied`;
  const head = `${tool}: ${calls(passed)} would run as before, ${calls(denied)} would be denied${still}${strangers}`;
  return [
    plainText(head),
    ...denials.flatMap((row) => linesOf(row)),
    ...refused.flatMap((row) => linesOf(row, ", refused all the same")),
    ...unproven.map(({ code, count }) => `   ${plainText(`${code}, without a valid chain: ${calls(count)}`)}`),
  ];
}

function total(counts: readonly { readonly count: number }[]): number {
  return counts.reduce((sum, { count }) => sum + count, 0);
}

function linesOf(row: ShadowedDenials, how = ""): string[] {
  const { code, stage, count, first, last, users, agents, reasons, wouldPass } = row;
  const below = [
    ...(users.length === 0 ? [] : [`of ${who(users)}`]),
    ...(agents.length === 0 ? [] : [`by ${who(agents)}`]),
    ...reasons.map((reason) => `why: ${reason}`),
    ...wouldPass.map((text) => `would pass: ${text}`),
  ];
  const head = `${code} (${stage})${how}: ${calls(count)}, ${first === last ? first : `${first} to ${last}`}`;
  return [`   ${plainText(head)}`, ...below.map((text) => `      ${plainText(text)}`)];
}

function who(all: readonly ShadowedBy[]): string {
  return all
    .map(({ id, issuer, count }) => `${id}${issuer === undefined ? "" : ` of ${issuer}`} (${count})`)
    .join(", ");
}

function calls(count: number): string {
  return count === 1 ? "1 call" : `${count} calls`;
}
