/** Whose an answer is, and of which moment. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { cachedSource } from "./cached-source.ts";
import { lookUp } from "./source.ts";

const names = { keyOf: (key: string) => key, tenantOf: () => "" };
type Row = { readonly id?: unknown; readonly role: string } | undefined;
const TABLE: readonly { readonly id: string; readonly role: string }[] = [
  { id: "alice", role: "admin" },
  { id: "bob", role: "guest" },
  { id: "carol", role: "clerk" },
];
const rowOf = (key: string): Row => TABLE.find(({ id }) => id === key);

/** The roles that each of these get, where all are asked for in one moment. */
async function rolesBy(findMany: (keys: readonly string[]) => readonly Row[], ...keys: readonly string[]) {
  const asking = { name: "table", ...names, findMany: async (asked: readonly string[]) => findMany(asked) };
  const source = cachedSource(asking, "rolesBy", (row) => row);
  const answers = await Promise.allSettled(keys.map((key) => source.find(key)));
  return answers.map((one) => (one.status === "fulfilled" ? one.value?.role : (one.reason as Error).message));
}

describe("many answers", () => {
  it.each<[string, readonly string[], readonly Row[]]>([
    ["in the order of a table", ["bob", "alice"], [rowOf("alice"), rowOf("bob")]],
    ["in that order, three of them", ["bob", "carol", "alice"], [rowOf("alice"), rowOf("bob"), rowOf("carol")]],
    ["in that order, with nothing for who was not found", ["zoe", "alice"], [rowOf("alice"), undefined]],
    [
      "whose ids are numbers",
      ["2", "1"],
      [
        { id: 1, role: "a" },
        { id: 2, role: "b" },
      ],
    ],
  ])("%s give nobody the roles of another", async (_, keys, rows) => {
    const said = await rolesBy(() => rows, ...keys);
    expect(said).toEqual(
      keys.map(() =>
        expect.stringMatching(
          /the answer for one key in the place of another, .*; where the id is of something else, leave it out$/,
        ),
      ),
    );
  });

  it.each<[string, (keys: readonly string[]) => readonly Row[], readonly (string | undefined)[]]>([
    ["in the order of the keys", (keys) => keys.map(rowOf), ["guest", "admin", undefined]],
    ["without ids", (keys) => keys.map((key) => ({ role: `of ${key}` })), ["of bob", "of alice", "of zoe"]],
    [
      "with ids of their own",
      (keys) => keys.map((key, i) => ({ id: i, role: `of ${key}` })),
      ["of bob", "of alice", "of zoe"],
    ],
    ["of accounts that were made one", () => [rowOf("bob"), rowOf("bob"), rowOf("bob")], ["guest", "guest", "guest"]],
  ])("%s are taken", async (_, findMany, roles) => {
    expect(await rolesBy(findMany, "bob", "alice", "zoe")).toEqual(roles);
  });

  it.each<[string, (keys: string[]) => void]>([
    ["sorts", (keys) => keys.sort()],
    ["turns round", (keys) => keys.reverse()],
    ["takes apart", (keys) => keys.shift()],
  ])("are not given to others by a function that %s the list of keys which it got", async (_, change) => {
    const said = await rolesBy(
      (keys) => {
        change(keys as string[]);
        return keys.map((key) => ({ role: `of ${key}` }));
      },
      "carol",
      "bob",
    );
    for (const one of said) expect(one).toMatch(/read only|not extensible|Cannot/);
  });
});

describe("an answer to a question that is under way", () => {
  afterEach(() => void vi.useRealTimers());

  /** A source whose answers are as things were when it was asked, and come when they are let. */
  function slow(options: object = {}) {
    vi.useFakeTimers();
    const [is, waiting] = [{ role: "admin" }, [] as (() => void)[]];
    const find = (): Promise<string> => {
      const { role } = is;
      return new Promise((come) => waiting.push(() => come(role)));
    };
    const asking = { name: "slow", ...names, deadlineMs: 600_000, find, ...options };
    const source = cachedSource<string, string>(asking, "slow", (value) => value);
    const answerAll = async (): Promise<void> => {
      await vi.advanceTimersByTimeAsync(0);
      for (const answer of waiting) answer();
    };
    return { source, is, answerAll, asked: () => waiting.length };
  }

  it("is not believed of a later moment: a role that was taken away meanwhile is gone", async () => {
    const { source, is, answerAll } = slow();
    const before = source.find("bob");
    await vi.advanceTimersByTimeAsync(50);
    is.role = "guest";
    const after = lookUp(source, "bob");
    await answerAll();
    expect([await before, await after]).toEqual(["admin", { value: "guest", ageMs: 0 }]);
  });

  it("is waited for in the same moment, or where answers may be used again for as long, and its age is told", async () => {
    for (const [options, laterMs] of [
      [{}, 49],
      [{ ttlMs: 1000 }, 999],
    ] as const) {
      const { source, answerAll, asked } = slow(options);
      const before = lookUp(source, "bob");
      await vi.advanceTimersByTimeAsync(laterMs);
      const after = lookUp(source, "bob");
      await answerAll();
      expect([await before, await after]).toEqual([
        { value: "admin", ageMs: 0 },
        { value: "admin", ageMs: laterMs },
      ]);
      expect(asked()).toBe(1);
      vi.useRealTimers();
    }
  });

  it("is not made to be forgotten by an older one that comes to its end", async () => {
    const { source, answerAll, asked } = slow({ deadlineMs: 60 });
    const first = expect(source.find("bob")).rejects.toThrow("no answer within 60 ms");
    await vi.advanceTimersByTimeAsync(55);
    const second = source.find("bob");
    await vi.advanceTimersByTimeAsync(6);
    await first;
    const third = source.find("bob");
    await answerAll();
    expect([await second, await third, asked()]).toEqual(["admin", "admin", 2]);
  });
});
