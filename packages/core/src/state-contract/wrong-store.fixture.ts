import { expect } from "vitest";
import type { StateDriver } from "../state/index.ts";
import { type OpenStore, stateContract } from "./index.ts";
import { type PlainStore, plainStore } from "./memory-store.fixture.ts";

/** A plain store, of whose drivers something is changed. */
export function storeWith(change: (driver: StateDriver, store: PlainStore) => Partial<StateDriver>): OpenStore {
  return (asked) => {
    const store = plainStore(asked);
    const open = (): StateDriver => {
      const driver = store.open();
      return { ...driver, ...change(driver, store) };
    };
    return { ...store, open };
  };
}

/** The same, of one of its four stores. */
export function partWith<Part extends "replay" | "spending" | "approvals" | "revocations">(
  part: Part,
  change: (of: StateDriver[Part], store: PlainStore) => Partial<StateDriver[Part]>,
): OpenStore {
  return storeWith((driver, store) => {
    const of = driver[part];
    const changed = { ...Object.getOwnPropertyDescriptors(of), ...Object.getOwnPropertyDescriptors(change(of, store)) };
    return { [part]: Object.defineProperties({}, changed) } as Partial<StateDriver>;
  });
}

export const soon = async (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1));

/** Holds a wrong driver against all cases. @param found words of the title of one that finds it */
export async function mustBeFound(open: OpenStore, found: RegExp): Promise<void> {
  const results = await Promise.allSettled(stateContract.map(({ run }) => run(open)));
  const failed = stateContract.filter((_, i) => results[i]?.status === "rejected").map(({ title }) => title);
  expect(failed).toContainEqual(expect.stringMatching(found));
  expect(failed.length).toBeLessThan(stateContract.length); // it is not the store that fails
}
