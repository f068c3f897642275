import type { StateDriver } from "../state/index.ts";

type Awaitable<T> = T | Promise<T>;

/** What a case wants of the store that it opens. Left out: what the driver has by default. */
export interface StoreAsked {
  /** The share of one root: most proofs that live, or most claims a minute. */
  readonly mostOfRoot?: number;
  /** The share of one user. */
  readonly mostOfUser?: number;
}

/** A store to be held against the contract, empty, with nobody else on it. */
export interface StoreUnderTest {
  /** A driver on this store: called twice, as two processes would. May give the same one again, where only one can be. */
  open(): Awaitable<StateDriver>;
  /** The store's clock, in seconds since the epoch. Default: the machine's. */
  nowSeconds?(): number;
  /** Moves the store's clock ahead. Left out: what needs a later time is not tried. */
  advance?(seconds: number): Awaitable<void>;
  /** Takes away all that the store holds, under its open drivers. Left out: it cannot be lost. */
  loseEverything?(): Awaitable<void>;
  /** From now on no driver can do its work. Left out: it cannot fail. */
  break?(): Awaitable<void>;
  /** Undoes `break`. Left out: it stays so. */
  mend?(): Awaitable<void>;
  /** After the case, and after its drivers were closed. */
  close?(): Awaitable<void>;
}

export type OpenStore = (asked: StoreAsked) => Awaitable<StoreUnderTest>;

/** One promise that every state driver keeps. */
export interface StateCase {
  /** A sentence that begins with "a state driver". */
  readonly title: string;
  /** @throws {Error} where the driver does not keep the promise */
  run(open: OpenStore): Promise<void>;
}

/** What a case works with: a store, and two drivers on it. */
export interface Scene {
  readonly store: StoreUnderTest;
  readonly one: StateDriver;
  readonly two: StateDriver;
  now(): number;
  /** One driver of another store. */
  stranger(): Promise<StateDriver>;
}

export function caseOf(title: string, body: (scene: Scene) => Promise<void>, asked: StoreAsked = {}): StateCase {
  return {
    title: `a state driver ${title}`,
    run: async (open) => {
      const stores: StoreUnderTest[] = [];
      const drivers: StateDriver[] = [];
      const openStore = async (): Promise<StoreUnderTest> => {
        const store = await open(asked);
        stores.push(store);
        return store;
      };
      const openDriver = async (store: StoreUnderTest): Promise<StateDriver> => {
        const driver = await store.open();
        drivers.push(driver);
        return driver;
      };
      try {
        const store = await openStore();
        const [one, two] = [await openDriver(store), await openDriver(store)];
        const now = (): number => store.nowSeconds?.() ?? Date.now() / 1000;
        await body({ store, one, two, now, stranger: async () => openDriver(await openStore()) });
      } finally {
        for (const driver of drivers) await driver.close();
        for (const store of stores) await store.close?.();
      }
    },
  };
}
