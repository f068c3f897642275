/**
 * A call that is decided in one step does not wait for its stores before its sources and policies are asked. It must end as one
 * that does: the way by `admit` and `decide` is what it is held against.
 */
import { beforeAll, describe, expect, it } from "vitest";
import type { DecisionRecord } from "../audit/index.ts";
import type { ErrorCode } from "../codes.ts";
import type { Decision } from "../decision/index.ts";
import { memoryState, type RevocationStore, type State } from "../state/index.ts";
import type { Chain } from "../token/index.ts";
import { ARGUMENTS, DOCS, NOW, PAY, pdpOf } from "../world.fixture.ts";
import { admit, admitAndDecide } from "./admission.ts";
import type { IncomingCall } from "./call.ts";
import { refuseOtherUser } from "./gone-by.ts";
import {
  ALICE,
  BY_ALICE,
  codeOf,
  createScene,
  decide,
  denying,
  type Parts,
  payment,
  type Scene,
  settled,
  TOOLS,
  type WatchedPoint,
} from "./point.fixture.ts";
import { shadowOf } from "./shadow.ts";

let scene: Scene;
beforeAll(async () => {
  scene = await createScene();
});

type Stores = Pick<State, "replay" | "revocations">;

const fresh = () => memoryState({ since: 0, clock: () => NOW * 1000 });

/** The same stores, whose answers come late. */
function later({ replay, revocations }: Stores, when: () => Promise<unknown>): Stores {
  const late = async <T>(run: () => T | Promise<T>): Promise<T> => {
    const found = Promise.resolve(run());
    await Promise.allSettled([found]).then(when);
    return found;
  };
  return {
    replay: { notBefore: 0, claim: (...claim) => late(() => replay.claim(...claim)) },
    revocations: { find: (...query) => late(() => revocations.find(...query)) },
  };
}

/** Stores that answer when they are told to. */
function slowStores(stores: Stores = fresh()): { readonly parts: Stores; readonly answer: () => void } {
  let answer = (): void => {};
  const told = new Promise<void>((resolve) => {
    answer = resolve;
  });
  return { parts: later(stores, () => told), answer };
}

/** Waits for so many promises. */
async function promises(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await undefined;
}

/** What a store may say that ends a call. */
const GONE: { readonly [code in ErrorCode]?: () => Stores } = {
  revoked: () => {
    const revoked = fresh();
    revoked.revocations.revoke({ agent: "planner" });
    return revoked;
  },
  proof_replayed: () => ({ ...fresh(), replay: { notBefore: 0, claim: () => false } }),
  state_unavailable: () => ({
    ...fresh(),
    revocations: { find: () => Promise.reject(new Error("down")) } as RevocationStore,
  }),
};

const MUCH = { ...ARGUMENTS, amount: 5000 };

/** The same chain, of an order for two enforcement points, in which tools are named with theirs. */
function forBoth(chain: Chain): Chain {
  const links = chain.links.map((link) => ({
    ...link,
    grant: { [`${PAY}#send_payment`]: link.grant["send_payment"] },
  }));
  return { ...chain, rootAudience: [DOCS, PAY], links } as Chain;
}

/** Where a call may end meanwhile: in each of the stages that follow, and in none. */
const MEANWHILE: {
  readonly [title: string]: {
    readonly parts?: Parts;
    readonly tool?: string;
    readonly args?: object;
    /** What a proof names, where that is not the tool's bare name. */
    readonly toolId?: string;
  };
} = {
  "nothing else is wrong": {},
  "an agent is not registered": { parts: { agents: { find: () => undefined } } },
  "the registry fails": { parts: { agents: { find: () => Promise.reject(new Error("down")) } } },
  "the grants do not cover the arguments": { args: MUCH },
  "no grant names the tool": { tool: "delete_all" },
  "the tool is not mapped": { parts: { tools: {} } },
  "the directory fails": { parts: { users: { find: () => Promise.reject(new Error("down")) } } },
  "nobody knows the user": { parts: { users: { find: () => undefined } } },
  "the policies deny it": { parts: { cerbos: denying("alice") } },
  "the policies cannot be asked": {
    parts: {
      cerbos: pdpOf(() => {
        throw new Error("down");
      }).pdp,
    },
  },
  "the chain is for two, of which this is the second name": {
    toolId: `${PAY}#send_payment`,
    parts: {
      audience: [DOCS, PAY],
      verifier: { verify: async () => forBoth(scene.chain) },
    },
  },
  "shadow mode is on": {
    args: MUCH,
    parts: { shadow: shadowOf({ shadow: "everything", tools: TOOLS, onWarning: () => {} }) },
  },
};

/** What does not differ between two calls that ended alike. */
function ended({ invocation: _, time: __, timings: ___, ...decision }: Decision): object {
  return decision;
}

function recorded({ audit }: WatchedPoint): readonly object[] {
  return audit.records.map(({ invocation: _, time: __, timings: ___, ...record }: DecisionRecord) => record);
}

type Meanwhile = (typeof MEANWHILE)[string];

async function calling(via: "proof" | "session", { tool, args, toolId = tool }: Meanwhile): Promise<IncomingCall> {
  const claims = { ...(toolId && { aat_tool: toolId }), ...(args && { hta: args }) };
  const changed = { ...(tool && { tool }), ...(args && { arguments: args }) };
  return payment(via === "proof" ? await scene.byProof(claims) : scene.inSession, changed);
}

/** Ends a call late, and holds it against one that waited. @returns how both ended */
async function endLate(via: "proof" | "session", stores: () => Stores, meanwhile: Meanwhile): Promise<Decision> {
  const { parts: slow, answer } = slowStores(stores());
  const watched = scene.point({ ...slow, ...meanwhile.parts });
  const waiting = scene.point({ ...stores(), ...meanwhile.parts });
  const call = await calling(via, meanwhile);
  const deciding = admitAndDecide(call, watched.point, {});
  let isOver = false;
  void deciding.then(() => {
    isOver = true;
  });
  await settled();
  await settled();
  expect([isOver, recorded(watched)]).toEqual([false, []]);
  answer();
  const decision = await deciding;
  expect(ended(decision)).toEqual(ended(await decide(call, waiting.point)));
  expect(recorded(watched)).toEqual(recorded(waiting));
  return decision;
}

describe.each(Object.entries(GONE))("a call that a store ends late by %s, decided in one step", (code, stores) => {
  it.each(Object.entries(MEANWHILE))("ends as one that waited for it, where %s", async (_, meanwhile) => {
    for (const via of ["proof", "session"] as const) {
      if (via === "session" && code === "proof_replayed") continue;
      expect(codeOf(await endLate(via, stores, meanwhile))).toBe(code);
    }
  });
});

it.each(Object.entries(GONE))(
  "a call that a store ends by %s at any moment leaves nothing on record of what was found until then",
  async (_, stores) => {
    for (const meanwhile of Object.values(MEANWHILE)) {
      const waiting = scene.point({ ...stores(), ...meanwhile.parts });
      const decision = await decide(await calling("proof", meanwhile), waiting.point);
      for (let count = 0; count < 40; count += 3) {
        const watched = scene.point({ ...later(stores(), () => promises(count)), ...meanwhile.parts });
        const call = await calling("proof", meanwhile);
        expect(ended(await admitAndDecide(call, watched.point, {}))).toEqual(ended(decision));
        expect(recorded(watched)).toEqual(recorded(waiting));
      }
    }
  },
);

it("a call that was ended asks nobody any more", async () => {
  const { point, asked } = scene.point(GONE.revoked?.());
  expect(codeOf(await admitAndDecide(payment(await scene.byProof()), point, {}))).toBe("revoked");
  expect(asked()).not.toContain("policies");
});

describe("a call of which its stores say late that all is well, decided in one step", () => {
  it.each(Object.entries(MEANWHILE))("ends as one that waited for it, where %s", async (_, meanwhile) => {
    for (const via of ["proof", "session"] as const) await endLate(via, fresh, meanwhile);
  });
});

describe("a call that is decided in one step", () => {
  it("asks sources and policies while its stores are asked", async () => {
    const { parts, answer } = slowStores();
    const { point, asked } = scene.point(parts);
    const deciding = admitAndDecide(payment(await scene.byProof()), point, {});
    await expect.poll(asked).toContain("policies");
    expect(asked()).not.toContain("record");
    answer();
    expect(codeOf(await deciding)).toBe("allowed");
    expect(asked()).toContain("record");
  });

  it("takes nothing of a budget before they answered", async () => {
    const taken: string[] = [];
    const spending = fresh().spending;
    const watched = {
      ...spending,
      notBefore: 0,
      reserve: (...args: Parameters<typeof spending.reserve>) => {
        taken.push("reserve");
        return spending.reserve(...args);
      },
    };
    const { parts, answer } = slowStores(GONE.revoked?.());
    const { point, asked } = scene.point({
      ...parts,
      spending: watched,
      rates: [{ of: "user", calls: 1, perSeconds: 60 }],
    });
    const deciding = admitAndDecide(payment(scene.inSession), point, {});
    await expect.poll(asked).toContain("policies");
    answer();
    expect(codeOf(await deciding)).toBe("revoked");
    expect(taken).toEqual([]);
  });
});

describe("the last look", () => {
  const sharedRevocations = () => {
    const { revocations } = fresh();
    const asked: (number | undefined)[] = [];
    const find: RevocationStore["find"] = async (query, maxAgeMs) => {
      asked.push(maxAgeMs);
      return revocations.find(query);
    };
    return { revocations: { find }, asked };
  };

  it.each([
    ["in one step", admitAndDecide],
    ["in two", (call, point) => decide(call, point)],
  ] as [string, (...of: Parameters<typeof admitAndDecide>) => Promise<Decision>][])(
    "takes what was asked for a moment ago, of a call that is decided %s; the first takes no answer from before the call",
    async (_, deciding) => {
      const { revocations, asked } = sharedRevocations();
      const { point } = scene.point({ revocations });
      expect(codeOf(await deciding(payment(await scene.byProof()), point, {}))).toBe("allowed");
      expect(asked).toEqual([undefined, 50]);
    },
  );
});

it("with shadow mode for everything, a call of another user than the server's own login says runs for nobody, in one step as in two", async () => {
  const shadow = shadowOf({ shadow: "everything", tools: TOOLS, onWarning: () => {} });
  const transportUser = { ...ALICE, subject: "bob" };
  const by = async () => ({ ...(await scene.byProof()), transportUser });
  const [one, two] = [scene.point({ shadow }), scene.point({ shadow })];
  expect((await admitAndDecide(payment(await by()), one.point, {})).outcome).toBe("allowed");
  expect((await decide(payment(await by()), two.point)).outcome).toBe("allowed");
});

it("an admission waits for the stores: its tool's own schema reads no call of a chain that was revoked", async () => {
  const { parts, answer } = slowStores(GONE.revoked?.());
  const { point, asked } = scene.point(parts);
  const admitting = admit(payment(await scene.byProof()), point);
  await settled();
  expect(asked()).not.toContain("registry");
  answer();
  expect(codeOf(await admitting)).toBe("revoked");
  expect(asked()).not.toContain("policies");
});

describe("a call", () => {
  it("is refused where the transport knows another user than the chain's", async () => {
    const by = async (transportUser: typeof ALICE | undefined) =>
      refuseOtherUser({ ...(await scene.byProof()), transportUser }, ALICE);
    expect(await by({ ...ALICE })).toBeUndefined();
    expect(await by(undefined)).toBeUndefined();
    for (const [other, shown] of [
      [{ ...ALICE, subject: "bob" }, `"bob" of "${ALICE.issuer}"`],
      [{ ...ALICE, issuer: "https://other.example" }, '"alice" of "https://other.example"'],
      [{ issuer: "", subject: "" }, "somebody whose name cannot be told"],
    ] as const) {
      expect(await by(other)).toMatchObject({
        code: "subject_mismatch",
        message: `the request was authenticated as another user than the chain's: as ${shown}, and the chain is "alice" of "${ALICE.issuer}"`,
      });
    }
    expect(refuseOtherUser(BY_ALICE, { ...ALICE, subject: "bob" })).toBeUndefined();
  });
});
