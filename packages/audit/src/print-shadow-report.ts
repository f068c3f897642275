import { plainText } from "@hopwise/core/adapter";
import { reading } from "@hopwise/core/options";
import type { ShadowedBy, ShadowedDenials, ShadowedTool, ShadowReport } from "./shadow-report.ts";

/**
 * What shadow mode let run, for people: a block for each tool, and below it what would be denied, of whom, and what would pass.
 *
 * @throws {HopwiseError} `config_invalid` for what is no report
 */
export function printShadowReport(report: ShadowReport): string {
  return reading("printShadowReport", "report", "what shadowReport gave", report, linesOfAll);
}

function linesOfAll({ tools, others }: ShadowReport): string {
  const more = others === 0 ? [] : [`${calls(others)} more would be denied, of tools and codes beyond these`];
  if (tools.length === 0) return "no call ran";
  return [...tools.flatMap(blockOf), ...more].join("\n");
}

function blockOf({ tool, passed, denials }: ShadowedTool): readonly string[] {
  const denied = denials.reduce((sum, { count }) => sum + count, 0);
  const head = `${tool}: ${calls(passed)} would run as before, ${calls(denied)} would be denied`;
  return [plainText(head), ...denials.flatMap(linesOf)];
}

function linesOf({ code, stage, count, first, last, users, agents, reasons, wouldPass }: ShadowedDenials): string[] {
  const below = [
    ...(users.length === 0 ? [] : [`of ${who(users)}`]),
    ...(agents.length === 0 ? [] : [`by ${who(agents)}`]),
    ...reasons.map((reason) => `why: ${reason}`),
    ...wouldPass.map((text) => `would pass: ${text}`),
  ];
  const head = `${code} (${stage}): ${calls(count)}, ${first === last ? first : `${first} to ${last}`}`;
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
