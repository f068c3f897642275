import type { PolicyDecisionPoint } from "@hopwise/core/adapter";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { until } from "../testing/until.ts";
import { type PolicyClient, type ResilienceOptions, resilient } from "./resilient.ts";

const GONE = Object.assign(new Error("gRPC error 14"), { name: "NotOK", code: 14 });
const WRONG = Object.assign(new Error("gRPC error 3"), { name: "NotOK", code: 3 });
const later = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** What a target does with one of the questions of a decision, by its number. */
type Behaviour = (hop: number, signal: AbortSignal) => Promise<unknown>;

interface Fake extends PolicyClient {
  behave: Behaviour;
  readonly asked: number[];
  readonly signals: AbortSignal[];
}

const { signal: never } = new AbortController();
const hangs: Behaviour = () => new Promise(() => {});

/** Its answers are its name, unless it does something else. */
function fake(name: string, behave: Behaviour = async () => {}): Fake {
  const client: Fake = { behave, asked: [], signals: [], checkResources: ask as never, planResources: ask as never };
  async function ask({ requestId }: { requestId: string }, { signal }: { signal: AbortSignal }): Promise<string> {
    client.asked.push(Number(requestId));
    client.signals.push(signal);
    await client.behave(Number(requestId), signal);
    return name;
  }
  return client;
}

/** A decision of three questions: checks, and a plan. */
async function askAll(one: PolicyDecisionPoint, signal: AbortSignal): Promise<readonly unknown[]> {
  return Promise.all(
    [0, 1, 2].map((hop) => one[hop === 2 ? "planResources" : "checkResources"](numbered(hop), { signal })),
  );
}
const numbered = (hop: number): never => ({ requestId: String(hop) }) as never;

const decide = (client: PolicyClient, signal?: AbortSignal): Promise<readonly unknown[]> =>
  (client as Required<PolicyClient>).whole(askAll, signal && { signal });
const steady = (clients: readonly PolicyClient[], options: ResilienceOptions = {}): PolicyClient =>
  resilient(clients, { faultsInARow: 100, ...options });

describe("all questions of a decision", () => {
  it("are put to one target, and those of the next decision to the next", async () => {
    const clients = [fake("a"), fake("b")];
    const client = steady(clients);
    expect([await decide(client), await decide(client), await decide(client)]).toEqual(
      ["a", "b", "a"].map((name) => [name, name, name]),
    );
  });

  it.each([0, 1, 2])(
    "are asked anew at another target where the first failed for question %i alone",
    async (failing) => {
      const first = fake("first", async (hop) => {
        await later(5);
        if (hop === failing) throw GONE;
      });
      const second = fake("second");
      expect(await decide(steady([first, second]))).toEqual(["second", "second", "second"]);
      expect([first.asked, second.asked]).toEqual([
        [0, 1, 2],
        [0, 1, 2],
      ]);
    },
  );

  it("are asked anew where the first target answered one and died", async () => {
    const first = fake("first", async (hop, signal) => {
      if (hop === 0) return;
      await later(10);
      if (hop === 1) throw GONE;
      await new Promise((_, reject) => signal.addEventListener("abort", () => reject(GONE)));
    });
    expect(await decide(steady([first, fake("second")]))).toEqual(["second", "second", "second"]);
    // What it is asked besides is of no use any more.
    expect(first.signals[2]?.aborted).toBe(true);
  });

  it("are asked at another target beside one that hangs for one of them, and what it says then is dropped", async () => {
    let answer = (): void => {};
    const first = fake("first", (hop) => (hop === 1 ? new Promise<void>((resolve) => (answer = resolve)) : later(1)));
    const second = fake("second", async () => {
      answer();
      await later(10);
    });
    expect(await decide(steady([first, second], { patienceMs: 20 }))).toEqual(["first", "first", "first"]);
    const third = fake("third", (hop) => (hop === 1 ? new Promise<void>((resolve) => (answer = resolve)) : later(1)));
    expect(await decide(steady([third, fake("quick")], { patienceMs: 20 }))).toEqual(["quick", "quick", "quick"]);
    answer();
    await vi.waitFor(() => expect(third.signals.every(({ aborted }) => aborted)).toBe(true));
  });

  it("are not asked at another target while one answers question after question", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    onTestFinished(() => void vi.useRealTimers());
    const [first, second] = [fake("first", () => later(40)), fake("second")];
    const client = steady([first, second], { patienceMs: 100 }) as Required<PolicyClient>;
    const names = client.whole(async (one, signal) => {
      const answers: unknown[] = [];
      for (let i = 0; i < 5; i++) answers.push(await one.checkResources(numbered(i), { signal }));
      return answers;
    });
    for (let i = 0; i < 20; i++) await vi.advanceTimersByTimeAsync(10);
    expect(await names).toEqual(Array(5).fill("first"));
    expect(second.asked).toEqual([]);
  });

  it("are asked twice at most: then the second target's fault is the answer", async () => {
    const second = Object.assign(new Error("second"), { code: 13 });
    const clients = [
      fake("a", async () => Promise.reject(GONE)),
      fake("b", async () => Promise.reject(second)),
      fake("c"),
    ];
    await expect(decide(steady(clients))).rejects.toBe(second);
    expect(clients.map(({ asked }) => asked.length)).toEqual([3, 3, 0]);
    const alone = fake("alone", async () => Promise.reject(second));
    await expect(decide(steady([alone]))).rejects.toBe(second);
    expect(alone.asked).toHaveLength(6);
  });

  it("are not asked anew where they are wrong, nor after the caller left or the time is up", async () => {
    const second = fake("second");
    const wrong = steady([fake("first", async () => Promise.reject(WRONG)), second]);
    await expect(decide(wrong)).rejects.toBe(WRONG);
    await expect(decide(wrong, AbortSignal.abort())).rejects.toThrow("the caller stopped waiting");
    const hung = fake("hung", hangs);
    const leaving = new AbortController();
    const left = decide(steady([hung, second]), leaving.signal);
    leaving.abort();
    await expect(left).rejects.toThrow("the caller stopped waiting");
    await expect(decide(steady([fake("hung", hangs)], { timeoutMs: 20 }))).rejects.toThrow("no answer within 20 ms");
    expect([hung.signals.every(({ aborted }) => aborted), second.asked]).toEqual([true, []]);
  });

  it("count as one fault: after as many decisions a target is left alone", async () => {
    const [first, second] = [fake("first", async () => Promise.reject(GONE)), fake("second")];
    const client = steady([first, second], { faultsInARow: 2, restMs: 60_000 });
    for (let i = 0; i < 8; i++) expect(await decide(client)).toEqual(["second", "second", "second"]);
    expect(first.asked).toHaveLength(6);
  });

  it("count as one call: one decision tries a target after its rest, as a whole", async () => {
    const [first, second] = [fake("first", async () => Promise.reject(GONE)), fake("second")];
    const client = steady([first, second], { faultsInARow: 1, restMs: 20, patienceMs: 30_000, timeoutMs: 60_000 });
    await decide(client);
    const ends: (() => void)[] = [];
    first.behave = () => new Promise<void>((resolve) => ends.push(resolve));
    const trying: Promise<unknown>[] = [];
    await until(() => {
      trying.push(decide(client));
      return ends.length > 0;
    });
    await Promise.all([decide(client), decide(client), decide(client)]);
    expect(first.asked).toHaveLength(6);
    for (const end of ends) end();
    expect((await Promise.all(trying)).at(-1)).toEqual(["first", "first", "first"]);
  });

  it("are put to one target also where a client of several is itself one of several", async () => {
    const inner = steady([fake("a"), fake("b", async () => Promise.reject(GONE))]);
    const outer = steady([inner, steady([fake("c"), fake("d")])]);
    for (let i = 0; i < 12; i++) expect(new Set(await decide(outer)).size).toBe(1);
  });

  it("pass by nothing that somebody put into a copy of the client", async () => {
    const client = steady([fake("a")]);
    const copy: PolicyClient = { ...client, checkResources: async () => "own" as never };
    expect(copy.whole).toBeUndefined();
    expect(client.whole).toBeTypeOf("function");
  });
});

describe("of several targets", () => {
  const check = (client: PolicyClient, signal?: AbortSignal): Promise<unknown> =>
    client.checkResources(numbered(0), signal && { signal });
  const ends: (() => void)[] = [];
  const waits: Behaviour = () => new Promise<void>((resolve) => ends.push(resolve));

  it("the one is asked at which the fewest requests are under way, and those with as many in turns", async () => {
    const [busy, idle] = [fake("busy", waits), fake("idle")];
    const client = steady([busy, idle]);
    const first = check(client);
    for (let i = 0; i < 6; i++) expect(await check(client)).toBe("idle");
    expect(busy.asked).toHaveLength(1);
    for (const end of ends.splice(0)) end();
    expect(await first).toBe("busy");
    busy.behave = async () => {};
    const names = [];
    for (let i = 0; i < 4; i++) names.push(await check(client));
    expect(names.toSorted()).toEqual(["busy", "busy", "idle", "idle"]);
  });

  it("the requests of a decision count one by one, and no more once it ended", async () => {
    const [a, b] = [fake("a", waits), fake("b", waits)];
    const client = steady([a, b]);
    const calls = [decide(client), check(client), check(client), check(client)];
    expect([a.asked.length, b.asked.length]).toEqual([3, 3]);
    for (const end of ends.splice(0)) end();
    await Promise.all(calls);
  });

  it.each([
    ["hangs", hangs],
    ["answers late", waits],
  ])("one that %s, while its callers leave, is busy no more once they left, and no less", async (_, behave) => {
    const [a, b] = [fake("a", behave), fake("b")];
    const client = steady([a, b]);
    const leaving = new AbortController();
    const left = Array.from({ length: 6 }, (_, i) => (i < 3 ? check : decide)(client, leaving.signal));
    expect(a.asked.length).toBeGreaterThan(0);
    leaving.abort();
    await Promise.allSettled(left);
    for (const end of ends.splice(0)) end();
    await later(5);
    a.behave = async () => {};
    const names = [];
    for (let i = 0; i < 4; i++) names.push(await check(client));
    expect(names.toSorted()).toEqual(["a", "a", "b", "b"]);
  });

  it("one that answers a part of a decision is there, though nobody waited for the rest", async () => {
    const busy = fake("busy", (hop) => (hop === 0 ? later(5) : hangs(hop, never)));
    const client = steady([busy], { faultsInARow: 1, patienceMs: 10 });
    await expect(decide(client, AbortSignal.timeout(60))).rejects.toThrow("stopped waiting");
    busy.behave = async () => {};
    expect(await decide(client)).toEqual(["busy", "busy", "busy"]);
  });

  it("the idlest of the others is asked beside one that is slow", async () => {
    const [slow, busy, idle] = [fake("slow", hangs), fake("busy", waits), fake("idle")];
    const client = steady([slow, busy, idle], { patienceMs: 20 });
    const first = check(client);
    const second = check(client);
    expect(await first).toBe("idle");
    for (const end of ends.splice(0)) end();
    expect(["busy", "idle"]).toContain(await second);
  });
});
