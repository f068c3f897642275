import type { RevocationTarget } from "@hopwise/core/state";

/** How many living chains of an issuer's roots are on record. */
export interface IssuerChains {
  readonly issuer: string;
  readonly chains: number;
  /** There were more: those that were seen longest ago are not counted. */
  readonly isCut: boolean;
}

interface Living {
  readonly leaf: string;
  readonly isDead: boolean;
  readonly user: { readonly issuer: string };
}

/** Counts, for a key alone, the living chains of each issuer whose key it may be. Holds no more than `most` of them. */
export function livingByIssuer(
  target: RevocationTarget,
  most: number,
): { see(chain: Living): void; issuers(): readonly IssuerChains[] } {
  const chains = new Map<string, string>();
  const cut = new Set<string>();
  return {
    see: ({ leaf, isDead, user: { issuer } }) => {
      if (!("key" in target) || (target.issuer ?? issuer) !== issuer) return;
      chains.delete(leaf);
      if (isDead) return;
      chains.set(leaf, issuer);
      if (chains.size <= most) return;
      const [oldest, of] = chains.entries().next().value as [string, string];
      chains.delete(oldest);
      if (cut.size < most) cut.add(of);
    },
    issuers: () => {
      const counts = new Map<string, number>([...cut].map((issuer) => [issuer, 0]));
      for (const issuer of chains.values()) counts.set(issuer, (counts.get(issuer) ?? 0) + 1);
      return [...counts]
        .map(([issuer, count]) => ({ issuer, chains: count, isCut: cut.has(issuer) }))
        .sort((a, b) => b.chains - a.chains);
    },
  };
}
