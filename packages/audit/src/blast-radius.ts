import type { DecisionRecord, OutcomeRecord } from "@hopwise/core/audit";
import { isPromise, maybe, mustBe, optionsOf, reading, SECONDS, whole } from "@hopwise/core/options";
import {
  isRevoked,
  type RevocationQuery,
  type RevocationTarget,
  readRevocation,
  revocationKey,
  revocationKeys,
} from "@hopwise/core/state";
import { type IssuerChains, livingByIssuer } from "./living-chains.ts";
import { subjectIn } from "./look-for.ts";
import { namedIn } from "./named-in.ts";

/** A chain that would end, as far as its calls were recorded. */
export interface AffectedChain {
  /** H(root), as in `record.chain.id`. */
  readonly id: string;
  /** H of its last token: one root may have several chains. */
  readonly leaf: string;
  /** As records name the user. */
  readonly user: { readonly issuer: string; readonly id: string };
  /** By name, first to last. */
  readonly agents: readonly string[];
  /** ISO 8601. */
  readonly lastSeen: string;
  /** Until when it would live, in seconds since the epoch. */
  readonly expiresAt: number;
  /** How many of its calls are on record. */
  readonly calls: number;
}

/**
 * What records cannot tell, so that more may end than they show. `silent_chains`: chains that made no call where these
 * records were written. `issuer_key`: which roots an issuer's key signed.
 */
export type Untold = "silent_chains" | "issuer_key";

/** What would end if something were revoked. */
export interface BlastRadius {
  /** Those that were seen last come first. */
  readonly chains: readonly AffectedChain[];
  /** More chains were there than are listed: those that were seen longest ago are left out. */
  readonly isCut: boolean;
  /**
   * How many more stand on it whose last call on record was refused as revoked. They are not in `chains`; they live where that was
   * lifted since, and at servers that ask another store.
   */
  readonly revoked: number;
  /** How many decisions were looked at, of whatever chain. */
  readonly decisions: number;
  /** What records cannot tell of such a target. */
  readonly untold: readonly Untold[];
  /** Whether any record names the target, of a living chain or not. A key is named as that of an agent, never as an issuer's. */
  readonly isNamed: boolean;
  /** Where none does: targets that records name, and that may have been meant. */
  readonly nearest: readonly RevocationTarget[];
  /** Of a key, which may be an issuer's: how many living chains each issuer has, in whose chains it would be revoked. */
  readonly issuers: readonly IssuerChains[];
}

export interface BlastOptions {
  /** The clock, in seconds since the epoch. Default: now. */
  readonly nowSeconds?: number;
  /** Most chains that are listed, and held in memory. Default 10,000. */
  readonly most?: number;
}

type AuditRecord = DecisionRecord | OutcomeRecord;

const readOptions = optionsOf<BlastOptions>("blastRadius", {
  nowSeconds: maybe(SECONDS),
  most: maybe(whole({ min: 1, max: 1_000_000, example: 10_000 })),
});

/**
 * Says what would end if this were revoked: the living chains of which calls are on record, in the order of their records,
 * such as `readAuditLog` gives. By the rules by which revocations are looked up, a record at a time.
 *
 * Records cannot tell all, and `untold` says what. A chain that made no call is on no record. Nor is the key of an issuer that
 * signed a root: revoke it, and everything of it ends.
 *
 * @throws {HopwiseError} `config_invalid` for a target that names nothing
 */
export async function blastRadius(
  target: RevocationTarget,
  records: Iterable<AuditRecord> | AsyncIterable<AuditRecord>,
  options: BlastOptions = {},
): Promise<BlastRadius> {
  const { nowSeconds = Date.now() / 1000, most = 10_000 } = readOptions(options);
  const wanted = readRevocation(target, undefined, nowSeconds, "blastRadius").target;
  const key = revocationKey(wanted);
  // In the order in which they were seen last.
  const chains = new Map<string, AffectedChain>();
  const revoked = new Set<string>();
  const named = namedIn(wanted);
  const living = livingByIssuer(wanted, most);
  let decisions = 0;
  let isCut = false;
  for await (const record of iterated(records)) {
    if (kindOfRecord(record) !== "decision") continue;
    decisions++;
    const chain = reading("blastRadius", "records", RECORDS, record as DecisionRecord, (seen) => {
      named.see(seen);
      return chainOf(seen);
    });
    if (chain === undefined || chain.expiresAt <= nowSeconds) continue;
    living.see(chain);
    const { query, isDead, ...affected } = chain;
    if (!revocationKeys(query).includes(key) || !isRevoked({ target: wanted }, query, nowSeconds)) continue;
    const calls = (chains.get(affected.leaf)?.calls ?? 0) + 1;
    chains.delete(affected.leaf);
    revoked.delete(affected.leaf);
    if (isDead) {
      if (revoked.size < most) revoked.add(affected.leaf);
      continue;
    }
    chains.set(affected.leaf, { ...affected, calls });
    if (chains.size <= most) continue;
    isCut = true;
    chains.delete(chains.keys().next().value as string);
  }
  return {
    chains: [...chains.values()].reverse(),
    isCut,
    revoked: revoked.size,
    decisions,
    untold: "key" in wanted ? ["silent_chains", "issuer_key"] : ["silent_chains"],
    isNamed: named.isNamed(),
    nearest: named.nearest(),
    issuers: living.issuers(),
  };
}

const RECORDS = "records of an audit log, such as readAuditLog gives in its entries";

/** Of what is no record, such as a whole entry, it would be said that nothing stands on the target. */
function kindOfRecord(record: AuditRecord): string {
  const kind: unknown = reading("blastRadius", "records", RECORDS, record, (given) => given.kind);
  return typeof kind === "string" ? kind : mustBe("blastRadius", "records", RECORDS, record);
}

function iterated(records: Iterable<AuditRecord> | AsyncIterable<AuditRecord>): typeof records {
  // A text can be gone through, too.
  if (typeof records !== "object" || isPromise(records)) mustBe("blastRadius", "records", RECORDS, records);
  return reading("blastRadius", "records", RECORDS, { records }, () => {
    const { [Symbol.iterator]: one, [Symbol.asyncIterator]: other } = Object(records) as Partial<
      Iterable<AuditRecord> & AsyncIterable<AuditRecord>
    >;
    if (typeof one === "function" || typeof other === "function") return records;
    throw new TypeError("nothing to go through");
  });
}

interface SeenChain extends Omit<AffectedChain, "calls"> {
  /** By its last record it is revoked already. */
  readonly isDead: boolean;
  /** What its calls stand on. */
  readonly query: RevocationQuery;
}

function chainOf(record: DecisionRecord): SeenChain | undefined {
  const { chain, tokens, time, code } = record;
  const [root, leaf] = [tokens[0], tokens.at(-1)];
  if (chain === undefined || root === undefined || leaf === undefined) return undefined;
  const id = chain.hops[0]?.id ?? "";
  const [subject = ""] = subjectIn(record);
  const query = {
    user: { issuer: chain.issuer, subject },
    tokens: tokens.map(({ hash }) => hash),
    keys: tokens.map(({ key }) => key),
    agents: tokens.map(({ agent }) => agent),
    issuedAt: root.issuedAt,
  };
  return {
    id: chain.id ?? root.hash,
    leaf: leaf.hash,
    user: { issuer: chain.issuer, id },
    agents: query.agents,
    lastSeen: time,
    expiresAt: Math.min(...tokens.map(({ expiresAt }) => expiresAt)),
    isDead: code === "revoked",
    query,
  };
}
