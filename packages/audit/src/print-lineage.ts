import { explain } from "@hopwise/core";
import { isoOf } from "@hopwise/core/adapter";
import type { DecisionRecord, Explanation, TokenRecord } from "@hopwise/core/audit";
import { atLeast, list, maybe, members, readerOf, reading } from "@hopwise/core/options";
import type { ContextOrigin } from "@hopwise/core/sources";
import type { Lineage } from "./lineage.ts";
import { printOutcome } from "./print-outcome.ts";
import { plain, printRecord } from "./print-record.ts";

const A_STORY = "what lineage gave; it gives undefined for a call that the log does not have";
const RECORD = atLeast<object>({}, "a record");
const readStory = readerOf<Lineage>(
  "printLineage",
  members<Lineage>(
    {
      decision: RECORD,
      outcome: maybe(RECORD),
      place: RECORD,
      before: list(RECORD, "a list of records"),
      after: list(RECORD, "a list of records"),
    },
    A_STORY,
  ),
);

/**
 * One call's story as a tree for people. Texts from elsewhere are printed as plain text.
 *
 * @throws {HopwiseError} `config_invalid` for what is no story
 */
export function printLineage(story: Lineage): string {
  return reading("printLineage", "story", A_STORY, readStory(story), linesOf);
}

function linesOf({ decision, outcome, place, before, after }: Lineage): string {
  const { text, children } = explain(decision);
  const lines = [
    text,
    `   call ${plain(decision.invocation)} at ${plain(decision.time)}, decided for ${plain(decision.audience)}`,
    `   record ${place.seq} of ${plain(place.writer)} (${plain(place.file)}:${place.line})`,
    ...before.map((other) => `   before: ${printRecord(other)}`),
    ...hops(decision, children),
    ...textsOf(children.filter(({ kind }) => kind !== "hop")).map((line) => `   ${line}`),
    ...question(decision),
    ...(decision.context ?? []).map((origin) => `   ${originLine(origin)}`),
    ...leftLines(decision),
    ...hiddenLines(decision),
    ...ending(decision, outcome),
    ...after.map((other) => `   after: ${printRecord(other)}`),
  ];
  return lines.join("\n");
}

const VIA = { proof: "by a proof of the last key", session: "in a session", user: "by the user's own sign-in" };

/** Who handed what to whom, and what the policies said of each. */
function hops({ chain, tokens, verdicts, via }: DecisionRecord, explained: readonly Explanation[]): string[] {
  if (chain === undefined) return ["   the caller is not known"];
  return explained.slice(0, chain.hops.length).flatMap((hop, i) => {
    const indent = "   ".repeat(i + 1);
    const inner = `${indent}${i === 0 ? "" : "   "}   `;
    const token = tokens[i - 1];
    const { cerbosCallId: call, cerbosPositions: places } = verdicts[i] ?? {};
    const inside = [
      ...(i === 0 ? [`of ${plain(chain.issuer)}`, ...loginLines(tokens[0])] : []),
      ...(token === undefined ? [] : tokenLines(token, i === 1 ? chain.issuer : chain.hops[i - 1]?.id)),
      ...(i === chain.hops.length - 1 ? [`called ${plain(VIA[via] ?? via)}`] : []),
      ...textsOf(hop.children),
      ...(call === undefined
        ? []
        : [
            `Cerbos call ${plain(call)}${places === undefined ? "" : `, at ${plain(places.join(" and "))} among its results`}`,
          ]),
    ];
    // An explanation has the call's id only where the hop did not simply allow.
    return [`${indent}${i === 0 ? "" : "└─ "}${hop.text}`, ...[...new Set(inside)].map((line) => inner + line)];
  });
}

function textsOf(nodes: readonly Explanation[]): string[] {
  return nodes.map(({ text }) => text);
}

/** Which login stood behind the root, where its issuer says. */
function loginLines(root: TokenRecord | undefined): string[] {
  if (root?.login === undefined) return [];
  const { kind, issuer, subject, authTime } = root.login;
  const when = authTime === undefined ? "" : `, ${isoOf(authTime)}`;
  return [`logged in as ${plain(subject)} at ${plain(issuer)} (${plain(kind)}${when})`];
}

function tokenLines(token: TokenRecord, maker: string | undefined): string[] {
  const { hash, jti, key, issuedAt, expiresAt, tools, handed } = token;
  return [
    `was handed ${tools.map(plain).join(", ") || "nothing"} by ${plain(maker)}`,
    ...(handed === undefined ? [] : [`for this call: ${plain(handed)}`]),
    `from ${isoOf(issuedAt)} to ${isoOf(expiresAt)}, by token ${plain(hash)} (jti ${plain(jti)}), for key ${plain(key)}`,
  ];
}

function question({ asked, pdp, argumentsHash, arguments: kept, argumentsTooLong: tooLong }: DecisionRecord): string[] {
  const { received, parsed } = argumentsHash;
  const schema = parsed === undefined ? "" : `, as the tool's schema made them ${plain(parsed)}`;
  const version = asked?.policyVersion === undefined ? "" : ` of version ${plain(asked.policyVersion)}`;
  const scope = asked?.scope === undefined ? "" : ` in scope ${plain(asked.scope)}`;
  const cerbos = pdp === undefined ? "" : `, of Cerbos ${plain(pdp.version)}`;
  return [
    ...(asked === undefined
      ? []
      : [`   asked: ${plain(asked.action)} on ${plain(asked.kind)}${version}${scope}${cerbos}`]),
    `   arguments: sha-256 ${plain(received)}${schema}`,
    ...(kept === undefined ? [] : [`   kept of them: ${plain(JSON.stringify(kept))}`]),
    ...(tooLong === undefined ? [] : [`   too long to be kept: ${tooLong.map(plain).join(", ")}`]),
  ];
}

function leftLines({ left }: DecisionRecord): string[] {
  if (left === undefined) return [];
  const { id, calls, sums = {} } = left;
  const ofTools = Object.entries(sums).flatMap(([tool, of]) =>
    Object.entries(of).map(([name, rest]) => `${plain(rest)} in ${plain(name)} of ${plain(tool)}`),
  );
  const all = [...(calls === undefined ? [] : [`calls ${plain(calls)}`]), ...ofTools];
  return [`   left of the budget ${plain(id)}: ${all.join(", ")}`];
}

function originLine({ of, source, ageMs, missing }: ContextOrigin): string {
  const age = ageMs === 0 ? "asked for this call" : `${plain(Math.ceil(ageMs))} ms old`;
  return `attributes of ${plain(of)}: ${missing ? "none " : ""}from ${plain(source)}, ${age}`;
}

/** What a list did not show: at which stage, and at whom. */
function hiddenLines({ hidden = [], chain }: DecisionRecord): string[] {
  return hidden.map(({ code, stage, hop, items, enforced }) => {
    const how = enforced === false ? "would be hidden" : "hidden";
    const who = hop === undefined ? "" : ` at ${plain(chain?.hops[hop]?.id ?? hop)}`;
    return `   ${how} by ${plain(stage)}${who} (${plain(code)}): ${items.map(plain).join(", ")}`;
  });
}

function ending(decision: DecisionRecord, outcome: Lineage["outcome"]): string[] {
  const { outcome: decided, shown } = decision;
  if (shown !== undefined) return [`   outcome: ${plain(shown.items)} of ${plain(shown.of)} items were shown`];
  if (outcome === undefined) {
    return [decided === "allowed" ? "   no outcome: cut off, or never heard of again" : "   the tool did not run"];
  }
  return [`   outcome: ${printOutcome(decision, outcome)}`];
}
