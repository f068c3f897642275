import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { Thumbprint, TokenHash } from "../token/index.ts";
import { createWorld, errorOf, ISSUER, NOW, refusalOf, type World } from "../world.fixture.ts";
import { type MemoryState, memoryDriver, memoryState } from "./memory.ts";
import type { RevocationQuery, RevocationTarget } from "./revocation.ts";
import { type Fault, type Served, serve } from "./revocation-endpoint.fixture.ts";
import { revocationEndpoint } from "./revocation-endpoint.ts";
import { type FeedReaderOptions, type FeedRevocations, revocationsOverHttp } from "./revocations-over-http.ts";
import { openedState } from "./state.ts";

const LOG = "https://revocations.acme.example";
const HASH = "t".repeat(43);

let world: World;
let served: Served;
let handler: ReturnType<typeof revocationEndpoint>;
beforeAll(async () => {
  world = await createWorld();
  served = await serve(() => handler);
});
afterAll(() => served.close());

let now = NOW;
const clock = (): number => now * 1000;
let state: MemoryState;
const readers: FeedRevocations[] = [];
beforeEach(() => {
  now = NOW;
  state = memoryState({ clock });
  handler = endpointOf(state);
  served.fault = undefined;
  served.asked.length = 0;
  served.answers.length = 0;
});
afterEach(() => {
  for (const reader of readers.splice(0)) reader.close();
});

function endpointOf(its: Pick<MemoryState, "revocations">, more: object = {}): typeof handler {
  return revocationEndpoint({
    feed: { state: its, signer: world.issuer, audience: LOG, mayRead: () => true, clock, ...more } as never,
  });
}

function follow(changed: Partial<FeedReaderOptions> = {}): FeedRevocations {
  const reader = revocationsOverHttp({
    url: served.url,
    keys: [world.issuer.publicJwk],
    audience: LOG,
    // Longer than a test takes.
    everySeconds: 23,
    timeoutMs: 1500,
    clock,
    ...changed,
  });
  readers.push(reader);
  return reader;
}

const asks = (...agents: string[]): RevocationQuery => ({
  tokens: [HASH as TokenHash],
  keys: [HASH as Thumbprint],
  agents,
  user: { issuer: ISSUER, subject: "alice" },
  issuedAt: NOW - 10,
});
const has = async (reader: FeedRevocations, agent: string): Promise<boolean> =>
  (await reader.find(asks(agent))) !== undefined;

describe("the feed", () => {
  const targets: RevocationTarget[] = [
    { token: HASH as TokenHash },
    { key: HASH as Thumbprint },
    { key: HASH as Thumbprint, issuer: ISSUER },
    { agent: "planner" },
    { agent: "planner", issuer: ISSUER },
    { user: { issuer: ISSUER, subject: "alice" }, notBefore: NOW - 0.5 },
  ];

  it.each(targets)("brings that %j is revoked, and lifted again; nothing is sent twice", async (target) => {
    const reader = follow();
    expect(await reader.find(asks("planner"))).toBeUndefined();
    state.revocations.revoke(target, { reason: "hunter2", by: { operator: "ops" } });
    await reader.refresh();
    expect(await reader.find(asks("planner"))).toMatchObject("user" in target ? { user: target.user } : target);
    await state.revocations.lift(target);
    await reader.refresh();
    expect(await reader.find(asks("planner"))).toBeUndefined();
    await reader.refresh();
    expect(served.asked.map((query) => query !== "")).toEqual([false, true, true, true]);
    const sent = served.answers.map((text) => payloadOf(text).entries.length);
    expect(sent).toEqual([0, 1, 1, 0]);
    // Who wrote it, and why, goes to nobody.
    expect(served.answers.map((text) => JSON.stringify(payloadOf(text))).join()).not.toMatch(/hunter2|ops/);
  });

  it("comes by pages, and tells who listens", async () => {
    for (let i = 0; i < 2500; i++) state.revocations.revoke({ agent: `agent-${i}` });
    const told = vi.fn();
    const reader = follow({ timeoutMs: 20_000 });
    const stop = reader.onChange(told);
    expect([await has(reader, "agent-0"), await has(reader, "agent-2499"), await has(reader, "b")]).toEqual([
      true,
      true,
      false,
    ]);
    expect(served.answers.map((text) => payloadOf(text).entries.length)).toEqual([1000, 1000, 500]);
    expect(told).toHaveBeenCalledTimes(1);
    await reader.refresh();
    expect(told).toHaveBeenCalledTimes(1);
    stop();
    state.revocations.revoke({ agent: "b" });
    await reader.refresh();
    expect(told).toHaveBeenCalledTimes(1);
  });

  it("is asked for by a timer", async () => {
    const reader = follow({ everySeconds: 0.02 });
    state.revocations.revoke({ agent: "planner" });
    await vi.waitFor(async () => expect(await has(reader, "planner")).toBe(true));
    reader.close();
    expect(await refusalOf(reader.refresh())).toBe("state_unavailable");
  });

  it.each<[string, Partial<FeedReaderOptions>]>([
    ["less often than pages may be old", { everySeconds: 10, maxStalenessSeconds: 2 }],
    ["as often as pages may be old", { everySeconds: 30, maxStalenessSeconds: 30 }],
    ["later, now and then, than pages may be old", { everySeconds: 24, maxStalenessSeconds: 30 }],
    ["less often than pages may be old where nothing was said", { everySeconds: 60 }],
  ])("is not asked for %s: what names both options", async (_, pace) => {
    const error = await errorOf(() => follow(pace));
    expect(error).toMatchObject({ code: "config_invalid", pointer: "/everySeconds" });
    expect(error.message).toMatch(/everySeconds.*maxStalenessSeconds/);
  });

  it("is asked for as often as it needs where that was not said", async () => {
    const reader = follow({ maxStalenessSeconds: 0.4, ...({ everySeconds: undefined } as object) });
    await reader.find(asks());
    await vi.waitFor(() => expect(served.asked.length).toBeGreaterThan(3), { timeout: 4000 });
  });

  it("is the log of every driver: of a store that several processes share, too", async () => {
    const shared = await openedState(memoryDriver({ clock }), { clock, repairSeconds: 0 });
    handler = endpointOf(shared);
    const reader = follow();
    await shared.revocations.revoke({ agent: "planner" });
    await reader.refresh();
    expect(await has(reader, "planner")).toBe(true);
    await shared.close();
  });
});

describe("too old denies", () => {
  const front: { [fault: string]: Fault } = {
    hangs: () => {},
    cuts: (response) => response.destroy(),
    "cuts in the middle": (response) => {
      response.writeHead(200, { "content-length": "5000" }).write("eyJ", () => response.destroy());
    },
    stops: (response) => response.writeHead(200).write("eyJ"),
    "sends on and on": (response) => {
      response.writeHead(200);
      const more = (): void => {
        if (!response.destroyed) response.write(Buffer.alloc(65_536, "a"), more);
      };
      more();
    },
    "answers 500": (response) => response.writeHead(500).end("hunter2"),
    "redirects elsewhere": (response) => response.writeHead(302, { location: "/elsewhere" }).end(),
    "answers that nothing changed": (response) => response.writeHead(304).end(),
    "answers a page of the web": (response) => response.end("<html>hunter2"),
    "replays an older answer": (response) => response.end(served.answers[0]),
    "changes a byte": (response) =>
      response.end(`${served.answers[0]}`.replace(/.(?=.{9}$)/, (c) => (c === "A" ? "B" : "A"))),
  };

  it.each(Object.keys(front))("where the front %s, with its reason; and it recovers by itself", async (fault) => {
    const reader = follow({ maxStalenessSeconds: 30, maxBytes: 1_000_000 });
    await reader.find(asks());
    now += 10;
    await reader.refresh();
    state.revocations.revoke({ agent: "planner" });
    served.fault = front[fault];
    now += 20;
    const error = await errorOf(reader.refresh());
    expect(error.code).toBe("state_unavailable");
    expect(error.message).not.toContain("hunter2");
    expect(error.message).toContain("feed");
    expect(served.asked).not.toContain("/elsewhere");
    if (fault.startsWith("redirects")) expect(error.message).toContain("answered 302, and no redirect is followed");
    // It is known as it was, for as long as that may be.
    expect([await has(reader, "planner"), reader.health()]).toEqual([false, { ok: true }]);
    now += 10.5;
    expect(await refusalOf(async () => reader.find(asks()))).toBe("state_unavailable");
    expect(reader.health()).toEqual({ ok: false, problem: error.message });
    served.fault = undefined;
    await reader.refresh();
    expect([await has(reader, "planner"), reader.health()]).toEqual([true, { ok: true }]);
  });

  it("from the time at which a page was signed, not from when it came", async () => {
    const reader = follow();
    await reader.find(asks());
    const old = served.answers[0];
    reader.close();
    now += 31;
    served.fault = (response) => response.end(old);
    expect(await refusalOf(async () => follow().find(asks()))).toBe("state_unavailable");
  });

  it("where nothing was read yet, and where the clock was put back meanwhile", async () => {
    served.fault = (response) => response.destroy();
    expect(await refusalOf(async () => follow().find(asks()))).toBe("state_unavailable");
    served.fault = undefined;
    const reader = follow({ everySeconds: 0.05, maxStalenessSeconds: 0.1 });
    await reader.find(asks());
    now -= 10;
    await vi.waitFor(async () => expect(await refusalOf(async () => reader.find(asks()))).toBe("state_unavailable"));
  });
});

describe("nobody takes the feed's place", () => {
  it("with another key, or for another log", async () => {
    handler = endpointOf(state, { signer: world.mallory });
    expect((await errorOf(follow().refresh())).message).toContain("signed by a key that is not one of its reader's");
    handler = endpointOf(state, { audience: "https://other.example" });
    expect((await errorOf(follow().refresh())).message).toContain("another log");
  });

  it("with a log that was made anew, without the operator's word; what was known stays in force", async () => {
    const reader = follow();
    state.revocations.revoke({ agent: "planner" });
    await reader.refresh();
    const anew = memoryState({ clock });
    anew.revocations.revoke({ agent: "clerk" });
    handler = endpointOf(anew);
    const error = await errorOf(reader.refresh());
    expect(error).toMatchObject({ code: "state_unavailable", message: expect.stringContaining("acceptEpoch") });
    expect([await has(reader, "planner"), await has(reader, "clerk")]).toEqual([true, false]);
    reader.acceptEpoch(payloadOf(served.answers.at(-1) as string).epoch);
    await reader.refresh();
    expect([await has(reader, "planner"), await has(reader, "clerk")]).toEqual([true, true]);
  });

  it("where the operator named the epoch before", async () => {
    expect(await refusalOf(follow({ epoch: "another" }).refresh())).toBe("state_unavailable");
    const { epoch } = payloadOf(served.answers.at(-1) as string);
    expect(await refusalOf(follow({ epoch }).refresh())).toBe("accepted");
  });
});

function payloadOf(text: string): { readonly epoch: string; readonly entries: readonly unknown[] } {
  return JSON.parse(Buffer.from(text.split(".")[1] as string, "base64url").toString());
}
