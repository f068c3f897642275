/** The heaps of the processes that nobody kills. */
import { setTimeout as delay } from "node:timers/promises";
import { serialize } from "@hopwise/core";
import { aRoot, below, type Company } from "./chains.ts";
import type { Fleet, Instance } from "./fleet.ts";

/** More than the cache of verified chains holds of this length. */
const CHAINS = 2400;
const AT_ONCE = 100;
const SAMPLES = 12;

/** Those of the first half live through. */
export function lastingOf({ all }: Fleet): readonly Instance[] {
  return all.slice(0, all.length / 2);
}

/** Fills their caches of verified chains: else these would grow until they are full, which is what they are for. */
export async function fillCaches(company: Company, fleet: Fleet): Promise<void> {
  const root = await aRoot(company);
  for (let i = 0; i < CHAINS; i += AT_ONCE) {
    const children = await Promise.all(Array.from({ length: AT_ONCE }, () => below(root, "buyer", company)));
    const chains = children.map(({ held }) => serialize(held));
    await Promise.all(lastingOf(fleet).map((one) => one.ask({ does: "verify", chains })));
  }
}

/** @returns the mean heap in MiB, after a collection, from time to time */
export async function sampling(fleet: Fleet, ms: number): Promise<readonly number[]> {
  const heaps: number[] = [];
  for (let i = 0; i < SAMPLES; i++) {
    await delay(ms / (SAMPLES + 1));
    const each = await Promise.all(lastingOf(fleet).map((one) => one.ask({ does: "memory" })));
    heaps.push(each.reduce((sum, { value }) => sum + Number(value), 0) / each.length);
  }
  return heaps;
}
