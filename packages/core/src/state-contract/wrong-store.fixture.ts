import { expect } from "vitest";
import type { StateDriver } from "../state/index.ts";
import { type OpenStore, type StateCase, stateContract } from "./index.ts";
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
  const isNamed = ({ title }: StateCase): boolean => found.test(title);
  const failed: string[] = [];
  const held = ({ title, run }: StateCase): Promise<unknown> => run(open).catch(() => failed.push(title));
  // Each by itself: beside all others, one may come too late to tell.
  for (const named of stateContract.filter(isNamed)) await held(named);
  expect(failed).not.toEqual([]);
  await Promise.all(stateContract.filter((it) => !isNamed(it)).map(held));
  expect(failed.length).toBeLessThan(stateContract.length); // it is not the store that fails
}
