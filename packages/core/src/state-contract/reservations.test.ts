import { describe, it } from "vitest";
import { HopwiseError } from "../errors.ts";
import type { Reservation, Reserved } from "../state/index.ts";
import type { OpenStore } from "./index.ts";
import type { PlainStore } from "./memory-store.fixture.ts";
import { mustBeFound, partWith, soon } from "./wrong-store.fixture.ts";

/** What all drivers on one store have in common. */
function inCommon<T>(make: () => T): (store: PlainStore) => T {
  const known = new WeakMap<PlainStore, T>();
  return (store) => {
    const found = known.get(store) ?? make();
    known.set(store, found);
    return found;
  };
}
const refusedOf = inCommon(() => new Map<string, Reservation>());
const namesOf = inCommon(() => new Map<string, string>());
const underWayOf = inCommon(() => new Set<string>());

const orderOf = ({ charges }: Reservation): string => charges.map(({ account }) => account).join();

const WRONG: readonly [fault: string, open: OpenStore, found: RegExp][] = [
  [
    "takes what it refused for known, once it is asked again",
    partWith("spending", (of, store) => ({
      reserve: async (asked): Promise<Reserved> => {
        const refused = refusedOf(store);
        if (refused.has(asked.id)) return { outcome: "reserved", spent: asked.charges.map(() => 0) };
        const answer = await of.reserve(asked);
        if (answer.outcome === "refused") refused.set(asked.id, asked);
        return answer;
      },
    })),
    /also of a reservation that it refused before/,
  ],
  [
    "gives back what it refused",
    partWith("spending", (of, store) => {
      const back = new Set<string>();
      return {
        reserve: async (asked): Promise<Reserved> => {
          const answer = await of.reserve(asked);
          if (answer.outcome === "refused") refusedOf(store).set(asked.id, asked);
          return answer;
        },
        settle: async (asked, how) => {
          await of.settle(asked, how);
          back.add(asked.id);
        },
        spent: async (owner, counters) => {
          const given = [...refusedOf(store)].flatMap(([, { charges }]) => charges);
          const counted = await of.spent(owner, counters);
          return counted.map(
            (it, i) => it - (given.find(({ counter }) => counter === counters[i]?.counter)?.amount ?? 0),
          );
        },
      };
    }),
    /gives nothing back of what it never counted/,
  ],
  [
    "looks first, and then counts, whether it knows a reservation",
    partWith("spending", (of, store) => ({
      reserve: async (asked) => {
        const names = namesOf(store);
        const known = names.get(asked.id);
        await soon();
        const id = known ?? (names.has(asked.id) ? crypto.randomUUID() : asked.id);
        names.set(asked.id, id);
        return of.reserve({ ...asked, id });
      },
    })),
    /counts a reservation once that comes to two processes/,
  ],
  [
    "withdraws what it has not seen, while it is being counted",
    partWith("spending", (of, store) => ({
      reserve: async (asked) => {
        await soon();
        namesOf(store).set(asked.id, "");
        return of.reserve(asked);
      },
      settle: (asked, how) => (namesOf(store).has(asked.id) ? of.settle(asked, how) : undefined),
    })),
    /comes to one end/,
  ],
  [
    "finds a reservation by its id, whoever names it",
    partWith("spending", (of, store) => ({
      reserve: (asked) => {
        const names = namesOf(store);
        names.set(asked.id, names.get(asked.id) ?? asked.owner);
        return of.reserve(asked);
      },
      settle: (asked, how) => of.settle({ ...asked, owner: namesOf(store).get(asked.id) ?? asked.owner }, how),
    })),
    /of its own owner alone/,
  ],
  [
    "locks accounts in the order in which they come",
    partWith("spending", (of, store) => ({
      reserve: async (asked) => {
        const underWay = underWayOf(store);
        const order = orderOf(asked);
        if (underWay.has([...order].reverse().join(""))) throw new HopwiseError("state_unavailable", "deadlock");
        underWay.add(order);
        await soon();
        underWay.delete(order);
        return of.reserve(asked);
      },
    })),
    /in whichever order they come/,
  ],
  [
    "says of a counter once what is spent",
    partWith("spending", (of) => ({
      spent: async (owner, counters) => {
        const all = await of.spent(owner, counters);
        const names = counters.map(({ counter }) => counter);
        return all.filter((_, i) => names.indexOf(names[i] as string) === i);
      },
    })),
    /in the order in which it is asked/,
  ],
];

describe("the contract of reservations", () => {
  it.each(WRONG)("finds a driver that %s", async (_, open, found) => mustBeFound(open, found));
});
