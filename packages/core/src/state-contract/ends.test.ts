import { describe, it } from "vitest";
import type { OpenStore } from "./index.ts";
import type { PlainStore } from "./memory-store.fixture.ts";
import { mustBeFound, partWith, soon } from "./wrong-store.fixture.ts";

const withdrawnAt = new Map<string, number>();
const behind: string[] = [];
const notYetSeen = new WeakMap<PlainStore, Set<string>>();

const WRONG: readonly [fault: string, open: OpenStore, found: RegExp][] = [
  [
    "cuts the ends of accounts to whole seconds, and the time before that",
    partWith("spending", (of) => ({
      reserve: (asked) =>
        of.reserve({
          ...asked,
          charges: asked.charges.map((it) => ({ ...it, untilSeconds: Math.floor(it.untilSeconds) - 10 })),
        }),
    })),
    /to the last part of a second/,
  ],
  [
    "keeps a proof for two minutes at most",
    partWith("replay", (of, store) => ({
      claim: (key, until, about) => of.claim(key, Math.min(until, (store.nowSeconds?.() ?? 0) + 120), about),
    })),
    /for as long as it says that it can/,
  ],
  [
    "forgets after a minute what was withdrawn",
    partWith("spending", (of, store) => {
      const now = (): number => store.nowSeconds?.() ?? 0;
      return {
        settle: (asked, how) => {
          if (how === "nothing_happened") withdrawnAt.set(asked.id, now());
          return of.settle(asked, how);
        },
        reserve: (asked) =>
          of.reserve(now() - (withdrawnAt.get(asked.id) ?? now()) > 60 ? { ...asked, id: `${asked.id}!` } : asked),
      };
    }),
    /knows for an hour what was withdrawn/,
  ],
  [
    "goes on with its list behind a request that has ended",
    partWith("approvals", (of) => ({
      keep: (asked) => {
        behind.push(asked.id);
        return of.keep(asked);
      },
      list: async (most, after) => {
        const listed = await of.list(100);
        const place = behind.lastIndexOf(after ?? "");
        return listed.filter(({ id }) => behind.lastIndexOf(id) > place).slice(0, most);
      },
    })),
    /all of its list behind a request that has ended/,
  ],
  [
    "has a head that is the number of entries that live",
    partWith("revocations", (of, store) => ({
      head: async () => {
        const { epoch, entries } = await of.read(undefined);
        const now = store.nowSeconds?.() ?? 0;
        return `${epoch}:${entries.filter(({ untilSeconds = Number.POSITIVE_INFINITY }) => untilSeconds > now).length}`;
      },
    })),
    /never has a head of its log again/,
  ],
  [
    "shows what was appended first after what was appended later",
    partWith("revocations", (of, store) => {
      const hidden = notYetSeen.get(store) ?? new Set<string>();
      notYetSeen.set(store, hidden);
      return {
        append: async (entry) => {
          hidden.add(entry.id);
          await of.append(entry);
          await soon();
          hidden.delete(entry.id);
        },
        read: async (after) => {
          const page = await of.read(after);
          return { ...page, entries: page.entries.filter(({ id }) => !hidden.has(id)) };
        },
      };
    }),
    /keeps nothing of its log from a copy/,
  ],
];

describe("the contract of what ends", () => {
  it.each(WRONG)("finds a driver that %s", async (_, open, found) => mustBeFound(open, found));
});
