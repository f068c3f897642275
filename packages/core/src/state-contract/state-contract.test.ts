import { describe, it } from "vitest";
import type { LogPage, Reservation, Reserved, StateDriver } from "../state/index.ts";
import { type OpenStore, stateContract } from "./index.ts";
import { type PlainStore, plainStore } from "./memory-store.fixture.ts";
import { mustBeFound, partWith, soon, storeWith } from "./wrong-store.fixture.ts";

describe("a plain store in memory", () => {
  it.each(stateContract.map((one) => [one.title, one] as const))("%s", async (_, { run }) => run(plainStore));
});

const laterTexts = new WeakMap<PlainStore, Map<string, string>>();

/** A wrong driver of each kind, and words of the title of a case that finds it. */
const WRONG: readonly [fault: string, open: OpenStore, found: RegExp][] = [
  ["has a memory of its own in each process", () => ({ open: () => plainStore().open() }), /lets a proof through once/],
  ["lets every proof through", partWith("replay", () => ({ claim: () => true })), /exactly one of many/],
  [
    "cuts long names",
    partWith("replay", (of) => ({ claim: (key, ...rest) => of.claim(key.slice(0, 999), ...rest) })),
    /tells proofs apart/,
  ],
  [
    "takes upper case for lower case",
    partWith("replay", (of) => ({ claim: (key, ...rest) => of.claim(key.toLowerCase(), ...rest) })),
    /tells proofs apart/,
  ],
  [
    "does not look at the caller's clock",
    partWith("replay", (of) => ({
      claim: (key, until, { nowSeconds: _, ...about } = {}) => of.claim(key, until, about),
    })),
    /refuses to claim where the clocks/,
  ],
  [
    "keeps a proof until an end that is past",
    partWith("replay", (of) => ({
      claim: (key, until, about) => until < Date.now() / 1000 || of.claim(key, until, about),
    })),
    /end that is past/,
  ],
  [
    "takes half characters for one and the same",
    partWith("replay", (of) => ({
      claim: (key, ...rest) => of.claim(new TextDecoder().decode(new TextEncoder().encode(key)), ...rest),
    })),
    /keeps half a character as it is/,
  ],
  [
    "knows the shares of roots alone",
    partWith("replay", (of) => ({ claim: (key, until, { owner: _, ...about } = {}) => of.claim(key, until, about) })),
    /more than their share/,
  ],
  [
    "lets a later text of an entry stand",
    partWith("revocations", (of, store) => ({
      append: async (entry) => {
        const texts = laterTexts.get(store) ?? new Map<string, string>();
        laterTexts.set(store, texts.set(entry.id, entry.text));
        await of.append(entry);
      },
      read: async (after) => {
        const it = await of.read(after);
        return { ...it, entries: it.entries.map((e) => ({ ...e, text: laterTexts.get(store)?.get(e.id) ?? e.text })) };
      },
    })),
    /appends an entry of one name once/,
  ],
  [
    "says in milliseconds how old its log is",
    partWith("revocations", (of) => ({
      read: async (after) => {
        const it = await of.read(after);
        return { ...it, ageSeconds: it.ageSeconds * 1000 };
      },
    })),
    /says in seconds how old its log is/,
  ],
  [
    "says that a log which it just made is old",
    partWith("revocations", (of) => ({
      read: async (after) => {
        const it = await of.read(after);
        return { ...it, ageSeconds: it.ageSeconds + 3600 };
      },
    })),
    /has another log after a loss/,
  ],
  [
    "forgets a proof with its end, whatever the window",
    partWith("replay", (of) => ({
      claim: (key, until, { madeAtSeconds: _, ...about } = {}) => of.claim(key, until, about),
    })),
    /a longer window/,
  ],
  [
    "knows no shares",
    partWith("replay", (of) => ({
      claim: (key, until, { owner: _, root: __, ...about } = {}) => of.claim(key, until, about),
    })),
    /more than their share/,
  ],
  [
    "throws an error of its own",
    partWith("replay", (of) => ({
      claim: async (...claim) => {
        try {
          return await of.claim(...claim);
        } catch {
          throw new Error("refused");
        }
      },
    })),
    /refuses to claim where the clocks/,
  ],
  ["counts what it refuses", partWith("spending", countingRefused), /all charges of a reservation or none/],
  [
    "looks and counts in two steps",
    partWith("spending", (of, store) => {
      const plain = store.open().spending;
      return {
        reserve: async (asked) => {
          const looks = {
            ...asked,
            id: `${asked.id}?`,
            charges: asked.charges.map((it) => ({ ...it, most: it.most - it.amount, amount: 0 })),
          };
          const looked = await of.reserve(looks);
          await soon();
          if (looked.outcome !== "reserved") return looked;
          return plain.reserve({
            ...asked,
            charges: asked.charges.map((it) => ({ ...it, most: Number.MAX_SAFE_INTEGER })),
          });
        },
      };
    }),
    /never lets two processes spend more/,
  ],
  [
    "counts again what it is asked again",
    partWith("spending", (of) => ({ reserve: (asked) => of.reserve({ ...asked, id: crypto.randomUUID() }) })),
    /counts a reservation once/,
  ],
  [
    "keeps amounts with fourteen digits",
    partWith("spending", (of) => ({
      spent: async (...asked) => (await of.spent(...asked)).map((it) => Number(it.toPrecision(14))),
    })),
    /exact up to/,
  ],
  [
    "takes every number for an amount",
    partWith("spending", (of) => ({
      reserve: (asked) =>
        of.reserve({
          ...asked,
          charges: asked.charges.map((it) => (Number.isSafeInteger(it.amount) ? it : { ...it, amount: 0 })),
        }),
    })),
    /no whole number/,
  ],
  [
    "does not know what was withdrawn before it came",
    partWith("spending", (of) => {
      const came = new Set<string>();
      return {
        reserve: (asked) => {
          came.add(asked.id);
          return of.reserve(asked);
        },
        settle: (asked, how) => (came.has(asked.id) ? of.settle(asked, how) : undefined),
      };
    }),
    /withdrawn before it came/,
  ],
  [
    "gives back what was spent",
    partWith("spending", (of) => ({ settle: (asked, how) => (how === "spent" ? undefined : of.settle(asked, how)) })),
    /lets stand what was spent/,
  ],
  [
    "gives back to whatever has that name now",
    (asked) => plainStore(asked, "one counter for a name"),
    /nothing back to a later account/,
  ],
  [
    "mixes up accounts and counters",
    partWith("spending", (of) => ({
      reserve: (asked) =>
        of.reserve({
          ...asked,
          charges: asked.charges.map((it) => ({ ...it, account: "", counter: `${it.account} ${it.counter}` })),
        }),
      spent: (owner, counters) =>
        of.spent(
          owner,
          counters.map((it) => ({ account: "", counter: `${it.account} ${it.counter}` })),
        ),
    })),
    /keeps owners, accounts and counters apart/,
  ],
  [
    "lets the last answer of a key stand",
    partWith("approvals", (of) => ({ answer: (it) => of.answer({ ...it, key: crypto.randomUUID() }) })),
    /lets the first answer/,
  ],
  [
    "lists the newest first",
    partWith("approvals", (of) => ({ list: async (most) => [...(await of.list(1000))].reverse().slice(0, most) })),
    /oldest first/,
  ],
  [
    "lists from the beginning each time",
    partWith("approvals", (of) => ({ list: (most) => of.list(most) })),
    /goes on with its list/,
  ],
  ["lists all there is", partWith("approvals", (of) => ({ list: () => of.list(1000) })), /no more than was asked for/],
  [
    "takes any number of answers",
    partWith("approvals", (of) => ({
      answer: async (it) => {
        try {
          return await of.answer(it);
        } catch {
          return "kept";
        }
      },
    })),
    /at most 64/,
  ],
  [
    "has a head that is the length of the log",
    partWith("revocations", (of) => ({
      head: async () => (await of.head()).replace(/.*:/, ""),
      read: async (after) => page(await of.read(undefined), { head: (it) => it.replace(/.*:/, "") }, after),
    })),
    /other heads than another store/,
  ],
  [
    "says of every page that it goes on",
    partWith("revocations", (of) => ({ read: async (after) => ({ ...(await of.read(after)), continues: true }) })),
    /begins its log anew/,
  ],
  [
    "gives the whole log at once",
    partWith("revocations", (of) => ({
      read: async (after) => {
        const first = await of.read(after);
        if (first.complete) return first;
        const next = await of.read(first.head);
        return { ...next, entries: [...first.entries, ...next.entries] };
      },
    })),
    /by pages/,
  ],
  [
    "appends what it knows",
    partWith("revocations", (of) => ({ append: (entry) => of.append({ ...entry, id: crypto.randomUUID() }) })),
    /one name once/,
  ],
  [
    "loses the ends of entries",
    partWith("revocations", (of) => ({ append: ({ id, text }) => of.append({ id, text }) })),
    /to the character/,
  ],
  ["goes on when it is closed", storeWith(() => ({ close: () => {} })), /once it is closed/],
  [
    "says that it is well, whatever its caller's clock",
    storeWith(({ health }) => ({ health: () => health() })),
    /clock is another/,
  ],
  ["says that it is well, come what may", storeWith(() => ({ health: () => ({ ok: true }) })), /while it cannot work/],
  [
    "answers from a copy while its store is down",
    partWith("revocations", (of) => {
      let copy = "";
      return {
        head: async () => {
          try {
            copy = await of.head();
          } catch {}
          return copy;
        },
      };
    }),
    /while it cannot work/,
  ],
  ["says nothing of a loss of proofs", partWith("replay", () => ({ notBefore: 0 })), /that it lost them/],
  ["says nothing of a loss of what was spent", partWith("spending", () => ({ notBefore: 0 })), /that it lost them/],
];

describe("the contract of state drivers", () => {
  it.each(WRONG)("finds a driver that %s", async (_, open, found) => mustBeFound(open, found));
});

/** A page whose head is another one, for the one caller who asks for all. */
function page(it: LogPage, change: { head(head: string): string }, after: string | undefined): LogPage {
  const head = change.head(it.head);
  return after === head ? { ...it, head, entries: [] } : { ...it, head };
}

function countingRefused(of: StateDriver["spending"]): Partial<StateDriver["spending"]> {
  return {
    reserve: async (asked: Reservation): Promise<Reserved> => {
      const answer = await of.reserve(asked);
      if (answer.outcome === "refused") {
        const charges = asked.charges.slice(0, answer.charge);
        if (charges.length > 0) await of.reserve({ ...asked, id: crypto.randomUUID(), charges });
      }
      return answer;
    },
  };
}
