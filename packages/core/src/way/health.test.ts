import { beforeAll, describe, expect, it } from "vitest";
import { answeringPdp } from "../testing/index.ts";
import { errorOf } from "../world.fixture.ts";
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
