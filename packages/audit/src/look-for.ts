import type { DecisionRecord, OutcomeRecord } from "@hopwise/core/audit";
import { nearest } from "@hopwise/core/options";

/** A name that somebody typed. */
export interface Wanted {
  readonly name: string;
  /** In whose chains; of any issuer where it is left out. */
  readonly issuer?: string | undefined;
  /** Where a record has such names. */
  namesIn(record: DecisionRecord | OutcomeRecord): readonly string[];
}

/** What records say of it. */
export interface Sought {
  see(record: DecisionRecord | OutcomeRecord): void;
  /** Whether a record has it, whatever became of the call. */
  isNamed(): boolean;
  /** Where none has it: what records have that may have been meant. The name at other issuers first, then one that reads like it. */
  others(): readonly Pick<Wanted, "name" | "issuer">[];
}

const MOST_ISSUERS = 5;

/** Looks for a name in records, one at a time. Of all other names the nearest one alone is kept. */
export function lookFor({ name, issuer, namesIn }: Wanted): Sought {
  const elsewhere = new Set<string>();
  let isNamed = false;
  let near: string | undefined;
  // The file may have been changed, so none of its values is sure to be a text.
  const note = (other: unknown, of: string | undefined): void => {
    const isTheirs = issuer === undefined || of === issuer;
    if (typeof other !== "string") return;
    if (other === name && isTheirs) isNamed = true;
    else if (other === name) elsewhere.size < MOST_ISSUERS && of !== undefined && elsewhere.add(of);
    // Of two hashes that look alike, neither is meant by the other.
    else if (isTheirs && other !== near && !isHash(name)) near = nearest(name, [near ?? other, other]);
  };
  return {
    see: (record) => {
      if (isNamed) return;
      const of = record.kind === "decision" ? record.chain?.issuer : undefined;
      for (const other of namesIn(record)) note(other, of);
    },
    isNamed: () => isNamed,
    others: () => {
      if (isNamed) return [];
      return [
        ...[...elsewhere].map((of) => ({ name, issuer: of })),
        ...(near === undefined ? [] : [{ name: near, issuer }]),
      ];
    },
  };
}

/** Of a token, or a key's thumbprint. */
export function isHash(name: string): boolean {
  return /^[\w-]{43}$/.test(name);
}

/** How ids begin that are made of issuer and subject. */
const ISSUED = "iss:";

/** The names of a record's user: the id that it has, and the subject, where that is another one. */
export function usersIn(record: DecisionRecord | OutcomeRecord): readonly string[] {
  const chain = record.kind === "decision" ? record.chain : undefined;
  const first = chain?.hops?.[0];
  if (first?.kind !== "user") return [];
  const id = String(first.id);
  if (chain?.subject !== undefined) return [id, String(chain.subject)];
  const made = `${ISSUED}${String(chain?.issuer).replace(/[%#]/g, encodeURIComponent)}#`;
  return id.startsWith(made) ? [id, id.slice(made.length)] : [id];
}

/** The subject alone, by which users are revoked. */
export function subjectIn(record: DecisionRecord | OutcomeRecord): readonly string[] {
  return usersIn(record).slice(-1);
}

/** The keys that a record names: those of the chain's agents, and those by which people approved the call. */
export function keysIn(record: DecisionRecord | OutcomeRecord): readonly string[] {
  const approved = record.kind === "decision" ? (record.approved?.by ?? []) : [];
  return [...ofTokens("key")(record), ...approved.map(({ key }) => key)];
}

/** What each token of a record's chain has of one member. */
export function ofTokens(member: "agent" | "key" | "hash"): Wanted["namesIn"] {
  return (record) => (record.kind === "decision" ? (record.tokens ?? []).map((token) => token[member]) : []);
}
