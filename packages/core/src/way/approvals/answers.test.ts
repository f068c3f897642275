/** Answers as an inbox takes them: who counts, what is kept of them and where, and what is said where one is not taken. */
import { beforeAll, describe, expect, it } from "vitest";
import type { KeptAnswer, KeptRequest, Reservation, SharedState } from "../../state/index.ts";
import { memoryRevocations, memoryState } from "../../state/index.ts";
import { DEFAULT_LIMITS } from "../../token/index.ts";
import { errorOf, ISSUER, NOW, never, PAY } from "../../world.fixture.ts";
import { ALICE, createScene, type Scene } from "../point.fixture.ts";
import { createInbox } from "./inbox.ts";
import { type Person, type WaitingOptions, waitingAt, waitingPayment } from "./waiting.fixture.ts";

let scene: Scene;
beforeAll(async () => {
  scene = await createScene();
});

const waiting = (options?: WaitingOptions) => waitingPayment(scene, options);

const OWNER = JSON.stringify([ALICE.issuer, ALICE.subject]);

describe("an answer that counts", () => {
  it("is shown with who gave it and when, and lets the call be made once there are enough", async () => {
    const { at, id } = await waiting({ approvers: 2 });
    expect(await at.answer(id, "dana")).toBe("waiting");
    at.now += 1.5;
    const shown = await at.inbox.answer(id, await at.sign(id, "erin"));
    expect(shown).toMatchObject({
      id,
      state: "approved",
      answers: [
        { answer: "yes", approver: { issuer: ISSUER, subject: "dana" }, answeredAtSeconds: NOW },
        { answer: "yes", approver: { issuer: ISSUER, subject: "erin" }, answeredAtSeconds: NOW + 1.5 },
      ],
    });
    expect(shown.answers[0]).not.toHaveProperty("person");
    expect(await at.call()).toBe("allowed");
    expect((await at.inbox.find(id))?.state).toBe("used");
  });

  it("is told with the request as it is then, a no included; one that is not taken is not", async () => {
    const { at, id } = await waiting({ approvers: 2 });
    await at.answer(id, "dana");
    expect(await at.answer(id, "dana")).toBe("approval_refused");
    const shown = await at.inbox.answer(id, await at.sign(id, "erin", { answer: "no" }));
    expect(at.answered.map(({ state }) => state)).toEqual(["waiting", "denied"]);
    expect(at.answered[1]).toEqual(shown);
  });

  it("is taken, and its request shown, whatever it does that is told", async () => {
    const { at, id } = await waiting();
    const onAnswer = (): never => {
      throw new Error("hunter2");
    };
    const inbox = createInbox({ ...at.point, approvalRules: { ...at.point.approvalRules, onAnswer } });
    expect(await inbox.answer(id, await at.sign(id, "dana"))).toMatchObject({ state: "approved" });
  });

  it.each<[string, (memory: SharedState, fails: () => void) => Partial<SharedState>]>([
    [
      "to keep it",
      (memory, fails) => ({
        approvals: {
          ...memory.approvals,
          answer: async (answer) => {
            const took = await memory.approvals.answer(answer);
            fails();
            return took;
          },
        },
      }),
    ],
    [
      "to claim it",
      (memory, fails) => ({
        replay: {
          ...memory.replay,
          claim: (...claim) => {
            fails();
            return memory.replay.claim(...claim);
          },
        },
      }),
    ],
  ])("is taken, and told, once it is sent again, where the store kept it and then failed %s", async (_, failing) => {
    let failures = 0;
    const fails = (): void => {
      if (++failures === 1) throw new Error("gone");
    };
    const { at, id } = await waiting({ stateOf: (memory) => ({ ...memory, ...failing(memory, fails) }) });
    const signed = await at.sign(id, "dana");
    expect(await errorOf(at.inbox.answer(id, signed))).toMatchObject({ code: "state_unavailable" });
    expect(at.answered).toEqual([]);
    expect(await at.inbox.answer(id, signed)).toMatchObject({ state: "approved" });
    expect(await errorOf(at.inbox.answer(id, signed))).toMatchObject({ code: "proof_replayed" });
    expect(at.answered.map(({ state }) => state)).toEqual(["approved"]);
  });

  it("is taken once where it is given twice at one moment, and the other time said to have been given", async () => {
    // Who was first hears of it last.
    const slow = (memory: SharedState): SharedState => ({
      ...memory,
      approvals: {
        ...memory.approvals,
        answer: async (answer) => {
          const took = await memory.approvals.answer(answer);
          if (took === "kept") await new Promise((done) => setTimeout(done, 20));
          return took;
        },
      },
    });
    const { at, id } = await waiting({ stateOf: slow });
    const signed = await at.sign(id, "dana");
    const twice = await Promise.allSettled([at.inbox.answer(id, signed), at.inbox.answer(id, signed)]);
    const became = twice.map((one) => (one.status === "fulfilled" ? one.value.state : one.reason.code));
    expect(became.toSorted()).toEqual(["approved", "proof_replayed"]);
  });

  it("counts as long as who gave it may approve, but for a no, which stands", async () => {
    const { at, id } = await waiting();
    expect(await at.answer(id, "dana")).toBe("approved");
    at.demoted.add("dana");
    expect(await at.inbox.find(id)).toMatchObject({ state: "waiting", answers: [] });
    expect(await at.answer(id, "erin", { answer: "no" })).toBe("denied");
    at.demoted.add("erin");
    expect(await at.inbox.find(id)).toMatchObject({ state: "denied", answers: [] });
    expect(await at.decide({ approval: id })).toMatchObject({
      message: `somebody who may approve the call said no (request ${id})`,
    });
  });

  it("is denied by one no among as many yes as are needed, though no store kept that no besides", async () => {
    const forgetting = (memory: SharedState): SharedState => ({
      ...memory,
      spending: {
        ...memory.spending,
        reserve: (reservation) =>
          reservation.charges.some(({ counter }) => counter === "no")
            ? { outcome: "reserved", spent: [1] }
            : memory.spending.reserve(reservation),
      },
    });
    const { at, id } = await waiting({ stateOf: forgetting });
    await at.answer(id, "dana");
    expect(await at.answer(id, "erin", { answer: "no" })).toBe("denied");
    expect(await at.decide({ approval: id })).toMatchObject({
      code: "approval_denied",
      message: `somebody who may approve the call said no: erin of ${ISSUER} (request ${id})`,
    });
  });

  it("is kept under who said what, and claimed so that it is taken once", async () => {
    const seen: unknown[] = [];
    const noting = (memory: SharedState): SharedState => ({
      ...memory,
      approvals: {
        ...memory.approvals,
        answer: (answer: KeptAnswer) => {
          seen.push(answer);
          return memory.approvals.answer(answer);
        },
      },
      replay: {
        claim: (...claim) => {
          seen.push(claim);
          return memory.replay.claim(...claim);
        },
      },
    });
    const { at, id } = await waiting({ stateOf: noting, limits: { ...DEFAULT_LIMITS, skewSeconds: 7 } });
    const text = await at.sign(id, "dana", { lifetimeSeconds: 60 });
    await at.inbox.answer(id, text);
    const { jti } = JSON.parse(Buffer.from(text.split(".")[1] as string, "base64url").toString());
    expect(seen).toEqual([
      { id, key: `["dana","yes"] ${jti}`, text, nowSeconds: NOW },
      [expect.stringMatching(new RegExp(`^approval\\.[\\w-]{43}\\.${jti}$`)), NOW + 67, { nowSeconds: NOW }],
    ]);
  });

  it("ends the request for who uses it at the same moment, where it is a no", async () => {
    const seen: Reservation[] = [];
    const noting = (memory: SharedState): SharedState => ({
      ...memory,
      spending: {
        ...memory.spending,
        reserve: (reservation) => {
          seen.push(reservation);
          return memory.spending.reserve(reservation);
        },
      },
    });
    const { at, id } = await waiting({ stateOf: noting });
    seen.length = 0;
    await at.answer(id, "dana");
    expect(seen).toEqual([]);
    await at.answer(id, "erin", { answer: "no" });
    const account = `approval ${id}`;
    expect(seen).toEqual([
      {
        id: expect.stringMatching(new RegExp(`^${id}\\.[\\w-]{22}$`)),
        owner: OWNER,
        charges: [{ account, counter: "no", amount: 1, most: Number.MAX_SAFE_INTEGER, untilSeconds: NOW + 3720 }],
        nowSeconds: NOW,
      },
    ]);
    expect(await at.call(undefined, id)).toBe("approval_denied");
  });
});

describe("an answer is not taken", () => {
  const refusal = async (given: Promise<unknown>) => {
    const { code, message } = await errorOf(given);
    return `${code}: ${message}`;
  };

  it("of a request that nobody made, or that lapsed meanwhile", async () => {
    const { at, id } = await waiting();
    const signed = await at.sign(id, "dana");
    expect(await errorOf(at.inbox.answer("A".repeat(22), signed))).toMatchObject({
      code: "approval_refused",
      message:
        "the answer is not taken: no such request waits; it lapsed, or its store lost it: the same call, made again, asks anew",
      rule: "no such request waits; it lapsed, or its store lost it: the same call, made again, asks anew",
    });
    const gone = await waiting({
      stateOf: (memory) => ({ ...memory, approvals: { ...memory.approvals, answer: () => "gone" } }),
    });
    expect(await refusal(gone.at.inbox.answer(gone.id, await gone.at.sign(gone.id, "dana")))).toBe(
      "approval_refused: the answer is not taken: no such request waits; it lapsed, or its store lost it: the same call, made again, asks anew",
    );
  });

  it("of who said the same before, of whom the policies do not let, and of whom was revoked", async () => {
    const revocations = memoryRevocations(() => NOW * 1000);
    const { at, id } = await waiting({ revocations, approvers: 2 });
    const give = async (who: Person) => refusal(at.inbox.answer(id, await at.sign(id, who)));
    await at.answer(id, "dana");
    expect(await give("dana")).toBe(
      'approval_refused: the answer is not taken: "dana" answered it before, and that answer stands',
    );
    at.demoted.add("erin");
    expect(await give("erin")).toBe(
      'approval_refused: the answer is not taken: the policies do not let "erin" approve this call ("approve" on the kind "approval")',
    );
    revocations.revoke({ user: { issuer: ISSUER, subject: "erin" }, notBefore: NOW + 1 });
    expect(await give("erin")).toBe("approval_refused: the answer is not taken: the user of who answered was revoked");
  });

  it("and which rule could not be evaluated reads who answers: nobody else who counts answers waits for that", async () => {
    let asked = 0;
    const failuresOf = async () => {
      asked++;
      return [{ expression: "R.attr.arguments.amount < 5.0", error: "no such key: amount" }];
    };
    const { at, id } = await waiting({ pdp: { failuresOf }, approvers: 2 });
    await at.answer(id, "dana");
    at.demoted.add("dana").add("erin");
    asked = 0;
    expect(await refusal(at.inbox.answer(id, await at.sign(id, "erin")))).toContain("no such key: amount");
    expect(asked).toBe(1);
    expect(await at.inbox.list()).toMatchObject([{ id, answers: [] }]);
    expect(asked).toBe(1);
  });

  it("twice, however often it is sent", async () => {
    const { at, id } = await waiting({ approvers: 2 });
    const signed = await at.sign(id, "dana");
    await at.inbox.answer(id, signed);
    expect(await refusal(at.inbox.answer(id, signed))).toBe("proof_replayed: the answer was given before");
  });

  it("where it is older than what is remembered of answers", async () => {
    const remembering = (memory: SharedState): SharedState => ({
      ...memory,
      replay: { claim: memory.replay.claim, notBefore: NOW + 1 },
    });
    const { at, id } = await waiting({ stateOf: remembering });
    const signed = await at.sign(id, "dana");
    expect(await errorOf(at.inbox.answer(id, signed))).toMatchObject({ code: "token_expired", pointer: "/iat" });
  });
});

describe("an inbox", () => {
  it("lists every request that waits once, oldest first, however many there are", async () => {
    const asked: number[] = [];
    const noting = (memory: SharedState): SharedState => ({
      ...memory,
      approvals: {
        ...memory.approvals,
        list: (most) => {
          asked.push(most);
          return memory.approvals.list(most);
        },
      },
    });
    const at = await waitingAt(scene, { maxWaiting: 40, stateOf: noting });
    const ids: string[] = [];
    for (let amount = 1; amount <= 33; amount++) ids.push(await at.call({ to: "ACME-Supplies", amount }));
    expect((await at.inbox.list()).map(({ id }) => id)).toEqual(ids);
    expect(asked).toEqual([5000]);
  });

  it("leaves out what is over before it leaves out what waits, where there are more than it lists", async () => {
    const over = new Set(["r0", "r1", "r2"]);
    const counting = (memory: SharedState): SharedState => ({
      ...memory,
      approvals: {
        ...memory.approvals,
        list: async (most) => {
          const [one] = await memory.approvals.list(most);
          return Array.from({ length: 1003 }, (_, i) => ({ ...(one as KeptRequest), id: `r${i}` }));
        },
      },
      spending: {
        ...memory.spending,
        spent: (_, counters) => counters.map(({ account }) => Number(over.has(account.replace("approval ", "")))),
      },
    });
    const { at } = await waiting({ stateOf: counting });
    const listed = async () => (await at.inbox.list()).map(({ id }) => Number(id.slice(1)));
    const all = Array.from({ length: 1003 }, (_, i) => i);
    expect(await listed()).toEqual(all.slice(3));
    // Of five that are over there is room for two: the oldest.
    over.add("r9").add("r10");
    expect(await listed()).toEqual(all.filter((i) => ![2, 9, 10].includes(i)));
    over.clear();
    expect(await listed()).toEqual(all.slice(0, 1000));
  });

  it("shows what waits behind any number of requests that are over", async () => {
    const kept: KeptRequest[] = [];
    const over = new Set<string>();
    const at = await waitingAt(scene, {
      stateOf: (memory) => ({
        ...memory,
        approvals: {
          ...memory.approvals,
          list: async (most, after) => {
            const [one] = await memory.approvals.list(1);
            if (kept.length === 0)
              kept.push(...Array.from({ length: 10_500 }, (_, i) => ({ ...(one as KeptRequest), id: `r${i}` })));
            const from = kept.findIndex(({ id }) => id === after) + 1;
            return kept.slice(from, from + most);
          },
        },
        spending: {
          ...memory.spending,
          spent: (_, counters) => counters.map(({ account }) => Number(over.has(account.replace("approval ", "")))),
        },
      }),
    });
    await at.call();
    for (let i = 0; i < 10_499; i++) over.add(`r${i}`);
    const listed = (await at.inbox.list()).map(({ id }) => id);
    expect([listed.length, listed.at(0), listed.at(-2), listed.at(-1)]).toEqual([1000, "r0", "r998", "r10499"]);
  });

  it("shows what waits behind any number of requests that it cannot read, or that began before its stores did", async () => {
    const at = await waitingAt(scene, {
      stateOf: (memory) => ({
        ...memory,
        approvals: {
          ...memory.approvals,
          notBefore: NOW,
          list: async (most, after) => {
            const [one] = (await memory.approvals.list(1)) as [KeptRequest];
            const before = one.text.replace(/"askedAtSeconds":\d+/, '"askedAtSeconds":1');
            const texts = [...Array(5000).fill("of another version"), ...Array(5000).fill(before)];
            const kept = texts.map((text, i): KeptRequest => ({ ...one, text, id: `r${i}` }));
            const from = kept.findIndex(({ id }) => id === after) + 1;
            return [...kept, one].slice(from, from + most);
          },
        },
      }),
    });
    const id = await at.call();
    expect((await at.inbox.list()).map((one) => one.id)).toEqual([id]);
  });

  it("looks no further once it has as many that wait as it lists", async () => {
    const asked: unknown[] = [];
    const { at } = await waiting({
      stateOf: (memory) => ({
        ...memory,
        approvals: {
          ...memory.approvals,
          list: async (most, after) => {
            asked.push(after);
            const [one] = (await memory.approvals.list(1)) as [KeptRequest];
            const found = Array.from({ length: most }, (_, i): KeptRequest => ({ ...one, id: `${after ?? ""}r${i}` }));
            return asked.length > 2 ? [] : found;
          },
        },
      }),
    });
    expect(await at.inbox.list()).toHaveLength(1000);
    expect(asked).toEqual([undefined]);
  });

  it("looks no further where the store begins anew each time", async () => {
    let pages = 0;
    const { at, id } = await waiting({
      stateOf: (memory) => ({
        ...memory,
        approvals: {
          ...memory.approvals,
          list: async () => {
            pages++;
            const [one] = (await memory.approvals.list(1)) as [KeptRequest];
            return [one, ...Array.from({ length: 4999 }, (_, i): KeptRequest => ({ ...one, text: "", id: `r${i}` }))];
          },
        },
      }),
    });
    expect((await at.inbox.list()).map((one) => one.id)).toEqual([id]);
    expect(pages).toBe(2);
  });

  it("has no request from before its stores began to remember", async () => {
    const moment = { notBefore: 0 };
    const { at, id } = await waiting({
      stateOf: (memory) => ({
        ...memory,
        approvals: Object.defineProperty({ ...memory.approvals }, "notBefore", { get: () => moment.notBefore }),
      }),
    });
    const seen = async () => [(await at.inbox.list()).length, (await at.inbox.find(id))?.id];
    moment.notBefore = NOW;
    expect(await seen()).toEqual([1, id]);
    moment.notBefore = NOW + 1;
    expect(await seen()).toEqual([0, undefined]);
    expect(await errorOf(at.inbox.answer(id, "a.b.c"))).toMatchObject({ code: "approval_refused" });
  });

  it("is asked for a request by a text", async () => {
    const { at } = await waiting();
    for (const ask of [() => at.inbox.find(5 as never), () => at.inbox.answer({} as never, "a.b.c")]) {
      expect(await errorOf(ask)).toMatchObject({
        code: "config_invalid",
        message: expect.stringMatching(/^find: id must be the id of a request/),
      });
    }
  });

  it.each(["approvals", "spending"] as const)("needs a state that keeps %s, and says so", async (store) => {
    const { [store]: _, ...state } = memoryState({ since: 0, clock: () => NOW * 1000 });
    const { point } = scene.point();
    const inbox = createInbox({ ...point, state: state as never });
    for (const ask of [() => inbox.list(), () => inbox.find("a"), () => inbox.answer("a", "a.b.c")]) {
      expect(await errorOf(ask)).toMatchObject({
        code: "config_invalid",
        message: "this state keeps no requests for approvals; give createAuthorizer one that does",
      });
    }
  });
});

describe("where a store fails, it is said what cannot be told", () => {
  const fails = (): never => {
    throw new Error("hunter2");
  };
  const failing = (store: "approvals" | "spending" | "replay", step: string) => {
    let isDown = false;
    const stateOf = (memory: SharedState): SharedState => ({
      ...memory,
      [store]: {
        ...memory[store],
        [step]: (...args: readonly never[]) =>
          isDown
            ? fails()
            : (memory[store] as never as Record<string, (...args: readonly never[]) => unknown>)[step]?.(...args),
      },
    });
    return {
      stateOf,
      down: () => {
        isDown = true;
      },
    };
  };

  it.each([
    ["approvals", "list", "requests wait", "list"],
    ["approvals", "find", "there is such a request", "find"],
    ["spending", "spent", "it was used", "find"],
    ["spending", "reserve", "the no was kept", "answer"],
    ["approvals", "answer", "the answer was kept", "answer"],
    ["replay", "claim", "the answer was given before", "answer"],
  ] as const)("%s.%s: %s", async (store, step, whether, ask) => {
    const { stateOf, down } = failing(store, step);
    const { at, id } = await waiting({ stateOf });
    const signed = await at.sign(id, "dana", { answer: "no" });
    down();
    const asked = {
      list: () => at.inbox.list(),
      find: () => at.inbox.find(id),
      answer: () => at.inbox.answer(id, signed),
    };
    expect(await errorOf(asked[ask]())).toMatchObject({
      code: "state_unavailable",
      message: expect.stringMatching(new RegExp(`^it could not be told whether ${whether}: the store of `)),
    });
  });

  it.each([{ outcome: "withdrawn" }, { outcome: "refused", charge: 0, spent: 0 }] as const)(
    "a no that the store did not take is not taken: $outcome",
    async (answer) => {
      const refusing = (memory: SharedState): SharedState => ({
        ...memory,
        spending: {
          ...memory.spending,
          reserve: (reservation) =>
            reservation.charges.some(({ counter }) => counter === "no") ? answer : memory.spending.reserve(reservation),
        },
      });
      const { at, id } = await waiting({ stateOf: refusing });
      expect(await at.answer(id, "dana", { answer: "no" })).toBe("state_unavailable");
    },
  );

  it("hides nothing of a request but the answers of whom the directory cannot tell", async () => {
    let isDown = false;
    const { at, id } = await waiting();
    const { users } = at.point;
    const inbox = createInbox({
      ...at.point,
      deadlineMs: 20,
      users: { ...users, find: (user) => (isDown && user.subject === "dana" ? never : users.find(user)) },
    });
    await inbox.answer(id, await at.sign(id, "dana"));
    isDown = true;
    expect(await inbox.find(id)).toMatchObject({ state: "waiting", answers: [] });
    expect(await errorOf(inbox.answer(id, await at.sign(id, "dana")))).toMatchObject({ code: "context_unavailable" });
  });
});

it("an answer is read for the enforcement point that the request is of", async () => {
  const { at, id } = await waiting();
  const found = await at.inbox.find(id);
  expect(found?.request.audience).toBe(PAY);
  const elsewhere = { ...(found as NonNullable<typeof found>).request, audience: "https://docs.acme.example/mcp" };
  expect(await at.answer(id, "dana", { request: elsewhere })).toBe("audience_mismatch");
});
