import { HopwiseError } from "@hopwise/core";
import { inOwnWords } from "@hopwise/core/adapter";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { until } from "../testing/until.ts";
import { type PolicyClient, type ResilienceOptions, resilient, type TargetChange } from "./resilient.ts";
import { noRoom } from "./target-fault.ts";

/** As the clients of Cerbos reject: an error of theirs with a gRPC code. */
const notOK = (code: number, details = "x"): Error =>
  Object.assign(new Error(`gRPC error ${code}: ${details}`), { name: "NotOK", code, details });
const GONE = notOK(14);

type Behaviour = (signal: AbortSignal) => Promise<unknown>;
interface Fake extends PolicyClient {
  asked: number;
  behave: Behaviour;
  readonly signals: AbortSignal[];
}

const answers = async (): Promise<unknown> => "yes";
const hangs: Behaviour = () => new Promise(() => {});
const fails =
  (error: unknown): Behaviour =>
  async () => {
    throw error;
  };
const inTurn = (...behaviours: Behaviour[]): Behaviour => {
  return (signal) => (behaviours.shift() ?? answers)(signal);
};

function fake(behave: Behaviour = answers): Fake {
  const client: Fake = {
    asked: 0,
    behave,
    signals: [],
    checkResources: ask as never,
    planResources: ask as never,
  };
  function ask(_: unknown, options: { signal: AbortSignal }): Promise<unknown> {
    client.asked++;
    client.signals.push(options.signal);
    return client.behave(options.signal);
  }
  return client;
}

const request = {} as never;
const check = (client: PolicyClient, signal?: AbortSignal): Promise<unknown> =>
  client.checkResources(request, signal === undefined ? undefined : { signal });
const outcomes = (client: PolicyClient, times: number): Promise<PromiseSettledResult<unknown>[]> =>
  Promise.allSettled(Array.from({ length: times }, () => check(client)));

describe("a client that failed", () => {
  it.each([1, 2, 4, 10, 13, 14])("is asked once more: gRPC code %i", async (code) => {
    const client = fake(inTurn(fails(notOK(code))));
    expect(await check(resilient(client))).toBe("yes");
    expect(client.asked).toBe(2);
  });

  it("is asked once more for a plan, too, and after an error that nobody foresaw", async () => {
    const client = fake(inTurn(fails(GONE), answers, fails("gone")));
    expect(await resilient(client).planResources(request)).toBe("yes");
    expect(await check(resilient(client))).toBe("yes");
    expect(client.asked).toBe(4);
  });

  it("is never asked a third time: its second error is the answer", async () => {
    const second = notOK(13);
    const client = fake(inTurn(fails(GONE), fails(second)));
    await expect(check(resilient(client))).rejects.toBe(second);
    expect(client.asked).toBe(2);
  });

  it.each([
    ["an invalid argument", notOK(3)],
    ["a message that is too large", notOK(8)],
    ["out of range", notOK(11)],
    ["a schema violation, where the client throws these", Object.assign(new Error("x"), { validationErrors: [] })],
    ["a request that cannot be written down", notOK(13, "Request message serialization failure: x")],
    ["an answer that nobody can read (gRPC)", new Error("google.protobuf.Value cannot be NaN or Infinity")],
    ["the same (HTTP)", notOK(2, "proto: google.protobuf.Value.number_value: invalid +Inf value")],
  ])("is not asked again, and not held to be down, where the request is wrong: %s", async (_, error) => {
    const client = fake(fails(error));
    const steady = resilient(client, { faultsInARow: 1 });
    for (let i = 1; i <= 3; i++) {
      await expect(check(steady)).rejects.toBe(error);
      expect(client.asked).toBe(i);
    }
  });

  it("is not asked again after the caller's signal was aborted, before or while it was asked", async () => {
    const client = fake((signal) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(GONE))));
    const steady = resilient(client);
    await expect(check(steady, AbortSignal.abort())).rejects.toMatchObject({ code: "policy_unavailable" });
    expect(client.asked).toBe(0);
    const caller = new AbortController();
    const answer = check(steady, caller.signal);
    caller.abort();
    await expect(answer).rejects.toThrow("the caller stopped waiting");
    expect(client.asked).toBe(1);
    expect(client.signals[0]?.aborted).toBe(true);
  });

  it("is not asked again when the time is up", async () => {
    const client = fake(hangs);
    await expect(check(resilient(client, { timeoutMs: 30 }))).rejects.toThrow(/no answer within \d+ ms/);
    expect(client.asked).toBe(1);
    expect(client.signals[0]?.aborted).toBe(true);
  });
});

describe("a client that fails several times in a row", () => {
  const options: ResilienceOptions = { faultsInARow: 2, restMs: 60_000 };

  it("is left alone: calls fail at once, and it gets a rest", async () => {
    const client = fake(fails(GONE));
    const steady = resilient(client, options);
    await outcomes(steady, 5);
    const { asked } = client;
    await expect(check(steady)).rejects.toBeInstanceOf(HopwiseError);
    await expect(check(steady)).rejects.toMatchObject({ code: "policy_unavailable" });
    expect(client.asked).toBe(asked);
  });

  it.each([
    [
      "in the words of Cerbos' client",
      notOK(14, "certificate has expired. Resolution note: "),
      "gRPC error 14: certificate has expired.",
    ],
    [
      "in our own",
      inOwnWords(new HopwiseError("policy_unavailable", "no answer within 9 ms")),
      "no answer within 9 ms",
    ],
    [
      "of another error, which may quote anything, by its code alone",
      Object.assign(new Error("hush"), { code: "ECONNRESET" }),
      "it failed (ECONNRESET)",
    ],
  ])("is left alone, and who is not asked reads why it failed: %s", async (_, fault, told) => {
    const steady = resilient(fake(fails(fault)), options);
    await outcomes(steady, 2);
    await expect(check(steady)).rejects.toThrow(`and is left alone for a moment; the last time: ${told}`);
  });

  it("is asked by one call after its rest, by the others only when that one was answered", async () => {
    const client = fake(fails(GONE));
    const steady = resilient(client, { ...options, restMs: 20 });
    await outcomes(steady, 2);
    let answer = (_: unknown): void => {};
    client.behave = () => new Promise((resolve) => (answer = resolve));
    const before = client.asked;
    const calls: Promise<unknown>[] = [];
    await until(() => {
      const call = check(steady);
      call.catch(() => {});
      calls.push(call);
      return client.asked > before;
    });
    const others = await outcomes(steady, 3);
    expect(others.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
    expect(client.asked).toBe(before + 1);
    answer("back");
    expect(await calls.at(-1)).toBe("back");
    client.behave = answers;
    expect((await outcomes(steady, 3)).map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "fulfilled"]);
  });

  it("is left alone again when the one call fails, also when it only hangs until its caller leaves", async () => {
    const client = fake(fails(GONE));
    const steady = resilient(client, { ...options, restMs: 200 });
    await outcomes(steady, 2);
    client.behave = hangs;
    const before = client.asked;
    await until(async () => {
      await check(steady, AbortSignal.timeout(5)).catch(() => {});
      return client.asked > before;
    });
    await expect(check(steady)).rejects.toThrow("left alone");
    client.behave = answers;
    await until(() =>
      check(steady).then(
        () => true,
        () => false,
      ),
    );
  });

  it("is left alone again when the one call finds no room among those that wait for it", async () => {
    const client = fake(fails(GONE));
    const steady = resilient(client, { ...options, restMs: 200 });
    await outcomes(steady, 2);
    client.behave = fails(noRoom("too many wait"));
    const before = client.asked;
    await until(async () => {
      await check(steady).catch(() => {});
      return client.asked > before;
    });
    await expect(check(steady)).rejects.toThrow("left alone");
  });

  it("is asked again though the clock of the machine was set back", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    onTestFinished(() => void vi.useRealTimers());
    const client = fake(fails(GONE));
    const steady = resilient(client, { ...options, restMs: 20 });
    await outcomes(steady, 2);
    vi.setSystemTime(Date.now() - 3_600_000);
    client.behave = answers;
    await until(() =>
      check(steady).then(
        () => true,
        () => false,
      ),
    );
  });

  it("is not held to be down because callers left early", async () => {
    const client = fake(hangs);
    const steady = resilient(client, options);
    const caller = new AbortController();
    const calls = Promise.allSettled(Array.from({ length: 20 }, () => check(steady, caller.signal)));
    caller.abort();
    await calls;
    client.behave = answers;
    expect(await check(steady)).toBe("yes");
  });

  it("is held to be down because callers left who had waited for long", async () => {
    const client = fake(hangs);
    const steady = resilient(client, { ...options, patienceMs: 10 });
    for (let i = 0; i < 2; i++) await check(steady, AbortSignal.timeout(40)).catch(() => {});
    await expect(check(steady)).rejects.toThrow("left alone");
  });

  it("is not held to be down because more was asked than it could answer: it answered others meanwhile", async () => {
    const client = fake(inTurn(hangs, hangs, hangs));
    const steady = resilient(client, { ...options, patienceMs: 10 });
    const caller = AbortSignal.timeout(40);
    const inVain = Promise.allSettled([check(steady, caller), check(steady, caller)]);
    const tooLate = resilient(client, { ...options, faultsInARow: 1, timeoutMs: 40 });
    const expired = outcomes(tooLate, 1);
    expect(await Promise.all([check(steady), check(tooLate)])).toEqual(["yes", "yes"]);
    await Promise.all([inVain, expired]);
    expect(await Promise.all([check(steady), check(tooLate)])).toEqual(["yes", "yes"]);
  });

  it("is not held to be down for questions that never went out, and another one is asked these", async () => {
    const [full, other] = [fake(fails(noRoom("too many wait"))), fake()];
    const steady = resilient([full, other], options);
    for (let i = 0; i < 10; i++) expect(await check(steady)).toBe("yes");
    expect(full.asked).toBe(5);
    await expect(check(resilient(full, options))).rejects.toThrow("too many wait");
  });

  it("is told to whoever listens, once a change; what a listener throws is no matter", async () => {
    const changes: TargetChange[] = [];
    const client = fake(fails(GONE));
    const onChange = (change: TargetChange): never => {
      changes.push(change);
      throw new Error("listener");
    };
    const steady = resilient(client, { ...options, restMs: 20, onChange });
    await outcomes(steady, 4);
    await until(async () => {
      await check(steady).catch(() => {});
      return client.asked > 6;
    });
    expect(changes).toEqual([{ index: 0, up: false }]);
    client.behave = answers;
    await until(() =>
      check(steady).then(
        () => true,
        () => false,
      ),
    );
    expect(changes).toEqual([
      { index: 0, up: false },
      { index: 0, up: true },
    ]);
  });
});

describe("several clients", () => {
  it("are asked in turns", async () => {
    const clients = [fake(), fake(), fake()];
    const steady = resilient(clients);
    for (let i = 0; i < 6; i++) await check(steady);
    expect(clients.map(({ asked }) => asked)).toEqual([2, 2, 2]);
  });

  it("answer for one that fails: no call is lost, and it is left alone", async () => {
    const [dead, alive] = [fake(fails(GONE)), fake()];
    const steady = resilient([dead, alive], { faultsInARow: 3, restMs: 60_000 });
    for (let i = 0; i < 20; i++) expect(await check(steady)).toBe("yes");
    expect([dead.asked, alive.asked]).toEqual([3, 20]);
  });

  it("answer for one that hangs, once the patience with it is over", async () => {
    const [hung, alive] = [fake(hangs), fake()];
    const steady = resilient([hung, alive], { patienceMs: 1000, faultsInARow: 2, restMs: 60_000 });
    for (let i = 0; i < 8; i++) expect(await check(steady)).toBe("yes");
    expect(hung.asked).toBe(2);
    expect(hung.signals.every(({ aborted }) => aborted)).toBe(true);
  });

  it("let one take its time that is all there is: nobody is left alone for being slow while the others are gone", async () => {
    const slow: Behaviour = () => new Promise((resolve) => setTimeout(resolve, 60, "late"));
    const steady = resilient([fake(fails(GONE)), fake(slow)], { patienceMs: 20, faultsInARow: 1, restMs: 60_000 });
    const settled = await outcomes(steady, 10);
    expect(settled.map((it) => it.status === "fulfilled" && it.value)).toEqual(Array(10).fill("late"));
    expect(await check(steady)).toBe("late");
  });

  it("are better than none: one that rests is asked where the only one that is up fails", async () => {
    const [resting, dying] = [fake(fails(GONE)), fake()];
    const steady = resilient([resting, dying], { faultsInARow: 1, restMs: 60_000 });
    await check(steady);
    resting.behave = answers;
    dying.behave = fails(GONE);
    expect(await check(steady)).toBe("yes");
    await expect(check(steady)).rejects.toThrow("left alone");
  });

  it("do not lose a call to one that only was slow once, and rests, when the quick one dies", async () => {
    const [slow, quick] = [fake(hangs), fake()];
    const steady = resilient([slow, quick], { patienceMs: 200, faultsInARow: 1, restMs: 60_000 });
    expect(await check(steady)).toBe("yes");
    slow.behave = answers;
    quick.behave = fails(GONE);
    for (let i = 0; i < 5; i++) expect(await check(steady)).toBe("yes");
    expect(quick.asked).toBe(2);
  });

  it("leave nobody to ask where all of them failed: at once an error", async () => {
    const clients = [fake(fails(GONE)), fake(fails(GONE))];
    const steady = resilient(clients, { faultsInARow: 1, restMs: 60_000 });
    await outcomes(steady, 3);
    const asked = clients.map((client) => client.asked);
    await expect(check(steady)).rejects.toThrow("every policy decision point failed");
    expect(clients.map((client) => client.asked)).toEqual(asked);
  });

  it("take one back that recovered", async () => {
    const [once, alive] = [fake(fails(GONE)), fake()];
    const steady = resilient([once, alive], { faultsInARow: 1, restMs: 10 });
    await check(steady);
    once.behave = answers;
    const before = once.asked;
    await until(async () => {
      expect(await check(steady)).toBe("yes");
      return once.asked > before + 1;
    });
  });
});

describe("options that cannot work", () => {
  it.each(["timeoutMs", "patienceMs", "faultsInARow", "restMs"])("are refused: %s", (name) => {
    for (const value of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, "5"]) {
      expect(() => resilient(fake(), { [name]: value as number })).toThrow(
        expect.objectContaining({ code: "config_invalid", pointer: `/${name}` }),
      );
    }
  });

  it("are refused: no client", () => {
    expect(() => resilient([])).toThrow(expect.objectContaining({ code: "config_invalid" }));
  });
});
