/** When a feed is asked for, and what its reader tells of it: by a timer that nobody waits for, and without a server. */
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { type FeedPage, type Signer, signFeedPage } from "../token/index.ts";
import { createWorld, errorOf, ISSUER, NOW, type World } from "../world.fixture.ts";
import type { RevocationQuery } from "./revocation.ts";
import { type FeedReaderOptions, type FeedRevocations, revocationsOverHttp } from "./revocations-over-http.ts";

const LOG = "https://revocations.acme.example";
const QUERY: RevocationQuery = {
  tokens: [],
  keys: [],
  agents: ["planner"],
  user: { issuer: ISSUER, subject: "alice" },
  issuedAt: NOW,
};

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
let answer: () => Promise<Response>;
let asked: number;
const readers: FeedRevocations[] = [];
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance", "Date"], now: NOW * 1000 });
  asked = 0;
  answer = () => Promise.reject(new Error("hunter2"));
});
afterEach(() => {
  for (const reader of readers.splice(0)) reader.close();
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const page = (more: Partial<FeedPage> = {}, signer: Signer = world.issuer, nowMs = NOW * 1000): Promise<string> =>
  signFeedPage(
    { epoch: "e", since: "", head: "h", complete: true, entries: [], ...more },
    { signer, audience: LOG, nowMs },
  );
const revokes = (agent: string): Partial<FeedPage> => ({ entries: [{ id: agent, at: NOW, target: { agent } }] });

function follow(changed: Partial<FeedReaderOptions> = {}): FeedRevocations {
  const fetch = (): Promise<Response> => {
    asked++;
    return answer();
  };
  const options = { url: "https://pay.example/revocations", keys: [world.issuer.publicJwk], audience: LOG, fetch };
  const reader = revocationsOverHttp({ ...options, ...changed });
  readers.push(reader);
  return reader;
}

describe("the timer of a feed", () => {
  it.each<[Partial<FeedReaderOptions>, number, number]>([
    [{}, 0, 6.25],
    [{}, 1, 3.75],
    [{ everySeconds: 20 }, 0.5, 20],
    [{ everySeconds: 20 }, 0, 25],
    [{ maxStalenessSeconds: 60 }, 0.5, 5],
    [{ maxStalenessSeconds: 8 }, 0.5, 2],
  ])(
    "asks at once, and with %j and the chance %d again after %d seconds, over and over",
    async (pace, chance, seconds) => {
      vi.spyOn(Math, "random").mockReturnValue(chance);
      const reader = follow(pace);
      await errorOf(async () => reader.find(QUERY));
      expect(asked).toBe(1);
      await vi.advanceTimersByTimeAsync(seconds * 1000 - 1);
      expect(asked).toBe(1);
      await vi.advanceTimersByTimeAsync(1);
      expect(asked).toBe(2);
      await vi.advanceTimersByTimeAsync(seconds * 1000);
      expect(asked).toBe(3);
    },
  );

  it("asks no more once it was closed, also where it was closed while it asked", async () => {
    const reader = follow();
    await errorOf(async () => reader.find(QUERY));
    let fail = (_: Error): void => {};
    answer = () =>
      new Promise((_, reject) => {
        fail = reject;
      });
    await vi.advanceTimersByTimeAsync(6250);
    expect(asked).toBe(2);
    reader.close();
    fail(new Error("down"));
    await vi.advanceTimersByTimeAsync(60_000);
    expect([asked, vi.getTimerCount()]).toEqual([2, 0]);
    expect(await errorOf(reader.refresh())).toMatchObject({
      code: "state_unavailable",
      message: "the feed of revocations was closed",
    });
    expect(asked).toBe(2);
    answer = () => Promise.reject(new Error("down"));
    const closed = follow();
    await errorOf(async () => closed.find(QUERY));
    closed.close();
    expect(vi.getTimerCount()).toBe(0);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asked).toBe(3);
  });

  it("keeps no process alive, and is a number elsewhere than in Node", () => {
    const unref = vi.fn();
    const timers = vi.spyOn(globalThis, "setTimeout");
    for (const timer of [{ unref }, 7, {}]) {
      timers.mockReturnValue(timer as never);
      follow();
    }
    expect(unref).toHaveBeenCalled();
  });
});

describe("the reader of a feed", () => {
  it("lets a call of the first moment wait, and answers at once from then on", async () => {
    const text = await page(revokes("planner"));
    answer = async () => new Response(text);
    const reader = follow();
    const first = reader.find(QUERY);
    expect(first).toBeInstanceOf(Promise);
    expect(await first).toEqual({ agent: "planner" });
    expect(reader.find(QUERY)).toEqual({ agent: "planner" });
    expect(reader.find({ ...QUERY, agents: [] })).toBeUndefined();
    expect(await errorOf(() => reader.find("planner" as never))).toMatchObject({
      code: "config_invalid",
      message: expect.stringContaining("find: query must be the query of an authorizer"),
    });
  });

  it("uses a page for as long as it may be old, half a minute where nothing was said", async () => {
    const text = await page();
    for (const [most, pace] of [
      [30, {}],
      [12, { maxStalenessSeconds: 12 }],
    ] as const) {
      vi.setSystemTime(NOW * 1000);
      answer = async () => new Response(text);
      const reader = follow(pace);
      await reader.find(QUERY);
      reader.close();
      vi.setSystemTime((NOW + most) * 1000);
      expect([reader.find(QUERY), reader.health()]).toEqual([undefined, { ok: true }]);
      vi.setSystemTime((NOW + most) * 1000 + 1);
      const problem = `no page of the feed of revocations is newer than ${most} seconds`;
      expect(reader.health()).toEqual({ ok: false, problem });
      expect(await errorOf(() => reader.find(QUERY))).toMatchObject({ code: "state_unavailable", message: problem });
    }
  });

  describe("in a process that stood still, so that no timer ran", () => {
    const stood = async (answerNow: () => Promise<Response>, seconds = 60) => {
      const text = await page();
      answer = async () => new Response(text);
      const reader = follow();
      await reader.find(QUERY);
      vi.setSystemTime((NOW + seconds) * 1000);
      answer = answerNow;
      return reader;
    };
    const newPage = () => page({ ...revokes("planner"), since: "h", head: "h2" }, world.issuer, (NOW + 60) * 1000);

    it("asks by itself, once for all calls, and lets them wait", async () => {
      const text = await newPage();
      const reader = await stood(async () => new Response(text));
      expect(reader.health().ok).toBe(false);
      const calls = [reader.find(QUERY), reader.find(QUERY)];
      expect(await Promise.all(calls)).toEqual([{ agent: "planner" }, { agent: "planner" }]);
      expect([asked, reader.find(QUERY), reader.health()]).toEqual([2, { agent: "planner" }, { ok: true }]);
    });

    it("asks nobody as long as its page is new enough", async () => {
      const reader = await stood(() => Promise.reject(new Error("down")), 20);
      expect([reader.find(QUERY), asked]).toEqual([undefined, 1]);
    });

    it("lets calls wait for what the timer asks, which was late", async () => {
      vi.spyOn(Math, "random").mockReturnValue(0);
      const text = await newPage();
      let give = (_: Response): void => {};
      const reader = await stood(() => new Promise((given) => (give = given)));
      await vi.advanceTimersByTimeAsync(6250);
      const call = reader.find(QUERY);
      give(new Response(text));
      expect([await call, asked]).toEqual([{ agent: "planner" }, 2]);
    });

    it("denies where that fails, and asks no more for each call", async () => {
      const reader = await stood(() => Promise.reject(new Error("down")));
      const cut = "the feed of revocations could not be had: the connection failed, or took too long";
      const error = await errorOf(async () => reader.find(QUERY));
      expect(error).toMatchObject({ code: "state_unavailable", message: cut });
      expect(() => reader.find(QUERY)).toThrow(cut);
      expect(asked).toBe(2);
      reader.close();
      vi.setSystemTime((NOW + 120) * 1000);
      expect(() => reader.find(QUERY)).toThrow(cut);
      expect(asked).toBe(2);
    });
  });

  it("says what was wrong the last time, and no more once it was right", async () => {
    const reader = follow();
    const cut = "the feed of revocations could not be had: the connection failed, or took too long";
    expect(await errorOf(async () => reader.find(QUERY))).toMatchObject({ code: "state_unavailable", message: cut });
    expect(reader.health()).toEqual({ ok: false, problem: cut });
    expect(await errorOf(reader.refresh())).toMatchObject({
      code: "state_unavailable",
      message: cut,
      cause: expect.objectContaining({ message: "hunter2" }),
    });
    answer = async () => new Response("", { status: 502 });
    const error = await errorOf(reader.refresh());
    expect(error).toMatchObject({ code: "state_unavailable", message: "the feed of revocations answered 502" });
    expect(error.cause).toBeUndefined();
    expect(reader.health()).toEqual({ ok: false, problem: error.message });
    const [foreign, old] = await Promise.all([page({}, world.mallory), page({}, world.issuer, (NOW - 60) * 1000)]);
    answer = async () => new Response(foreign);
    const signed = "the feed is signed by a key that is not one of its reader's";
    expect(await errorOf(reader.refresh())).toMatchObject({
      code: "state_unavailable",
      message: signed,
      cause: { code: "token_untrusted_issuer" },
    });
    answer = async () => new Response(old);
    await reader.refresh();
    expect(reader.health()).toEqual({
      ok: false,
      problem:
        "the newest page of the feed of revocations was signed 60 seconds before it came, by the clock here, and may be 30 seconds old: compare this clock with that of the log, or find who holds pages back",
    });
  });

  it("tells who listens of what is new, and of nothing else", async () => {
    const [empty, full] = await Promise.all([page(), page({ ...revokes("planner"), since: "h", head: "h2" })]);
    const texts = [empty, full];
    answer = async () => new Response(texts.shift());
    const reader = follow();
    const told = vi.fn();
    reader.onChange(told);
    await reader.find(QUERY);
    expect(told).not.toHaveBeenCalled();
    await reader.refresh();
    expect(told).toHaveBeenCalledTimes(1);
  });

  it.each<[string, (reader: FeedRevocations) => unknown, string]>([
    ["an epoch that is empty", (it) => it.acceptEpoch(""), "acceptEpoch: epoch must be the epoch of a log"],
    [
      "an epoch that is too long",
      (it) => it.acceptEpoch("e".repeat(513)),
      "acceptEpoch: epoch must be the epoch of a log",
    ],
    ["a listener that is none", (it) => it.onChange({} as never), "onChange: listener must be a function that is told"],
  ])("refuses %s", async (_, ask, words) => {
    const reader = follow();
    const error = await errorOf(async () => ask(reader));
    expect(error.code).toBe("config_invalid");
    expect(error.message).toContain(words);
    reader.acceptEpoch("e".repeat(512));
  });
});

it.each<[object, string, string]>([
  [{ url: "http://pay.example/revocations" }, "/url", "https://pay.example/revocations"],
  [{ keys: [] }, "/keys", "a list of public JWKs, at least one"],
  [{ audience: "log" }, "/audience", "audience must be"],
  [{ everySeconds: 0.001 }, "/everySeconds", "0.01 to 3600"],
  [{ maxStalenessSeconds: 0.05 }, "/maxStalenessSeconds", "0.1 to 86400"],
  [{ timeoutMs: 0.5 }, "/timeoutMs", "1 to 600000"],
  [{ maxBytes: 1023 }, "/maxBytes", "1024 to 268435456"],
  [{ epoch: "" }, "/epoch", "the epoch of a log, as an error named it"],
  [{ epoch: undefined }, "/epoch", "epoch"],
  [{ headers: {} }, "/headers", "a function that gives the headers"],
  [{ fetch: "fetch" }, "/fetch", "a function like fetch"],
  [{ clock: NOW }, "/clock", "clock must be"],
  [{ every: 5 }, "/every", 'every is not an option; did you mean "everySeconds"?'],
  [
    { everySeconds: 24, maxStalenessSeconds: 30 },
    "/everySeconds",
    "everySeconds is 24, give or take a quarter, and maxStalenessSeconds 30: each page would be too old before the next one is asked for, and calls be denied; ask more often, or let pages be older",
  ],
])("a feed is not followed with %j", async (changed, pointer, words) => {
  const error = await errorOf(() => follow(changed));
  expect(error).toMatchObject({ code: "config_invalid", pointer });
  expect(error.message).toMatch(/^revocationsOverHttp: /);
  expect(error.message).toContain(words);
  expect(asked).toBe(0);
});
