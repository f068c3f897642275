import { plainText } from "@hopwise/core/adapter";
import type { DecisionRecord, HopVerdict, TokenRecord } from "@hopwise/core/audit";
import type { ContextOrigin } from "@hopwise/core/sources";
import type { Lineage } from "./lineage.ts";

/** One call's story as a tree for people. Texts from elsewhere are printed as plain text. */
export function printLineage({ decision, outcome, place, before, after }: Lineage): string {
  const lines = [
    `${headline(decision)}`,
    `   call ${plain(decision.invocation)} at ${plain(decision.time)}, decided for ${plain(decision.audience)}`,
    `   record ${place.seq} of ${plain(place.writer)} (${plain(place.file)}:${place.line})`,
    ...before.map((other) => `   before: ${summary(other)}`),
    ...hops(decision),
    ...refusal(decision),
    ...question(decision),
    ...(decision.context ?? []).map((origin) => `   ${originLine(origin)}`),
    ...hiddenLines(decision),
    ...ending(decision, outcome),
    ...after.map((other) => `   after: ${summary(other)}`),
  ];
  return lines.join("\n");
}

const VIA = { proof: "by a proof of the last key", session: "in a session", user: "by the user's own sign-in" };

function headline({ outcome, tool, code, reason, message }: DecisionRecord): string {
  if (outcome !== "denied") return `${plain(outcome)} ${plain(tool)}`;
  return `denied ${plain(tool)}: ${plain(code)}: ${plain(reason ?? message)}`;
}

function summary({ time, outcome, tool, code, invocation }: DecisionRecord): string {
  const how = code === undefined ? plain(outcome) : `${plain(outcome)} (${plain(code)})`;
  return `${plain(time)} ${plain(tool)} ${how}, call ${plain(invocation)}`;
}

/** Who handed what to whom, and what the policies said of each. */
function hops({ chain, tokens, verdicts, via, hop: failed, stage, code, shown }: DecisionRecord): string[] {
  if (chain === undefined) return ["   the caller is not known"];
  const lines: string[] = [];
  for (const [i, { id }] of chain.hops.entries()) {
    const indent = "   ".repeat(i + 1);
    const whose = i === 0 ? ` of ${plain(chain.issuer)}` : "";
    const called = i === chain.hops.length - 1 ? `, who called ${plain(VIA[via] ?? via)}` : "";
    lines.push(`${indent}${i === 0 ? "" : "└─ "}${plain(id)}${whose}${called}`);
    const inner = `${indent}${i === 0 ? "" : "   "}   `;
    const token = tokens[i - 1];
    if (i === 0) lines.push(...loginLines(tokens[0]).map((line) => inner + line));
    const maker = i === 1 ? chain.issuer : chain.hops[i - 1]?.id;
    if (token !== undefined) lines.push(...tokenLines(token, maker).map((line) => inner + line));
    const verdict = verdicts.find(({ hop }) => hop === i);
    if (verdict !== undefined) lines.push(`${inner}policies: ${said(verdict)}`);
    else if (failed === i) lines.push(`${inner}stopped by ${plain(stage)}: ${plain(code)}`);
    // They were asked about the items of a list, and no record says what each answer was.
    else if (shown === undefined) lines.push(`${inner}policies: not asked`);
  }
  return lines;
}

/** Which login stood behind the root, where its issuer says. */
function loginLines(root: TokenRecord | undefined): string[] {
  if (root?.login === undefined) return [];
  const { kind, issuer, subject, authTime } = root.login;
  const when = authTime === undefined ? "" : `, ${instant(authTime)}`;
  return [`logged in as ${plain(subject)} at ${plain(issuer)} (${plain(kind)}${when})`];
}

function tokenLines(token: TokenRecord, maker: string | undefined): string[] {
  const { hash, jti, key, issuedAt, expiresAt, tools, handed } = token;
  return [
    `was handed ${tools.map(plain).join(", ") || "nothing"} by ${plain(maker)}`,
    ...(handed === undefined ? [] : [`for this call: ${plain(handed)}`]),
    `from ${instant(issuedAt)} to ${instant(expiresAt)}, by token ${plain(hash)} (jti ${plain(jti)}), for key ${plain(key)}`,
  ];
}

const EFFECTS: { readonly [effect: string]: string } = { allow: "allow it", deny: "deny it", error: "failed" };

function said({ effect, delegation, reasons, problem, policy, cerbosCallId }: HopVerdict): string {
  const words = [EFFECTS[effect] ?? plain(effect)];
  if (problem !== undefined) words.push(`(${plain(problem)})`);
  if (delegation === "allow") words.push("and handing it on");
  else if (delegation !== undefined) words.push(`but not handing it on (${plain(delegation)})`);
  words.push(...reasons.map((reason) => `"${plain(reason)}"`));
  const sources = [
    ...(policy === undefined ? [] : [`by ${plain(policy)}`]),
    ...(cerbosCallId === undefined ? [] : [`in Cerbos call ${plain(cerbosCallId)}`]),
  ];
  return [words.join(" "), ...sources].join(", ");
}

/** Where a denied call met its end, and what would have passed. */
function refusal({ rule, pointer, wouldPass, chain }: DecisionRecord): string[] {
  const { accepts, grantableBy } = wouldPass ?? {};
  const granter = grantableBy === undefined ? undefined : chain?.hops[grantableBy]?.id;
  return [
    ...(rule === undefined ? [] : [`   refused by rule: ${plain(rule)}`]),
    ...(pointer ? [`   at: ${plain(pointer)}`] : []),
    ...(accepts === undefined ? [] : [`   would pass: ${plain(accepts)}`]),
    ...(granter === undefined ? [] : [`   could be handed on by: ${plain(granter)}`]),
  ];
}

/** What the policies were asked about, and what the result had to go through. */
function question({ asked, pdp, argumentsHash, arguments: kept, obligations }: DecisionRecord): string[] {
  const { received, parsed } = argumentsHash;
  const schema = parsed === undefined ? "" : `, as the tool's schema made them ${plain(parsed)}`;
  const scope = asked?.scope === undefined ? "" : ` in scope ${plain(asked.scope)}`;
  const version = pdp === undefined ? "" : `, of Cerbos ${plain(pdp.version)}`;
  const { redact = [], limit = {} } = obligations ?? {};
  return [
    ...(asked === undefined ? [] : [`   asked: ${plain(asked.action)} on ${plain(asked.kind)}${scope}${version}`]),
    `   arguments: sha-256 ${plain(received)}${schema}`,
    ...(kept === undefined ? [] : [`   kept of them: ${plain(JSON.stringify(kept))}`]),
    ...redact.map((pointer) => `   owed: ${plain(pointer)} is taken out of the result`),
    ...Object.entries(limit).map(
      ([pointer, most]) => `   owed: at most ${plain(most)} items at ${plain(pointer || "the top")}`,
    ),
  ];
}

function originLine({ of, source, ageMs, missing }: ContextOrigin): string {
  const age = ageMs === 0 ? "asked for this call" : `${plain(Math.ceil(ageMs))} ms old`;
  return `attributes of ${plain(of)}: ${missing ? "none " : ""}from ${plain(source)}, ${age}`;
}

/** What a list did not show: at which stage, and at whom. */
function hiddenLines({ hidden = [], chain }: DecisionRecord): string[] {
  return hidden.map(({ code, stage, hop, items }) => {
    const who = hop === undefined ? "" : ` at ${plain(chain?.hops[hop]?.id ?? hop)}`;
    return `   hidden by ${plain(stage)}${who} (${plain(code)}): ${items.map(plain).join(", ")}`;
  });
}

function ending({ outcome: decided, shown }: DecisionRecord, outcome: Lineage["outcome"]): string[] {
  if (shown !== undefined) return [`   outcome: ${plain(shown.items)} of ${plain(shown.of)} items were shown`];
  if (outcome === undefined) {
    return [decided === "allowed" ? "   no outcome: cut off, or never heard of again" : "   the tool did not run"];
  }
  const hash = outcome.resultHash === undefined ? "" : `, result sha-256 ${plain(outcome.resultHash)}`;
  const redacted = outcome.redacted?.length ? `, taken out of it: ${outcome.redacted.map(plain).join(", ")}` : "";
  const withheld = outcome.withheld ? ", withheld: it could not be changed as the policies oblige to" : "";
  const after = `after ${Math.round(outcome.durationMs)} ms`;
  return [`   outcome: ${plain(outcome.outcome)} ${after} at ${plain(outcome.time)}${hash}${redacted}${withheld}`];
}

function instant(seconds: number): string {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? "?" : date.toISOString();
}

/** The file that holds the record may have been changed, so none of its values is sure to be a text. */
function plain(value: unknown): string {
  return plainText(typeof value === "string" ? value : String(JSON.stringify(value)));
}
