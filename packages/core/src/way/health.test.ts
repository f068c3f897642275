import { beforeAll, describe, expect, it } from "vitest";
import { HopwiseError } from "../errors.ts";
import { answeringPdp } from "../testing/index.ts";
import { errorOf, ISSUER } from "../world.fixture.ts";
import { closeAll, healthOf } from "./health.ts";
import type { EnforcementPoint } from "./options.ts";
import { createScene, type Scene } from "./point.fixture.ts";

let scene: Scene;
beforeAll(async () => {
  scene = await createScene();
});

type Close = () => unknown;

/** Which of both were asked to end, and what came of the whole. */
function closing(ofState: Close | undefined, ofPdp: Close | undefined, deadlineMs = 20) {
  const ended: string[] = [];
  const noted = (name: string, close: Close | undefined) =>
    close && {
      close: () => {
        ended.push(name);
        return close();
      },
    };
  const point = { state: { ...noted("state", ofState) }, deadlineMs } as unknown as EnforcementPoint;
  const outcome = closeAll(point, { checkResources: () => {}, ...noted("pdp", ofPdp) } as never);
  return { ended, outcome };
}

const SECRET = "redis://:hunter2@db";
const FAULTS: { readonly [what: string]: Close } = {
  throws: () => {
    throw new Error(SECRET);
  },
  rejects: () => Promise.reject(new Error(SECRET)),
  hangs: () => new Promise(() => {}),
  // biome-ignore lint/suspicious/noThenProperty: another library's promise
  "hangs, by a promise of another make": () => ({ then: () => {} }),
};
const fine: Close = async () => "whatever";

describe("the policies", () => {
  const asked = async (own: object) => {
    const { point } = scene.point({ cerbos: answeringPdp(), pdp: own });
    return (await healthOf(point)).policies;
  };

  it("are not well where the decision point answers, and says that it goes by others than it should", async () => {
    const problem = "a change does not compile";
    expect(await asked({ health: () => ({ ok: false, problem }) })).toEqual({ ok: false, problem });
    expect(await asked({ health: async () => ({ ok: true }) })).toEqual({ ok: true });
    expect(await asked({})).toEqual({ ok: true });
  });

  it("are not well where it cannot say so, or not in time", async () => {
    const told = await asked({ health: () => Promise.reject(new Error(SECRET)) });
    expect(told).toEqual({ ok: false, problem: "the policy decision point could not say how it is: it failed" });
  });
});

describe("an authorizer", () => {
  const ill = { ok: false, problem: "no more" } as const;
  const saysIll = { health: () => ill };
  const asked = async (parts: object) => {
    const { point } = scene.point({ cerbos: answeringPdp(), ...parts });
    // The scene's own state has no word on itself.
    return healthOf({ ...point, ...("state" in parts && { state: parts.state as never }) });
  };
  const WELL_PARTS = {
    ...{ state: { ok: true }, policies: { ok: true }, audit: { ok: true }, sources: { ok: true } },
    ...{ keys: { ok: true, anchors: [{ issuer: ISSUER, ok: true }] }, clock: { ok: true }, nonces: { ok: true } },
  };

  it("is well where each of its parts is, also where none says anything of itself", async () => {
    expect(await asked({})).toStrictEqual({ ok: true, ...WELL_PARTS });
    const silent = { state: {}, trust: [{ ...scene.world.anchor, keys: { find: () => [] } }] };
    expect(await asked(silent)).toStrictEqual({ ok: true, ...WELL_PARTS });
    expect((await asked({ trust: [] })).keys).toStrictEqual({ ok: true, anchors: [] });
    const fine = { health: () => ({ ok: true }) };
    const anchor = { ...scene.world.anchor, keys: { find: () => [], ...fine } };
    const parts = { state: fine, audit: { record: () => {}, ...fine }, pdp: fine, trust: [anchor] };
    const others = {
      users: { find: () => {}, ...fine },
      agents: { find: () => {}, ...fine },
      sources: { user: { a: fine } },
    };
    expect(await asked({ ...parts, ...others })).toStrictEqual({ ok: true, ...WELL_PARTS });
  });

  it.each<[part: string, parts: object]>([
    ["state", { state: saysIll }],
    ["policies", { pdp: saysIll }],
    ["audit", { audit: { record: () => {}, ...saysIll } }],
    ["sources", { users: { find: () => {}, ...saysIll } }],
    ["sources", { agents: { find: () => {}, ...saysIll } }],
    ["sources", { sources: { user: { fine: {}, ranks: saysIll } } }],
    ["sources", { sources: { agent: { ranks: { ...saysIll, optional: false } } } }],
  ])("is not well where its %s are not, and says why", async (part, parts) => {
    expect(await asked(parts)).toStrictEqual({ ok: false, problem: "no more", ...WELL_PARTS, [part]: ill });
  });

  it("is not harmed by a source that is optional, and is not asked", async () => {
    let wasAsked = false;
    const health = () => {
      wasAsked = true;
      return ill;
    };
    expect(await asked({ sources: { agent: { ranks: { health, optional: true } } } })).toMatchObject({ ok: true });
    expect(wasAsked).toBe(false);
  });

  it("is not well where its policies give no answer", async () => {
    const cerbos = { checkResources: () => Promise.reject(new Error(SECRET)) };
    const { ok, problem, policies } = await asked({ cerbos });
    expect([ok, policies]).toEqual([false, { ok: false, problem }]);
    expect(problem).toMatch(/^the policies could not be asked about/);
    expect(problem).not.toContain("hunter2");
  });

  it("names each part that cannot say how it is", async () => {
    const health = (): never => {
      throw new Error(SECRET);
    };
    const anchor = { ...scene.world.anchor, keys: { find: () => [], health } };
    const silent = { find: () => {}, health };
    for (const [parts, part, what] of [
      [{ state: { health } }, "state", "the state"],
      [{ audit: { record: () => {}, health } }, "audit", "the audit"],
      [{ trust: [anchor] }, "keys", `the keys of "${ISSUER}"`],
      [{ users: silent }, "sources", "the user directory"],
      [{ agents: silent }, "sources", "the agent registry"],
      [{ sources: { user: { ranks: { health } } } }, "sources", 'the source "ranks" of users'],
      [{ sources: { agent: { ranks: { health } } } }, "sources", 'the source "ranks" of agents'],
      [{ nonces: { issue: health } }, "nonces", "the maker of nonces"],
      [{ nonces: { issue: async () => health() } }, "nonces", "the maker of nonces"],
    ] as const) {
      const problem = `${what} could not say how it is: it failed`;
      expect(await asked(parts)).toMatchObject({ ok: false, problem, [part]: { ok: false, problem } });
    }
  });

  it("is not well where its clock gives no time", async () => {
    const { point } = scene.point({ cerbos: answeringPdp() });
    const nowSeconds = (): never => {
      throw new HopwiseError("guard_failed", "the clock gave no time");
    };
    const problem = "the clock could not say how it is: the clock gave no time";
    expect(await healthOf({ ...point, nowSeconds })).toMatchObject({ ok: false, clock: { ok: false, problem } });
  });

  it("is well while one of its issuers has keys, and lists the others", async () => {
    const { anchor } = scene.world;
    const keyless = { ...anchor, issuer: "https://id.other.example", keys: { find: () => [], ...saysIll } };
    const other = { issuer: keyless.issuer, ...ill };
    for (const trust of [
      [anchor, keyless],
      [keyless, anchor],
    ]) {
      const { ok, problem, keys } = await asked({ trust });
      expect([ok, problem]).toEqual([true, undefined]);
      expect(keys).toMatchObject({ ok: true, problem: "no more" });
      expect(keys.anchors).toHaveLength(2);
      expect(keys.anchors).toContainEqual(other);
    }
    expect(await asked({ trust: [keyless] })).toMatchObject({ ok: false, keys: { ok: false, anchors: [other] } });
  });

  it("is not well while every object of its process has a member that somebody put there", async () => {
    const { point } = scene.point({ cerbos: answeringPdp() });
    Object.assign(Object.prototype, { user: "admin" });
    const { ok, problem, policies } = await healthOf(point).finally(() =>
      Reflect.deleteProperty(Object.prototype, "user"),
    );
    expect([ok, problem]).toEqual([false, expect.stringContaining('has the member "user"')]);
    expect(policies.ok).toBe(true);
  });
});

describe("the end of an authorizer", () => {
  it("is that of its state and its policy decision point, where they have one", async () => {
    const both = closing(fine, fine);
    await both.outcome;
    expect(both.ended).toEqual(["state", "pdp"]);
    const neither = closing(undefined, undefined);
    await neither.outcome;
    expect(neither.ended).toEqual([]);
  });

  it.each(Object.entries(FAULTS))(
    "is told in our words where the state's own %s, and the other ends",
    async (_, close) => {
      const { ended, outcome } = closing(close, fine);
      const error = await errorOf(outcome);
      expect(error.code).toBe("state_unavailable");
      expect(error.message).toMatch(/^the end of the state (failed|gave no answer within 20 ms)$/);
      expect(ended).toEqual(["state", "pdp"]);
    },
  );

  it("is told of both where neither ends", async () => {
    const { ended, outcome } = closing(FAULTS["throws"], FAULTS["rejects"]);
    const error = await errorOf(outcome);
    expect([error.code, error.message]).toEqual([
      "state_unavailable",
      "the end of the state failed; the end of the policy decision point failed",
    ]);
    expect((error.cause as AggregateError).errors).toMatchObject([
      { code: "state_unavailable" },
      { code: "policy_unavailable" },
    ]);
    expect(ended).toEqual(["state", "pdp"]);
  });

  it.each(Object.entries(FAULTS).filter(([what]) => !what.startsWith("hangs")))(
    "is told in our words where the policy decision point's own %s",
    async (_, close) => {
      const { ended, outcome } = closing(fine, close);
      const error = await errorOf(outcome);
      expect([error.code, error.message]).toEqual([
        "policy_unavailable",
        "the end of the policy decision point failed",
      ]);
      expect(ended).toEqual(["state", "pdp"]);
    },
  );
});
