import { plainText } from "@hopwise/core/adapter";
import type { DecisionRecord, OutcomeRecord } from "@hopwise/core/audit";
import { reading } from "@hopwise/core/options";

/**
 * A record in one line for people: when, what, how it ended, for whom, and which call.
 *
 * @throws {HopwiseError} `config_invalid` for what is no record
 */
export function printRecord(record: DecisionRecord | OutcomeRecord): string {
  return reading("printRecord", "record", "a record of an audit log", record, lineOf);
}

function lineOf(record: DecisionRecord | OutcomeRecord): string {
  const how = record.kind === "decision" ? whyOf(record) : "";
  const hops = record.kind === "decision" ? (record.chain?.hops ?? []) : [];
  const who = hops.length === 0 ? "" : `, ${hops.map(({ id }) => plain(id).replace(/^agent:/, "")).join(" → ")}`;
  return `${plain(record.time)} ${plain(record.tool)} ${plain(record.outcome)}${how}${who}, call ${plain(record.invocation)}`;
}

function whyOf({ code, shadow }: DecisionRecord): string {
  if (code !== undefined) return ` (${plain(code)})`;
  return shadow === undefined ? "" : ` in shadow mode alone (would be denied: ${plain(shadow.code)})`;
}

/** The file that holds a record may have been changed, so none of its values is sure to be a text. */
export function plain(value: unknown): string {
  return plainText(typeof value === "string" ? value : String(JSON.stringify(value)));
}
