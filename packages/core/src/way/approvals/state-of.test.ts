import { beforeAll, describe, expect, it } from "vitest";
import type { SpendingStore } from "../../state/index.ts";
import { NOW } from "../../world.fixture.ts";
import { createScene, type Scene } from "../point.fixture.ts";
import type { AskedApproval, CountedAnswer, KnownRequest } from "./kept-request.ts";
import type { ApprovalStores } from "./known-request.ts";
import { becameOf, hasEnded, stateNow } from "./state-of.ts";

const REQUEST = { user: { issuer: "https://id.example", subject: "ann" }, approvers: 2, untilSeconds: NOW + 60 };
const ASKED = { id: "r", request: REQUEST } as unknown as AskedApproval;
const [YES, NO] = [{ answer: "yes" }, { answer: "no" }] as CountedAnswer[] as [CountedAnswer, CountedAnswer];

/** A store by which the request was used so often, and denied so often. */
const spendingOf = (used?: number, no?: number) => ({ spent: async () => [used, no] }) as unknown as SpendingStore;

let scene: Scene;
beforeAll(async () => {
  scene = await createScene();
});

describe("what became of a request", () => {
  it.each<[string, number | undefined, number | undefined, CountedAnswer[]]>([
    ["waiting", 0, 0, []],
    ["waiting", 0, 0, [YES]],
    ["waiting", undefined, undefined, []],
    ["approved", 0, 0, [YES, YES]],
    ["approved", 0, 0, [YES, YES, YES]],
    ["denied", 0, 0, [YES, YES, NO]],
    ["denied", 0, 1, [YES, YES]],
    ["used", 1, 0, [YES, YES]],
    ["used", 1, 1, [NO]],
  ])(
    "is that it is %s, where it was used %s times, denied %s times, and these answers count: %j",
    async (state, used, no, counted) => {
      expect(await stateNow(ASKED, counted, spendingOf(used, no))).toBe(state);
      expect(await hasEnded(ASKED, spendingOf(used, no))).toBe((used ?? 0) + (no ?? 0) > 0);
    },
  );

  it("is asked of its store for its user", async () => {
    const asked: unknown[] = [];
    const spent = (...given: unknown[]) => {
      asked.push(...given);
      return [0, 0];
    };
    await hasEnded(ASKED, { spent } as unknown as SpendingStore);
    expect(asked[0]).toBe('["https://id.example","ann"]');
    expect(asked[1]).toHaveLength(2);
  });

  it("is that it lapsed, from its last second on", async () => {
    const known = { kept: ASKED, answers: [] } as KnownRequest;
    const stores = { spending: spendingOf(0, 0) } as ApprovalStores;
    for (const [late, state] of [
      [59.999, "waiting"],
      [60, "lapsed"],
    ] as const) {
      const { point } = scene.point({ clock: () => (NOW + late) * 1000 });
      expect(await becameOf(ASKED, known, stores, point)).toEqual({ state, counted: [] });
    }
  });
});
