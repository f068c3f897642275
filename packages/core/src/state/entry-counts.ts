import type { RevocationEntry } from "./revocation-entry.ts";

/** How many entries of a log live that count for the same: for a token above what they revoke, for an issuer. */
export interface EntryCounts {
  add(entry: RevocationEntry): void;
  delete(entry: RevocationEntry): void;
  /** Whether so many live. Those that ended are looked for only where it matters. */
  reached(share: string, most: number, nowSeconds: number): boolean;
}

export function createEntryCounts(): EntryCounts {
  const byShare = new Map<string, Map<string, number>>();
  return {
    add: ({ id, countsFor = [], untilSeconds = Number.POSITIVE_INFINITY }) => {
      for (const share of countsFor) {
        const living = byShare.get(share) ?? new Map<string, number>();
        byShare.set(share, living.set(id, untilSeconds));
      }
    },
    delete: ({ id, countsFor = [] }) => {
      for (const share of countsFor) {
        const living = byShare.get(share);
        living?.delete(id);
        if (living?.size === 0) byShare.delete(share);
      }
    },
    reached: (share, most, now) => {
      const living = byShare.get(share);
      if (living === undefined || living.size < most) return false;
      for (const [id, until] of living) if (until <= now) living.delete(id);
      return living.size >= most;
    },
  };
}
