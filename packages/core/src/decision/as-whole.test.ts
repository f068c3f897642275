import type { Principal } from "@cerbos/core";
import { describe, expect, it, vi } from "vitest";
import { HopwiseError } from "../errors.ts";
import { withDeadline } from "../lib/index.ts";
import type { Hop } from "../principal/index.ts";
import { allowing, errorOf, never, pdpOf } from "../world.fixture.ts";
import { asWhole } from "./as-whole.ts";
import { checkHops } from "./check-hops.ts";
import { combineVerdicts } from "./combine.ts";
import { listHops } from "./list-hops.ts";
import type { PolicyDecisionPoint } from "./pdp.ts";

const hops: readonly Hop[] = ["alice", "agent:a", "agent:b"].map((id, i) => ({ kind: i === 0 ? "user" : "agent", id }));
const principals: readonly Principal[] = hops.map(({ id }) => ({ id, roles: ["r"] }));
const chain = { hops, principals, invocation: "inv", chainId: "chain" };
const question = { ...chain, resource: { kind: "payment", id: "p" }, action: "send" };
const list = {
  ...chain,
  items: [{ tool: "pay", entry: { kind: "payment", action: "send", list: "list" }, known: {} }],
};

const GONE = Object.assign(new Error("gRPC error 14"), { name: "NotOK", code: 14 });
const WRONG = Object.assign(new Error("gRPC error 3"), { name: "NotOK", code: 3 });

/** What a target does with the question of a hop. */
type Behaviour = (hop: number) => unknown;

/** A target whose answers bear its name. */
function target(name: string, behave: Behaviour = () => undefined): PolicyDecisionPoint {
  return pdpOf(async (request) => {
    await behave(principals.findIndex(({ id }) => id === request.principal.id));
    return request.resources.map((asked) =>
      allowing(asked, { metadata: { actions: { [asked.actions[0] as string]: { matchedPolicy: name } } } }),
    );
  }).pdp;
}

const failsAt =
  (failing: number, error: Error = GONE): Behaviour =>
  async (hop) => {
    // After the others have answered.
    for (let i = 0; i < 20; i++) await undefined;
    if (hop === failing) throw error;
  };

/** Asks one after the other until one answers, as a client with several targets does. */
function oneAfterTheOther(...targets: readonly PolicyDecisionPoint[]): PolicyDecisionPoint {
  return {
    ...target("alone"),
    whole: async (ask, options) => {
      for (const [i, one] of targets.entries()) {
        try {
          return await ask(one, options?.signal ?? new AbortController().signal);
        } catch (error) {
          if (i === targets.length - 1) throw error;
        }
      }
      throw new Error("no targets");
    },
  };
}

const check = async (pdp: PolicyDecisionPoint, deadlineMs = 1000) => {
  const verdicts = await checkHops(pdp, question, deadlineMs);
  return {
    verdicts,
    effects: verdicts.map(({ effect }) => effect),
    by: verdicts.map(({ policy }) => policy),
    code: combineVerdicts(verdicts)?.code,
    hop: combineVerdicts(verdicts)?.hop,
  };
};

describe("a decision of a client that asks as a whole", () => {
  it("has the answers of one target, and nothing of one that failed for a hop before", async () => {
    for (const failing of [0, 1, 2]) {
      const pdp = oneAfterTheOther(target("first", failsAt(failing)), target("second"));
      expect(await check(pdp)).toMatchObject({ by: ["second", "second", "second"], code: undefined });
      expect(await listHops(pdp, list, 1000)).toEqual([undefined]);
    }
  });

  it("takes an answer that every target would give for an answer: a request that is refused, a plan of no known kind", async () => {
    const second = vi.fn();
    const { verdicts, code, hop } = await check(
      oneAfterTheOther(target("first", failsAt(1, WRONG)), target("second", second)),
    );
    expect(verdicts).toMatchObject([{ policy: "first" }, { effect: "error", refused: true }, { policy: "first" }]);
    expect({ code, hop }).toEqual({ code: "policy_request_refused", hop: 1 });
    const planned = { ...list, items: [{ tool: "pay", entry: { kind: "payment", action: "send" }, known: {} }] };
    const odd = pdpOf(undefined, () => "KIND_ODD").pdp;
    const refusal = await errorOf(listHops(oneAfterTheOther(odd, target("second", second)), planned, 1000));
    expect(refusal).toMatchObject({ code: "policy_inconclusive", hop: 0 });
    expect(second).not.toHaveBeenCalled();
  });

  it("says of each hop what is known of it, all by one target, where none answered for every hop", async () => {
    const atOnce = target("at once", async () => {
      throw GONE;
    });
    for (const others of [[target("second", failsAt(0))], [atOnce]]) {
      const pdp = oneAfterTheOther(target("first", failsAt(1)), ...others);
      const { verdicts, code, hop } = await check(pdp);
      expect(verdicts).toMatchObject([
        { policy: "first" },
        { effect: "error", unavailable: true },
        { policy: "first" },
      ]);
      expect({ code, hop }).toEqual({ code: "policy_unavailable", hop: 1 });
      expect(await errorOf(listHops(pdp, list, 1000))).toMatchObject({ code: "policy_unavailable", hop: 1 });
    }
  });

  it("says what the one knew that came furthest, whichever was asked first", async () => {
    const little = target("little", async (hop) => {
      for (let i = 0; i < 20; i++) await undefined;
      if (hop > 0) throw GONE;
    });
    const much = target("much", failsAt(1));
    for (const targets of [
      [little, much],
      [much, little],
    ] as const) {
      const { verdicts } = await check(oneAfterTheOther(...targets));
      expect(verdicts).toMatchObject([{ policy: "much" }, { effect: "error" }, { policy: "much" }]);
    }
  });

  it("is told by its signal that the deadline is over", async () => {
    let told: AbortSignal | undefined;
    const pdp: PolicyDecisionPoint = {
      ...target("one"),
      whole: async (_, options) => {
        told = options?.signal;
        return never;
      },
    };
    await check(pdp, 20);
    expect(told?.aborted).toBe(true);
  });

  it("ends with its deadline, naming the hop that was not answered", async () => {
    const hanging = oneAfterTheOther(target("first", async (hop) => (hop === 2 ? never : undefined)));
    const { verdicts, code, hop } = await check(hanging, 20);
    expect(verdicts[2]).toMatchObject({ effect: "error", unavailable: true, problem: "no answer within 20 ms" });
    expect({ code, hop }).toEqual({ code: "policy_unavailable", hop: 2 });
    const error = await errorOf(listHops(hanging, list, 20));
    expect(error).toMatchObject({ code: "policy_unavailable", hop: 2 });
    expect(error.message).toContain("no answer within 20 ms");
  });

  it("asks once a hop, with its own headers, and not before it has those of all", async () => {
    const asked: unknown[] = [];
    const one: PolicyDecisionPoint = {
      ...target("one"),
      checkResources: async (request, options) => {
        asked.push([request.principal.id, options?.headers]);
        return target("one").checkResources(request, options);
      },
    };
    const seen: unknown[] = [];
    let release = (): void => {};
    const late = new Promise<void>((resolve) => {
      release = resolve;
    });
    const verdicts = checkHops(oneAfterTheOther(one), question, 1000, async ({ hop, id }, ask) => {
      if (hop === 2) await late;
      const verdict = await ask({ traceparent: id });
      seen.push([hop, verdict.policy]);
      return verdict;
    });
    for (let i = 0; i < 50; i++) await undefined;
    expect(asked).toEqual([]);
    release();
    expect(await verdicts).toHaveLength(3);
    expect(asked).toEqual(hops.map(({ id }) => [id, { traceparent: id }]));
    expect(seen).toEqual([
      [0, "one"],
      [1, "one"],
      [2, "one"],
    ]);
  });

  it("takes no answer that comes after the attempt was given up, though the client waits for it", async () => {
    const own = new AbortController();
    const late = target("late", async () => own.abort());
    const pdp: PolicyDecisionPoint = { ...late, whole: (ask) => ask(late, own.signal) };
    expect(await check(pdp)).toMatchObject({ effects: ["error", "error", "error"], code: "policy_unavailable" });
  });
});

type Whole = NonNullable<PolicyDecisionPoint["whole"]>;

const MISBEHAVING: readonly (readonly [string, (one: PolicyDecisionPoint) => unknown])[] = [
  ["gives nothing", () => async () => undefined],
  [
    "gives something else",
    () => async () => new Map(hops.map((_, i) => [i, { status: "fulfilled", value: { effect: "allow" } }])),
  ],
  ["gives no promise", () => () => "yes"],
  [
    "throws at once",
    () => () => {
      throw new Error("own");
    },
  ],
  ["never answers", () => () => never],
  ["gives no target", () => (ask: Parameters<Whole>[0]) => ask(undefined as never, new AbortController().signal)],
  ["gives no signal", (one) => (ask: Parameters<Whole>[0]) => ask(one, undefined as never)],
  [
    "asks and rejects all the same",
    (one) => async (ask: Parameters<Whole>[0]) => {
      await ask(one, new AbortController().signal);
      throw GONE;
    },
  ],
  ["is no function", () => "whole"],
];

describe("a client of the host's own whose `whole`", () => {
  it.each(MISBEHAVING)("%s allows nothing, and shows nothing", async (_, whole) => {
    const one = target("one");
    const pdp = { ...one, whole: whole(one) } as PolicyDecisionPoint;
    expect(await check(pdp, 50)).toMatchObject({
      effects: ["error", "error", "error"],
      code: "policy_unavailable",
      hop: 0,
    });
    expect((await errorOf(listHops(pdp, list, 50))).code).toBe("policy_unavailable");
  });

  it("asks twice at once gets two sets of answers, of which it gives one", async () => {
    const whole: Whole = async (ask, options) => {
      const signal = options?.signal ?? new AbortController().signal;
      const answers = [ask(target("first", failsAt(-1)), signal), ask(target("second"), signal)];
      await Promise.all(answers);
      return Promise.race(answers);
    };
    const { by } = await check({ ...target("alone"), whole });
    expect(new Set(by).size).toBe(1);
  });
});

describe("a client without it", () => {
  it("is asked for each hop at once, whatever the other hops do", async () => {
    const own = new HopwiseError("policy_unavailable", "own");
    const asked: number[] = [];
    const answers = await withDeadline(1000, async (signal, expired) => {
      const ask = asWhole(target("one"), 3, async (_, hop) => void asked.push(hop), { signal, expired });
      await ask(2);
      return asked.slice();
    });
    expect(answers).toEqual([2]);
    const { verdicts } = await check(target("one", failsAt(1, own)));
    expect(verdicts).toMatchObject([{ policy: "one" }, { unavailable: true, problem: "own" }, { policy: "one" }]);
  });
});
