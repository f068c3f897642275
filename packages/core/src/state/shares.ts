import { HopwiseError } from "../errors.ts";
import type { ClaimAbout } from "./replay.ts";

/** How many proofs each user and each root may have remembered at once. */
export interface Shares {
  /** Takes one of each share. @returns the sharers, to be given back @throws {HopwiseError} `state_unavailable` */
  take(about: Pick<ClaimAbout, "owner" | "root">): readonly string[];
  giveBack(sharers: readonly string[]): void;
}

/** Nobody fills a memory for all. */
export function createShares(mostOfUser: number, mostOfRoot: number): Shares {
  const taken = new Map<string, number>();
  return {
    take: ({ owner, root }) => {
      const bounds = new Map([
        ...(owner === undefined ? [] : [[`user ${owner}`, mostOfUser] as const]),
        ...(root === undefined ? [] : [[`root ${root}`, mostOfRoot] as const]),
      ]);
      for (const [sharer, most] of bounds) {
        if ((taken.get(sharer) ?? 0) < most) continue;
        throw new HopwiseError("state_unavailable", `more than ${most} live proofs of one ${sharer.slice(0, 4)}`);
      }
      const sharers = [...bounds.keys()];
      for (const sharer of sharers) taken.set(sharer, (taken.get(sharer) ?? 0) + 1);
      return sharers;
    },
    giveBack: (sharers) => {
      for (const sharer of sharers) {
        const left = (taken.get(sharer) as number) - 1;
        if (left === 0) taken.delete(sharer);
        else taken.set(sharer, left);
      }
    },
  };
}
