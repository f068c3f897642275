import { afterEach, describe, expect, it, vi } from "vitest";
import { optionsOf } from "../options/index.ts";
import { errorOf, never } from "../world.fixture.ts";
import { ASKING_ROWS, type CachedSourceOptions, cachedSource } from "./cached-source.ts";
import { lookUp } from "./source.ts";

interface Key {
  readonly tenant: string;
  readonly id: string;
}

const names = { keyOf: ({ id }: Key) => id, tenantOf: ({ tenant }: Key) => tenant };
/** As the functions read them that programs call. */
const read = optionsOf<CachedSourceOptions<Key, string>>("counting", ASKING_ROWS as never);
const a1: Key = { tenant: "a", id: "1" };

/** A source that counts how often it is asked, on a clock that stands still until it is moved. */
function counting(options: object = {}, answer: (key: Key) => string | undefined = ({ id }) => `is ${id}`) {
  const asked: Key[] = [];
  let now = 0;
  const find = async (key: Key) => {
    asked.push(key);
    return answer(key);
  };
  const given = read({ name: "counted", find, clock: () => now, ...options });
  const source = cachedSource<Key, string>({ ...given, ...names }, "counting", (value) => value);
  return { source, asked, wait: (ms: number) => (now += ms) };
}

describe("a source by a function", () => {
  it("is asked each time, unless its answers may be used again", async () => {
    const { source, asked } = counting();
    expect([await source.find(a1), await source.find(a1)]).toEqual(["is 1", "is 1"]);
    expect(asked.length).toBe(2);
  });

  it("uses an answer again within its time, says how old it is, and asks again when that has passed", async () => {
    const { source, asked, wait } = counting({ ttlMs: 100 });
    await source.find(a1);
    wait(99);
    expect(await lookUp(source, a1)).toEqual({ value: "is 1", ageMs: 99 });
    expect(asked.length).toBe(1);
    wait(1);
    expect(await lookUp(source, a1)).toEqual({ value: "is 1", ageMs: 0 });
    expect(asked.length).toBe(2);
  });

  it("remembers that there is none for another time, which is none by default", async () => {
    const none = counting({ ttlMs: 100 }, () => undefined);
    await none.source.find(a1);
    await none.source.find(a1);
    expect(none.asked.length).toBe(2);
    const remembered = counting({ ttlMs: 100, negativeTtlMs: 10 }, () => undefined);
    await remembered.source.find(a1);
    remembered.wait(9);
    expect(await remembered.source.find(a1)).toBeUndefined();
    expect(remembered.asked.length).toBe(1);
    remembered.wait(1);
    await remembered.source.find(a1);
    expect(remembered.asked.length).toBe(2);
  });

  it("says how old an answer is since it was asked for, however long the answer took", async () => {
    let now = 0;
    const find = async () => {
      now += 60; // what it says is as old as the question
      return "is 1";
    };
    const { source } = counting({ ttlMs: 100, find, clock: () => now });
    await source.find(a1);
    now += 30;
    expect(await lookUp(source, a1)).toEqual({ value: "is 1", ageMs: 90 });
    now += 10;
    expect(await lookUp(source, a1)).toEqual({ value: "is 1", ageMs: 0 });
  });

  it("is not made to forget what is there by questions for what is not", async () => {
    const { source, asked } = counting({ ttlMs: 60_000, maxEntries: 2 }, ({ id }) => (id === "1" ? "is 1" : undefined));
    await source.find(a1);
    for (const id of ["x", "y", "z"]) await source.find({ tenant: "b", id });
    expect(await source.find(a1)).toBe("is 1");
    expect(asked.length).toBe(4);
  });

  it("takes null for none, as databases say it", async () => {
    expect(await counting({}, () => null as never).source.find(a1)).toBeUndefined();
  });

  it("never gives one tenant's answer to another, also where the texts of both put together are the same", async () => {
    const { source } = counting({ ttlMs: 100, find: ({ tenant, id }: Key) => `${tenant} has ${id}` });
    expect(await source.find({ tenant: "a", id: "1" })).toBe("a has 1");
    expect(await source.find({ tenant: "b", id: "1" })).toBe("b has 1");
    expect(await source.find({ tenant: 'a","1', id: "" })).toBe('a","1 has ');
    expect(await source.find({ tenant: "a", id: "1" })).toBe("a has 1");
  });

  it("asks for a key once at a time, whoever wants it", async () => {
    const { source, asked } = counting();
    expect(await Promise.all([source.find(a1), source.find(a1), source.find({ ...a1 })])).toEqual(
      Array(3).fill("is 1"),
    );
    expect(asked.length).toBe(1);
  });

  it("does not keep a failure: those who wait get it, the next one asks again", async () => {
    let well = false;
    const { source } = counting({ ttlMs: 100, find: async () => (well ? "well" : Promise.reject(new Error("down"))) });
    const waiting = [source.find(a1), source.find(a1)];
    for (const one of waiting) await expect(one).rejects.toThrow("down");
    well = true;
    expect(await source.find(a1)).toBe("well");
  });

  it.each<[string, () => never]>([
    ["fails", () => expect.fail("no time")],
    ["gives no time", () => Number.NaN as never],
    ["gives a promise, which may reject", () => Promise.reject(new Error("no time")) as never],
  ])("asks anew each time where its clock %s: nobody can tell how old an answer is", async (_, clock) => {
    const { source, asked } = counting({ ttlMs: 100, clock });
    expect(await source.find(a1)).toBe("is 1");
    expect(await source.find(a1)).toBe("is 1");
    expect(asked).toHaveLength(2);
  });

  it("fails where its function throws at once", async () => {
    const { source } = counting({
      find: () => {
        throw new Error("at once");
      },
    });
    await expect(source.find(a1)).rejects.toThrow("at once");
  });

  it("has a deadline, and tells its function when that has passed", async () => {
    let signal: AbortSignal | undefined;
    const { source } = counting({
      deadlineMs: 10,
      find: (_: Key, context: { signal: AbortSignal }) => {
        signal = context.signal;
        return never;
      },
    });
    await expect(source.find(a1)).rejects.toThrow("no answer within 10 ms");
    expect(signal?.aborted).toBe(true);
  });

  it("forgets what is over its number of entries", async () => {
    const { source, asked } = counting({ ttlMs: 100, maxEntries: 2 });
    for (const id of ["1", "2", "3", "1"]) await source.find({ tenant: "a", id });
    expect(asked.length).toBe(4);
  });

  it.each([{ ttlMs: -1 }, { ttlMs: Number.NaN }, { negativeTtlMs: Number.POSITIVE_INFINITY }, { deadlineMs: 0 }])(
    "is refused with %j",
    async (wrong) => {
      expect((await errorOf(() => counting(wrong).source)).code).toBe("config_invalid");
    },
  );
});

describe("a source that is asked for many at once", () => {
  function batching(answer: (keys: readonly Key[]) => unknown = (keys) => keys.map(({ id }) => `is ${id}`)) {
    const batches: (readonly string[])[] = [];
    const findMany = async (keys: readonly Key[]) => {
      batches.push(keys.map(({ tenant, id }) => tenant + id));
      return answer(keys) as string[];
    };
    const source = cachedSource({ name: "batched", ...names, maxBatch: 3, findMany }, "batching", (value) => value);
    return { source, batches };
  }
  const of = (tenant: string, ...ids: string[]): Key[] => ids.map((id) => ({ tenant, id }));

  it("gets the questions of one turn together, each key once, and no more than it takes", async () => {
    const { source, batches } = batching();
    const keys = of("a", "1", "2", "2", "3", "4");
    expect(await Promise.all(keys.map((key) => source.find(key)))).toEqual(["is 1", "is 2", "is 2", "is 3", "is 4"]);
    expect(batches).toEqual([["a1", "a2", "a3"], ["a4"]]);
  });

  it("never gets keys of two tenants together", async () => {
    const { source, batches } = batching();
    await Promise.all([...of("a", "1", "2"), ...of("b", "1")].map((key) => source.find(key)));
    expect(batches).toEqual([["a1", "a2"], ["b1"]]);
  });

  it("may fail for one key, have nothing for another, and answer the rest", async () => {
    const { source } = batching(() => ["is 1", new Error("lost"), undefined]);
    const [one, two, three] = await Promise.allSettled(of("a", "1", "2", "3").map((key) => source.find(key)));
    expect(one).toEqual({ status: "fulfilled", value: "is 1" });
    expect(two).toMatchObject({ status: "rejected", reason: { message: "lost" } });
    expect(three).toEqual({ status: "fulfilled", value: undefined });
  });

  it.each<[string, unknown]>([
    ["too few", ["is 1"]],
    ["too many", ["is 1", "is 2", "is 3"]],
    ["nothing", undefined],
    ["an object", {}],
  ])("fails for all where it gives %s answers: nobody could say whose is whose", async (_, given) => {
    const { source } = batching(() => given);
    const answers = await Promise.allSettled(of("a", "1", "2").map((key) => source.find(key)));
    const reason = { code: "attributes_invalid", message: expect.stringMatching(/one answer for each key.*; got /) };
    expect(answers).toEqual(Array(2).fill({ status: "rejected", reason: expect.objectContaining(reason) }));
  });
});

describe("a source that remembers", () => {
  afterEach(() => void vi.useRealTimers());

  it.each([
    ["goes back", 32_000_000_000, 32_000_000_000 - 1],
    ["goes back by a year", 32_000_000_000, 0],
    ["stood at a time far ahead, when the answer came", 9e13, 1000],
    ["stands still", 1000, 1000],
  ])("forgets after its time where its clock %s: an answer would last for as long as that", async (_, then, now) => {
    vi.useFakeTimers({ toFake: ["performance"] });
    let time = then;
    const { source, asked } = counting({ ttlMs: 100, clock: () => time });
    await source.find(a1);
    time = now;
    vi.advanceTimersByTime(99);
    expect(await lookUp(source, a1)).toEqual({ value: "is 1", ageMs: 99 });
    vi.advanceTimersByTime(1);
    expect(await lookUp(source, a1)).toEqual({ value: "is 1", ageMs: 0 });
    expect(asked.length).toBe(2);
  });

  it("forgets while its machine sleeps, by the clock of the machine where it was given none", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: 1_800_000_000_000 });
    const { source, asked } = counting({ ttlMs: 60_000, clock: undefined });
    await source.find(a1);
    await source.find(a1);
    expect(asked.length).toBe(1);
    vi.setSystemTime(1_800_000_060_000);
    await source.find(a1);
    expect(asked.length).toBe(2);
  });

  it("counts the age of an answer from when it was asked, whatever the clock began with", async () => {
    const { source, asked, wait } = counting({ ttlMs: 100 });
    wait(1000);
    await source.find(a1);
    wait(40);
    expect(await lookUp(source, a1)).toEqual({ value: "is 1", ageMs: 40 });
    expect(asked.length).toBe(1);
  });

  it("says what it was given: its name, its schema, and whether policies may be asked without it", () => {
    const schema = { type: "object" };
    expect(counting({ schema, optional: true }).source).toMatchObject({ name: "counted", schema, optional: true });
    expect(counting({ optional: false }).source).toMatchObject({ optional: false });
    expect(Object.keys(counting().source)).toEqual(["name", "look", "find"]);
  });

  it.each([
    [{ ttlMs: -1 }, "ttlMs must be a number from 0 to"],
    [{ maxBatch: 0 }, "maxBatch must be a whole number from 1 to"],
    [{ ttl: 5 }, 'ttl is not an option; did you mean "ttlMs"?'],
    [{ find: undefined }, "find is missing"],
  ])("says which of its numbers cannot be right: %j", async (wrong, problem) => {
    expect((await errorOf(() => counting(wrong).source)).message).toContain(`counting: ${problem}`);
  });
});
