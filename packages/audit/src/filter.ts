import { HopwiseError } from "@hopwise/core";
import type { DecisionRecord, OutcomeRecord } from "@hopwise/core/audit";

/** Which records are read. Everything that is given must hold. */
export interface AuditFilter {
  /** H(root), as in `record.chain.id`. */
  readonly chain?: string;
  /** The user at the chain's beginning. Of two issuers, the same id is two users. */
  readonly user?: { readonly issuer: string; readonly id: string };
  /** The name of an agent anywhere in the chain, without `agent:`. */
  readonly agent?: string;
  readonly tool?: string;
  /** What a list did not show: a tool or prompt by its name, a resource by its URI. The record says why. */
  readonly hidden?: string;
  readonly code?: string;
  readonly invocation?: string;
  /** From then on, and until before then: ISO 8601, or milliseconds since the epoch. */
  readonly since?: string | number | Date;
  readonly until?: string | number | Date;
}

/**
 * Makes a filter into a question. An outcome record has no chain and no code of its own, so a filter by chain, user,
 * agent or code lets only decisions through; `lineage` finds both.
 *
 * @throws {HopwiseError} `config_invalid` for a time that cannot be read
 */
export function matcher(filter: AuditFilter): (record: DecisionRecord | OutcomeRecord) => boolean {
  const { chain, user, agent, tool, hidden, code, invocation } = filter;
  const since = instant(filter.since, Number.NEGATIVE_INFINITY);
  const until = instant(filter.until, Number.POSITIVE_INFINITY);
  const decisionsOnly = [chain, user, agent, hidden, code].some((wanted) => wanted !== undefined);
  const isTheirs = ({ chain: of, code: given, hidden: groups = [] }: DecisionRecord): boolean => {
    const [first, ...agents] = of?.hops ?? [];
    return (
      (chain === undefined || of?.id === chain) &&
      (user === undefined || (of?.issuer === user.issuer && first?.kind === "user" && first.id === user.id)) &&
      (agent === undefined || agents.some(({ id }) => id === `agent:${agent}`)) &&
      (hidden === undefined || groups.some(({ items }) => items.includes(hidden))) &&
      (code === undefined || given === code)
    );
  };
  return (record) => {
    const time = new Date(record.time).getTime();
    return (
      (invocation === undefined || record.invocation === invocation) &&
      (tool === undefined || record.tool === tool) &&
      time >= since &&
      time < until &&
      (!decisionsOnly || (record.kind === "decision" && isTheirs(record)))
    );
  };
}

function instant(time: AuditFilter["since"], open: number): number {
  const ms = time === undefined ? open : new Date(time).getTime();
  if (Number.isNaN(ms)) throw new HopwiseError("config_invalid", "readAuditLog: since or until is not a time");
  return ms;
}
