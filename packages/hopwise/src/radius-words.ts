import type { BlastRadius } from "@hopwise/audit";
import { isoOf } from "@hopwise/core/adapter";
import type { RevocationKind, RevocationTarget } from "@hopwise/core/state";
import { targetWords } from "./revocation-words.ts";
import { oneLine } from "./terminal.ts";

const MOST_LINES = 20;

/** What would end, a line a chain; and what records cannot tell of it. */
export function radiusLines(target: RevocationTarget, radius: BlastRadius): readonly string[] {
  const { chains, isCut, revoked, decisions, issuers } = radius;
  const records = `in ${decisions} decisions on record`;
  if (chains.length === 0) {
    const none = `${records} no living chain is known to stand on it; one that made no call is on none`;
    return [none, ...revokedLines(revoked), ...(isIssuerKey(target, radius) ? issuerLines(issuers) : [])];
  }
  const more = chains.length - MOST_LINES;
  return [
    `${isCut ? "more than " : ""}${chains.length} living ${chains.length === 1 ? "chain stands" : "chains stand"} on it, ${records}:`,
    ...chains
      .slice(0, MOST_LINES)
      .map(
        ({ id, user, agents, lastSeen, expiresAt, calls }) =>
          `   ${oneLine(
            `${[user.id, ...agents].join(" → ")}: chain ${id}, ${calls} ${calls === 1 ? "call" : "calls"}, last ${lastSeen}, until ${isoOf(expiresAt)}`,
          )}`,
      ),
    ...(more > 0 ? [`   and ${more} more; --json has all`] : []),
    ...revokedLines(revoked),
  ];
}

/** Chains that one server refuses as revoked may live at another, or again. */
function revokedLines(count: number): readonly string[] {
  const which = count === 1 ? "one chain more stands" : `${count} chains more stand`;
  const until = "unless that was lifted since, or a server asks another store";
  return count === 0
    ? []
    : [`${which} on it and ended before: the last call on record was refused as revoked (${until})`];
}

/** A key that no agent holds is most likely an issuer's. */
function isIssuerKey(target: RevocationTarget, { isNamed, untold }: BlastRadius): boolean {
  return "key" in target && !isNamed && untold.includes("issuer_key");
}

function issuerLines(issuers: BlastRadius["issuers"]): readonly string[] {
  return [
    "records cannot tell what an issuer's key signed: if it is one, all that it signed ends. Living chains of each issuer:",
    ...(issuers.length === 0 ? ["   none on record"] : []),
    ...issuers.map(({ issuer, chains, isCut }) => `   ${oneLine(`${issuer}: ${isCut ? "more than " : ""}${chains}`)}`),
  ];
}

/** How a target of each kind is asked after, where no record names it. */
const ASKED: { readonly [Kind in RevocationKind]: string } = {
  token: "is it the whole hash, of a chain that this log's servers saw?",
  key: "is it an issuer's, an approver's, or of an agent that has not called yet?",
  agent: "is it the name of the registry, and has it called yet?",
  user: "is it the subject, and the issuer that signs chains, not that of the login?",
};

/** Whether the target may well be misspelt: no record names it, and records would. */
export function isDoubtful({ isNamed, untold, nearest }: BlastRadius): boolean {
  return !isNamed && (nearest.length > 0 || !untold.includes("issuer_key"));
}

/** What to say of a target that no record names; nothing where one does. */
export function doubtLines(target: RevocationTarget, radius: BlastRadius): readonly string[] {
  if (radius.isNamed) return [];
  const { nearest } = radius;
  const near = nearest.length === 0 ? [] : [`nearest: ${nearest.map(nameOf).join("; ")}`];
  return [`no record names ${nameOf(target)}: ${ASKED[kindOf(target)]}`, ...near].map(oneLine);
}

/** Where no audit log was given. */
export function unaskedLine(target: RevocationTarget): string {
  return `without --audit nothing here can tell what would end, nor whether there is this ${kindOf(target)}`;
}

function kindOf(target: RevocationTarget): RevocationKind {
  return (Object.keys(ASKED) as RevocationKind[]).find((kind) => kind in target) as RevocationKind;
}

/** A target without what it says of times. */
function nameOf(target: RevocationTarget): string {
  if ("user" in target) return `user ${target.user.subject} of ${target.user.issuer}`;
  return "token" in target ? `token ${target.token}` : targetWords(target);
}
