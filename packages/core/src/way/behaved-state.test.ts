/** Stores that answer something else than their types say, late, or never. */
import { describe, expect, it } from "vitest";
import { CLOCKS_APART, memoryDriver, memoryReplay, memoryState, openedState, type State } from "../state/index.ts";
import { createNonces } from "../token/index.ts";
import { errorOf, NOW, never } from "../world.fixture.ts";
import { behavedState, type StateBehaviour } from "./behaved-state.ts";

type Store = "replay" | "revocations" | "spending" | "approvals";
type Parts = Partial<Record<Store, object>> & Partial<Pick<State, "health" | "close">>;

const LIMITS = { proofWindowSeconds: 60, skewSeconds: 5 };

/** A state in memory with other parts, made to behave. */
function stateWith({ health, close, ...stores }: Parts = {}, more: Partial<StateBehaviour> = {}) {
  const { replay, revocations, spending, approvals } = memoryState({ since: 0, clock: () => NOW * 1000 });
  const memory = { replay, revocations, spending, approvals };
  const own = Object.entries(memory).map(([name, store]) => [name, Object.assign({ ...store }, stores[name as Store])]);
  const state = { ...Object.fromEntries(own), ...(health && { health }), ...(close && { close }) } as State;
  const behaviour = { deadlineMs: 5, limits: LIMITS, nowSeconds: () => NOW, ...more };
  return behavedState(state, behaviour) as Required<State>;
}

const CHARGE = { account: "a", counter: "c", amount: 1, most: 9, untilSeconds: NOW + 60 };
const RESERVATION = { id: "r", owner: "ann", charges: [CHARGE, CHARGE], nowSeconds: NOW };
const KEPT = { id: "i", text: "t", answers: ["a", "b"] };
const QUERY = { tokens: [], keys: [], agents: [], user: { issuer: "i", subject: "s" }, issuedAt: NOW };
const TARGET = { agent: "planner" };

interface Row {
  readonly store: Store;
  readonly called: string;
  readonly ask: (state: Required<State>) => unknown;
  /** What it may answer, and what it is read as. */
  readonly right: readonly (readonly [answer: unknown, read?: unknown])[];
  /** What it may not answer, and what that is called. */
  readonly wrong: readonly unknown[];
  readonly told: string;
}

const STEPS: { readonly [step: string]: Row } = {
  claim: {
    store: "replay",
    called: "proofs",
    ask: ({ replay }) => replay.claim("k", NOW + 60, { owner: "o" }),
    right: [[true], [false]],
    wrong: [undefined, null, 1, "true", {}],
    told: "neither true nor false",
  },
  find: {
    store: "revocations",
    called: "revocations",
    ask: ({ revocations }) => revocations.find(QUERY),
    right: [
      [undefined],
      [null, undefined],
      [TARGET],
      ...["token", "key"].map((name) => [{ [name]: "x" }] as [object]),
      [{ user: { issuer: "i", subject: "s" }, notBefore: NOW }],
    ],
    wrong: [
      ...[false, 0, "planner", [], {}, Object.create(TARGET), { other: 1 }],
      // It would be told by its name, and has none.
      ...[{ agent: 5 }, { token: undefined }, { user: "s" }, { user: undefined }, { user: { issuer: "i" } }],
    ],
    told: "something else than a target",
  },
  reserve: {
    store: "spending",
    called: "spending",
    ask: ({ spending }) => spending.reserve(RESERVATION),
    right: [
      [{ outcome: "reserved", spent: [0, 5] }],
      [{ outcome: "withdrawn", more: 1 }, { outcome: "withdrawn" }],
      [{ outcome: "refused", charge: 1, spent: 8 }],
    ],
    wrong: [
      ...[undefined, null, "reserved", {}, { outcome: "reserved" }, { spent: [1, 2] }],
      ...[[1], [1, 2, 3], [1, -1], [1, 1.5], "12"].map((spent) => ({ outcome: "reserved", spent })),
      ...[2, -1, 0.5, "0", undefined].map((charge) => ({ outcome: "refused", charge, spent: 8 })),
      ...[-1, "8", undefined, [8]].map((spent) => ({ outcome: "refused", charge: 0, spent })),
      { outcome: "other", charge: 0, spent: 8 },
    ],
    told: "no answer about a reservation",
  },
  settle: {
    store: "spending",
    called: "spending",
    ask: ({ spending }) => spending.settle(RESERVATION, "spent"),
    right: [
      [5, undefined],
      [null, undefined],
    ],
    wrong: [],
    told: "",
  },
  spent: {
    store: "spending",
    called: "spending",
    ask: ({ spending }) => spending.spent("ann", [CHARGE, CHARGE]),
    right: [[[0, 7]]],
    wrong: [undefined, {}, [1], [1, 2, 3], [1, "2"], [1, Number.NaN]],
    told: "no list of amounts",
  },
  keep: {
    store: "approvals",
    called: "approvals",
    ask: ({ approvals }) => approvals.keep({ id: "i", call: "c", text: "t", untilSeconds: NOW + 60, nowSeconds: NOW }),
    right: [["other"]],
    wrong: [undefined, null, 5, {}],
    told: "no id of a request",
  },
  "approvals.find": {
    store: "approvals",
    called: "approvals",
    ask: ({ approvals }) => approvals.find("i"),
    right: [[undefined], [null, undefined], [{ ...KEPT, more: 1 }, KEPT]],
    wrong: wrongRequests(),
    told: "something else than a request",
  },
  latest: {
    store: "approvals",
    called: "approvals",
    ask: ({ approvals }) => approvals.latest("c"),
    right: [[undefined], [null, undefined], [KEPT]],
    wrong: wrongRequests(),
    told: "something else than a request",
  },
  answer: {
    store: "approvals",
    called: "approvals",
    ask: ({ approvals }) => approvals.answer({ id: "i", key: "k", text: "t", nowSeconds: NOW }),
    right: [["kept"], ["known"], ["gone"]],
    wrong: [undefined, true, "Kept", "", ["kept"]],
    told: "none of its three answers",
  },
  list: {
    store: "approvals",
    called: "approvals",
    ask: ({ approvals }) => approvals.list(5, "after"),
    right: [
      [[]],
      [
        [KEPT, { ...KEPT, more: 1 }],
        [KEPT, KEPT],
      ],
    ],
    wrong: [undefined, {}, "list"],
    told: "no list of requests",
  },
};

function wrongRequests(): readonly unknown[] {
  const members = Object.keys(KEPT).flatMap((name) => [undefined, 5, {}].map((wrong) => ({ ...KEPT, [name]: wrong })));
  return [false, 0, "i", {}, ...members, { ...KEPT, answers: ["a", 5] }];
}

const stepOf = (name: string): string => name.slice(name.indexOf(".") + 1);

describe.each(Object.entries(STEPS))(
  "what a store answers to %s",
  (name, { store, called, ask, right, wrong, told }) => {
    const answering = (answer: () => unknown) => stateWith({ [store]: { [stepOf(name)]: answer } });

    it("is read by its type, at once where it is there at once", async () => {
      for (const [answer, ...read] of right) {
        const expected = read.length === 0 ? answer : read[0];
        expect(ask(answering(() => answer))).toStrictEqual(expected);
        expect(await ask(answering(async () => answer))).toStrictEqual(expected);
      }
    });

    it("is refused where it is none, in words that say whose it is", async () => {
      for (const answer of wrong) {
        for (const given of [() => answer, async () => answer]) {
          const error = await errorOf(async () => ask(answering(given)));
          expect([error.code, error.message]).toEqual(["state_unavailable", `the store of ${called} gave ${told}`]);
        }
      }
    });

    it("is waited for as long as the deadline lets it, and what it throws is told in our words", async () => {
      const message = (given: () => unknown) =>
        errorOf(async () => ask(answering(given))).then((error) => error.message);
      expect(await message(() => never)).toBe(`the store of ${called} gave no answer within 5 ms`);
      expect(await message(() => Promise.reject(new Error("hunter2")))).toBe(`the store of ${called} failed`);
    });

    it("is of what was asked", async () => {
      const asked: unknown[] = [];
      const noting = (...given: unknown[]): unknown => {
        asked.push(...given);
        return right.at(-1)?.[0];
      };
      await ask(stateWith({ [store]: { [stepOf(name)]: noting } }));
      expect(asked).toEqual(ASKED[name]);
    });
  },
);

const ASKED: { readonly [step: string]: readonly unknown[] } = {
  claim: ["k", NOW + 60, { owner: "o" }],
  find: [QUERY],
  reserve: [RESERVATION],
  settle: [RESERVATION, "spent"],
  spent: ["ann", [CHARGE, CHARGE]],
  keep: [{ id: "i", call: "c", text: "t", untilSeconds: NOW + 60, nowSeconds: NOW }],
  "approvals.find": ["i"],
  latest: ["c"],
  answer: [{ id: "i", key: "k", text: "t", nowSeconds: NOW }],
  list: [5, "after"],
};

it("each request of a list is read, and is a copy", async () => {
  const { approvals } = stateWith({ approvals: { list: () => [KEPT, { ...KEPT, id: 5 }] } });
  expect((await errorOf(async () => approvals.list(2))).message).toBe(
    "the store of approvals gave something else than a request",
  );
  const found = await stateWith({ approvals: { find: () => KEPT } }).approvals.find("i");
  expect(found?.answers).not.toBe(KEPT.answers);
});

describe.each<[Store, string]>([
  ["replay", "proofs"],
  ["spending", "spending"],
  ["approvals", "approvals"],
])("since when %s remembers", (store, called) => {
  const momentOf = (parts: object, nowSeconds = () => NOW) => {
    const state = stateWith({ [store]: parts }, { nowSeconds });
    return () => (state[store] as { readonly notBefore?: number }).notBefore;
  };

  it("is read anew each time: it may learn it, and lose it", () => {
    const parts = { notBefore: undefined as number | undefined };
    const { [store]: behaved } = behavedState(
      { ...memoryState({ since: 0, clock: () => NOW * 1000 }), [store]: parts } as State,
      { deadlineMs: 5, limits: LIMITS, nowSeconds: () => NOW },
    ) as Required<State>;
    expect(behaved).toHaveProperty("notBefore", undefined);
    parts.notBefore = NOW - 0.5;
    expect(behaved).toHaveProperty("notBefore", NOW - 0.5);
    expect(Object.keys(behaved)).toContain("notBefore");
  });

  it("is a number, or nothing can be told", async () => {
    for (const wrong of [Number.NaN, Number.POSITIVE_INFINITY, String(NOW), null, {}]) {
      expect(await errorOf(momentOf({ notBefore: wrong }))).toMatchObject({
        code: "state_unavailable",
        message: `the store of ${called} gave no number for the time since which it remembers`,
      });
    }
  });

  it("is not ahead of the clock by more than clocks may lie apart", async () => {
    const near = NOW + CLOCKS_APART;
    expect(momentOf({ notBefore: near })()).toBe(near);
    expect(await errorOf(momentOf({ notBefore: near + 0.9 }))).toMatchObject({
      code: "state_unavailable",
      message: `the store of ${called} remembers only from a time on that is 6 seconds ahead of this authorizer's clock: one of both clocks was set; until then nothing can be told`,
    });
  });

  it("is told in our words where it fails to say it", async () => {
    const behaved = behavedState(
      {
        ...memoryState({ since: 0, clock: () => NOW * 1000 }),
        [store]: {
          get notBefore() {
            throw new Error("hunter2");
          },
        },
      } as unknown as State,
      { deadlineMs: 5, limits: LIMITS, nowSeconds: () => NOW },
    ) as Required<State>;
    expect(await errorOf(() => void (behaved[store] as { notBefore?: number }).notBefore)).toMatchObject({
      code: "state_unavailable",
      message: `the store of ${called} failed to say since when it remembers`,
      cause: expect.any(Error),
    });
  });
});

describe("a memory of proofs", () => {
  const told = (longest: number) =>
    `the state remembers proofs for windows of up to ${longest} seconds, and limits.proofWindowSeconds and limits.skewSeconds are 65 together: make the state with longestWindowSeconds: 65, or give shorter limits`;

  it("that is too short is refused at start, and as far as that is known", async () => {
    expect(await errorOf(() => stateWith({ replay: { longestWindowSeconds: 64.9 } }))).toMatchObject({
      code: "config_invalid",
      message: `createAuthorizer: ${told(64.9)}`,
    });
    for (const enough of [65, 66, undefined, "5", null]) {
      expect(() => stateWith({ replay: { longestWindowSeconds: enough } })).not.toThrow();
    }
    const state = memoryState({ since: 0, clock: () => NOW * 1000 });
    const replay = {
      claim: state.replay.claim,
      get longestWindowSeconds(): number {
        throw new Error("not connected");
      },
    };
    const behaviour = { deadlineMs: 5, limits: LIMITS, nowSeconds: () => NOW };
    expect(() => behavedState({ ...state, replay }, behaviour)).not.toThrow();
  });

  it("may be short where nonces are remembered: each until it ends", () => {
    expect(() => stateWith({ replay: { longestWindowSeconds: 1 } }, { nonces: {} })).not.toThrow();
  });

  it("that is found to be too short later is not well", async () => {
    const moment: { longest: number | undefined } = { longest: undefined };
    const state = memoryState({ since: 0, clock: () => NOW * 1000 });
    const replay = {
      claim: state.replay.claim,
      get longestWindowSeconds() {
        return moment.longest;
      },
    };
    const behaved = behavedState({ ...state, replay }, { deadlineMs: 5, limits: LIMITS, nowSeconds: () => NOW });
    expect(await behaved.health?.()).toEqual({ ok: true });
    moment.longest = 10;
    expect(await behaved.health?.()).toEqual({ ok: false, problem: told(10) });
  });
});

describe("how a state is", () => {
  it("is what it says, and what its revocations say", async () => {
    const own = { ok: false, problem: "it is full" };
    const of = { ok: false, problem: "no feed" };
    expect(await stateWith({ health: async () => own as never }).health()).toEqual(own);
    expect(await stateWith({ revocations: { health: async () => of } }).health()).toEqual(of);
    expect(await stateWith({ health: () => own as never, revocations: { health: () => of } }).health()).toEqual(own);
    expect(await stateWith({ revocations: { health: undefined } }).health()).toEqual({ ok: true });
    expect(await stateWith({ health: () => ({ ok: true }), revocations: { health: undefined } }).health()).toEqual({
      ok: true,
    });
  });

  it("is not well where one of its stores remembers only from a time on that is ahead", async () => {
    for (const store of ["replay", "spending", "approvals"] as const) {
      const { ok, problem } = await stateWith({ [store]: { notBefore: NOW + 60 } }).health();
      expect([ok, problem]).toEqual([false, expect.stringContaining("60 seconds ahead")]);
    }
  });

  it("is not that of a clock that gives no time, which says so itself", async () => {
    const nowSeconds = (): number => {
      throw new Error("no time");
    };
    expect(await stateWith({ revocations: { health: undefined } }, { nowSeconds }).health()).toEqual({ ok: true });
  });
});

describe("a state that behaves", () => {
  it("ends as it was given, where it can end", async () => {
    let ended = 0;
    await stateWith({ close: async () => void ended++ }).close();
    expect(ended).toBe(1);
    await stateWith().close();
  });

  it("has no more stores than it was given", () => {
    const { replay, revocations } = memoryState({ since: 0, clock: () => NOW * 1000 });
    const behaviour = { deadlineMs: 5, limits: LIMITS, nowSeconds: () => NOW };
    const behaved = behavedState({ replay, revocations }, behaviour);
    expect(Object.keys(behaved)).toEqual(["replay", "revocations", "health", "close"]);
  });

  it("remembers from now on: no memory that is made later was the first of its process", () => {
    Reflect.deleteProperty(globalThis, Symbol.for("@hopwise/core:memory"));
    const before = Date.now() / 1000;
    stateWith();
    expect(memoryState().replay.notBefore).toBeGreaterThanOrEqual(before);
  });
});

describe("nonces that other instances take, too, since their secret was given", () => {
  const secret = new Uint8Array(32).fill(7);
  const behaving = (state: State, nonces?: unknown) =>
    behavedState(state, { deadlineMs: 5, limits: LIMITS, nowSeconds: () => NOW, nonces });
  const MEMORIES: readonly (readonly [string, () => State | Promise<State>])[] = [
    ["memoryState", () => memoryState()],
    ["memoryReplay in a state of one's own", () => ({ ...memoryState(), replay: memoryReplay() })],
    ["memoryDriver, opened", () => openedState(memoryDriver(), { repairSeconds: 0 })],
  ];

  it.each(MEMORIES)("are refused beside the memory of one process: %s", async (_, make) => {
    const state = await make();
    const error = await errorOf(() => behaving(state, createNonces({ secret })));
    expect(error.code).toBe("config_invalid");
    expect(error.message).toMatch(
      /give all instances one store, such as redisState or sqliteState, or leave out the secret$/,
    );
    expect(() => behaving(state, createNonces())).not.toThrow();
    expect(() => behaving(state)).not.toThrow();
    await state.close?.();
  });

  it("are taken beside a store, of which it is not known who else has it", () => {
    const state = { ...memoryState(), replay: { claim: () => true } };
    expect(() => behaving(state, createNonces({ secret }))).not.toThrow();
  });
});
