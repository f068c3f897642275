import { HopwiseError } from "@hopwise/core";
import type { DecisionRecord, OutcomeRecord } from "@hopwise/core/audit";
import {
  DENIAL_CODE,
  isKind,
  maybe,
  members,
  millisecondsOf,
  type Rows,
  such,
  text,
  WRITTEN_TIME,
} from "@hopwise/core/options";
import { isHash, keysIn, ofTokens, usersIn } from "./look-for.ts";

/** Which records are read. Everything that is given must hold. */
export interface AuditFilter {
  /** H(root), as in `record.chain.id`. */
  readonly chain?: string;
  /** A token anywhere in the chain, by its hash: all that was done by it, and by what hangs below it. */
  readonly token?: string;
  /** A key that an agent anywhere in the chain holds, whatever the agent is called, or by which a person approved the call: its thumbprint. */
  readonly key?: string;
  /**
   * The user at the chain's beginning, by the id that policies see, or by the subject. Of two issuers, the same id is two users.
   * A call that ended before the directory was asked is on record by the subject alone: it is found by either, where some record
   * has both.
   */
  readonly user?: { readonly issuer: string; readonly id: string };
  /** The name of an agent anywhere in the chain, without `agent:`. */
  readonly agent?: string;
  readonly tool?: string;
  /** What a list did not show: a tool or prompt by its name, a resource by its URI. The record says why. */
  readonly hidden?: string;
  readonly code?: string;
  readonly invocation?: string;
  /** From then on, and until before then: ISO 8601 (a time of day with its zone), or milliseconds since the epoch. */
  readonly since?: string | number | Date;
  readonly until?: string | number | Date;
}

const TIME = such(`a time: ${WRITTEN_TIME}; a Date; or milliseconds (not seconds) since the epoch`, isTime);

function isTime(value: unknown): boolean {
  if (typeof value === "string" || isKind(value, "Date")) return !Number.isNaN(millisecondsOf(value));
  // As milliseconds, what is less lies before 1973: they are seconds, but for the beginning itself.
  return Number.isFinite(value) && (value === 0 || (value as number) >= 1e11);
}

export const FILTER_ROWS: Rows<AuditFilter> = {
  chain: maybe(text("a chain's id, as in record.chain.id")),
  token: maybe(text("a token's hash, as in record.tokens", isHash)),
  key: maybe(text("a key's thumbprint, as in record.tokens", isHash)),
  user: maybe(
    members<NonNullable<AuditFilter["user"]>>(
      { issuer: text("an issuer, such as https://id.acme.example"), id: text("a user's id, such as alice") },
      "a user { issuer, id }",
    ),
  ),
  agent: maybe(text("an agent's name without agent:, such as planner", (name) => !name.startsWith("agent:"))),
  tool: maybe(text("a tool's name, such as send_payment")),
  hidden: maybe(text("the name of a tool or prompt, or a resource's URI")),
  code: maybe(DENIAL_CODE),
  invocation: maybe(text("an invocation, as every record names it")),
  since: maybe(TIME),
  until: maybe(TIME),
};

const HASHES = ofTokens("hash");

/**
 * Makes a filter into a question. An outcome record has no chain and no code of its own, so a filter by chain, token, key, user,
 * agent, hidden item or code lets only decisions through; `lineage` finds both.
 *
 * @param users all names of the filter's user, which may become more until the first question
 * @throws {HopwiseError} `config_invalid` where `since` does not lie before `until`: what is found would be nothing, whatever is there
 */
export function matcher(
  filter: AuditFilter,
  users: ReadonlySet<string>,
): (record: DecisionRecord | OutcomeRecord) => boolean {
  const { chain, token, key, user, agent, tool, hidden, code, invocation } = filter;
  const [since, until] = periodOf(filter);
  if (since >= until) {
    throw new HopwiseError("config_invalid", "since must lie before until: there is no time between them", {
      pointer: "/since",
    });
  }
  const decisionsOnly = [chain, token, key, user, agent, hidden, code].some((wanted) => wanted !== undefined);
  const isTheirs = (record: DecisionRecord): boolean => {
    const { chain: of, code: given, hidden: groups = [] } = record;
    const [, ...agents] = of?.hops ?? [];
    return (
      (chain === undefined || of?.id === chain) &&
      (token === undefined || HASHES(record).includes(token)) &&
      (key === undefined || keysIn(record).includes(key)) &&
      (user === undefined || (of?.issuer === user.issuer && usersIn(record).some((name) => users.has(name)))) &&
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

/** From when to when, in milliseconds since the epoch. */
export function periodOf({ since, until }: Pick<AuditFilter, "since" | "until">): readonly [number, number] {
  return [
    since === undefined ? Number.NEGATIVE_INFINITY : millisecondsOf(since),
    until === undefined ? Number.POSITIVE_INFINITY : millisecondsOf(until),
  ];
}
