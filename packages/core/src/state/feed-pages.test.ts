/** The pages of a feed as its reader asks for them, without a server, and how old they are. */
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { type FeedEntry, signFeedPage } from "../token/index.ts";
import { createWorld, errorOf, NOW, type World } from "../world.fixture.ts";
import { freshness, pagesOf } from "./feed-pages.ts";
import type { FeedReaderOptions } from "./revocations-over-http.ts";

type FeedPage = Parameters<typeof signFeedPage>[0];
const LOG = "https://revocations.acme.example";
const ENTRY: FeedEntry = { id: "a", at: NOW, target: { agent: "planner" } };

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
let now: number;
const clock = (): number => now * 1000;
beforeEach(() => {
  now = NOW;
  vi.useFakeTimers({ toFake: ["performance"] });
});
afterEach(() => void vi.useRealTimers());

describe("how old a page is", () => {
  const wait = (seconds: number): unknown => vi.advanceTimersByTime(seconds * 1000);

  it("is endless before there is one", () => {
    expect(freshness(clock).ageSeconds()).toBe(Number.POSITIVE_INFINITY);
  });

  it("goes on by the clock while the machine sleeps, and without the clock where that is set back", () => {
    const fresh = freshness(clock);
    wait(5);
    fresh.set(NOW - 2);
    expect(fresh.ageSeconds()).toBe(2);
    now += 100;
    expect(fresh.ageSeconds()).toBe(102);
    now -= 1000;
    wait(10);
    expect(fresh.ageSeconds()).toBe(12);
  });

  it("is nothing for one that was signed by a clock ahead of this one, and grows from there", () => {
    const fresh = freshness(clock);
    fresh.set(NOW + 20);
    expect(fresh.ageSeconds()).toBe(0);
    wait(3);
    expect(fresh.ageSeconds()).toBe(3);
  });

  it("may not be greater than that of one that was read", async () => {
    const fresh = freshness(clock);
    fresh.check(NOW);
    fresh.set(NOW);
    fresh.check(NOW);
    expect(await errorOf(() => fresh.check(NOW - 1))).toMatchObject({
      code: "state_unavailable",
      message: "the feed of revocations gave an older page than one that was read",
    });
  });
});

describe("a page of the feed", () => {
  /** What was asked for, and with what. */
  const asked: { readonly url: string; readonly init: RequestInit }[] = [];
  beforeEach(() => void asked.splice(0));

  const signed = (more: Partial<FeedPage> = {}): Promise<string> =>
    signFeedPage(
      { epoch: "e1", since: "", head: "h1", complete: true, entries: [ENTRY], ...more },
      { signer: world.issuer, audience: LOG, nowMs: clock() },
    );
  /** A reader of these answers, one after another. */
  const reading = (answers: readonly (string | Response)[], changed: Partial<FeedReaderOptions> = {}) => {
    const left = [...answers];
    const fetch = async (url: unknown, init: RequestInit): Promise<Response> => {
      asked.push({ url: String(url), init });
      const answer = left.shift();
      return answer instanceof Response ? answer : new Response(answer as string);
    };
    const fresh = freshness(clock);
    const options = { url: "https://pay.example/revocations?of=acme", keys: [world.issuer.publicJwk], audience: LOG };
    return { fresh, feed: pagesOf({ ...options, fetch: fetch as typeof globalThis.fetch, clock, ...changed }, fresh) };
  };

  it("is asked for by the head that its reader has, with its headers, and no redirect is followed", async () => {
    const headers = async () => ({ authorization: "Bearer x" });
    const { feed } = reading([await signed(), await signed({ since: "h1", head: "h2" })], { headers });
    expect(await feed.log.read(undefined)).toMatchObject({ epoch: "e1", head: "h1", complete: true, continues: true });
    expect(await feed.log.read("h1")).toMatchObject({ head: "h2", continues: true, ageSeconds: Infinity });
    const address = "https://pay.example/revocations?of=acme";
    expect(asked.map(({ url }) => url)).toEqual([address, `${address}&since=h1`]);
    for (const { init } of asked) {
      const sent = { accept: "application/jwt", authorization: "Bearer x" };
      expect(init).toMatchObject({ redirect: "manual", headers: sent, signal: expect.any(AbortSignal) });
    }
  });

  it("is not asked for with something else than headers, and it is said what failed", async () => {
    for (const headers of [() => "Bearer x" as never, () => Promise.reject(new Error("Bearer x"))]) {
      const { feed } = reading([await signed()], { headers });
      const { code, message } = await errorOf(async () => feed.log.read(undefined));
      expect([code, message]).toEqual(["state_unavailable", "the function that gives the headers for the feed failed"]);
    }
    expect(asked).toEqual([]);
  });

  it("gives its entries as a log does, and is the news of who listens, once", async () => {
    const { feed } = reading([
      await signed(),
      await signed({ since: "h1", entries: [] }),
      await signed({ since: "h1", head: "h2", complete: false }),
      await signed({ since: "h2", head: "h3", entries: [] }),
    ]);
    expect(feed.takeNews()).toBe(false);
    const { entries } = await feed.log.read(undefined);
    expect(entries).toEqual([{ id: "a", text: expect.stringContaining('"agent":"planner"') }]);
    expect([feed.takeNews(), feed.takeNews()]).toEqual([true, false]);
    await feed.log.read("h1");
    expect(feed.takeNews()).toBe(false);
    await feed.log.read("h1");
    await feed.log.read("h2");
    expect(feed.takeNews()).toBe(true);
  });

  it("that begins anew does not go on from its reader's head", async () => {
    const { feed } = reading([await signed()]);
    expect(await feed.log.read("h9")).toMatchObject({ continues: false });
  });

  it("is new only with the last one of its answer: what comes between may be old, and not older", async () => {
    const first = await signed({ complete: false });
    now += 10;
    const last = await signed({ since: "h1", head: "h2" });
    const { feed, fresh } = reading([first, last, first]);
    await feed.log.read(undefined);
    expect(fresh.ageSeconds()).toBe(Number.POSITIVE_INFINITY);
    await feed.log.read("h1");
    expect(fresh.ageSeconds()).toBe(0);
    expect((await errorOf(async () => feed.log.read(undefined))).message).toContain("an older page");
  });

  it("of another epoch is refused with both, until the operator takes it", async () => {
    const { feed } = reading([await signed(), await signed({ epoch: "e2" }), await signed({ epoch: "e2" })]);
    await feed.log.read(undefined);
    expect(await errorOf(async () => feed.log.read(undefined))).toMatchObject({
      code: "state_unavailable",
      message:
        'the log of revocations was made anew: its epoch is "e2", not "e1"; where that is right, say so by acceptEpoch, or start anew',
    });
    feed.accept("e2");
    expect(await feed.log.read(undefined)).toMatchObject({ epoch: "e2" });
  });

  it("of another epoch than the one that was set beforehand is refused, and the first one is no news", async () => {
    const { feed } = reading([await signed()], { epoch: "e0" });
    expect((await errorOf(async () => feed.log.read(undefined))).message).toContain('its epoch is "e1", not "e0"');
    expect(feed.takeNews()).toBe(false);
  });

  it.each<[string, () => Response | Promise<string>, string]>([
    ["an error", () => new Response("hunter2", { status: 500 }), "the feed of revocations answered 500"],
    ["that nothing changed", () => new Response(null, { status: 304 }), "the feed of revocations answered 304"],
    [
      "more than is read",
      () => new Response("a".repeat(2001)),
      "a page of the feed of revocations is longer than 2000 bytes (maxBytes)",
    ],
  ])("is refused that is %s", async (_, answer, message) => {
    const { feed } = reading([await answer()], { maxBytes: 2000 });
    expect(await errorOf(async () => feed.log.read(undefined))).toMatchObject({ code: "state_unavailable", message });
  });

  it("is not read at all where it is no answer: its connection is free again", async () => {
    const cancel = vi.fn();
    const { feed } = reading([new Response(new ReadableStream({ cancel }), { status: 500 })]);
    await errorOf(async () => feed.log.read(undefined));
    expect(cancel).toHaveBeenCalledTimes(1);
  });

  it("is read up to 4 MiB where nothing else was said, and by a shorter limit where it was", async () => {
    const text = await signed();
    const long = () => new Response("a".repeat(4 * 1024 * 1024 + 1));
    expect((await errorOf(async () => reading([long()]).feed.log.read(undefined))).message).toContain("4194304 bytes");
    expect(await reading([text], { maxBytes: text.length }).feed.log.read(undefined)).toMatchObject({ head: "h1" });
    const short = reading([text], { maxBytes: text.length - 1 });
    expect((await errorOf(async () => short.feed.log.read(undefined))).message).toContain("(maxBytes)");
  });

  it("is not waited for longer than was said, be it its answer, its headers or its text", async () => {
    const never = new Promise<never>(() => {});
    for (const late of [{ fetch: () => never }, { headers: () => never }]) {
      const { feed } = reading([], { timeoutMs: 10, ...late });
      await expect(async () => feed.log.read(undefined)).rejects.toThrow();
    }
    const stuck = reading([new Response(new ReadableStream({ pull: () => never }))], { timeoutMs: 10 });
    await expect(async () => stuck.feed.log.read(undefined)).rejects.toThrow();
  });

  it("is all that its reader has of the log: it gives nothing back", () => {
    const { feed } = reading([]);
    expect(feed.log.append({ id: "a", text: "x" })).toBeUndefined();
    expect(asked).toEqual([]);
  });
});
