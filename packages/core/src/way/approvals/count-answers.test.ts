/** Which of the answers in a store count, now, for a call that waits: whatever else lies there, and whoever cannot be told of. */
import { beforeAll, describe, expect, it } from "vitest";
import { inMemoryUsers } from "../../principal/index.ts";
import type { KeptRequest, SharedState } from "../../state/index.ts";
import { ISSUER } from "../../world.fixture.ts";
import { createScene, type Scene } from "../point.fixture.ts";
import { type WaitingOptions, waitingPayment } from "./waiting.fixture.ts";

let scene: Scene;
beforeAll(async () => {
  scene = await createScene();
});

const waiting = (options?: WaitingOptions) => waitingPayment(scene, options);

describe("what lies in a store beside the answers that count", () => {
  /** A state whose store has other answers than were given. */
  const giving =
    (change: (answers: readonly string[]) => readonly string[]) =>
    (memory: SharedState): SharedState => {
      const changed = (found: KeptRequest | undefined) => found && { ...found, answers: change(found.answers) };
      const { find, latest } = memory.approvals;
      return {
        ...memory,
        approvals: {
          ...memory.approvals,
          find: async (id) => changed(await find(id)),
          latest: async (call) => changed(await latest(call)),
        },
      };
    };

  it("counts for nothing, and stops nothing", async () => {
    const { at, id } = await waiting({ stateOf: giving((answers) => ["", "a.b.c", ...answers]) });
    expect(await at.call()).toBe(id);
    expect(await at.answer(id, "dana")).toBe("approved");
    expect(await at.call()).toBe("allowed");
  });

  it("makes no two people of one", async () => {
    const twice = giving((answers) => [...answers, ...answers]);
    const { at, id } = await waiting({ stateOf: twice, approvers: 2 });
    expect(await at.answer(id, "dana")).toBe("waiting");
    expect((await at.inbox.find(id))?.answers).toHaveLength(1);
    expect(await at.answer(id, "erin")).toBe("approved");
  });
});

describe("an approver of whom the directory cannot tell just now", () => {
  const failing = () => {
    const at = { isDown: false };
    const users = inMemoryUsers({
      [ISSUER]: { alice: { roles: ["clerk"] }, dana: { roles: ["a"] }, erin: { roles: ["a"] } },
    });
    const find: typeof users.find = (user) => {
      if (at.isDown && user.subject === "dana") throw new Error("hunter2");
      return users.find(user);
    };
    return Object.assign(at, { users: { ...users, find } });
  };

  it("may be the one whose yes is missing: then the call is denied as that, and asks for nothing more", async () => {
    const directory = failing();
    const { at, id } = await waiting({ users: directory.users });
    await at.answer(id, "dana");
    directory.isDown = true;
    expect([await at.call(), await at.call(undefined, id)]).toEqual(["context_unavailable", "context_unavailable"]);
    expect(await at.inbox.list()).toHaveLength(1);
  });

  it("stops no call that others have approved, or denied", async () => {
    const directory = failing();
    const { at, id } = await waiting({ users: directory.users });
    await at.answer(id, "dana");
    await at.answer(id, "erin");
    directory.isDown = true;
    expect(await at.call()).toBe("allowed");
  });
});

it("a request that lapses while it is asked who answered lets nothing run", async () => {
  let passes = 0;
  const users = inMemoryUsers({ [ISSUER]: { alice: { roles: ["clerk"] }, dana: { roles: ["a"] } } });
  const find: typeof users.find = (user) => {
    if (user.subject === "dana") at.now += passes;
    return users.find(user);
  };
  const { at, id } = await waiting({ users: { ...users, find } });
  expect(await at.answer(id, "dana")).toBe("approved");
  at.now += 3599;
  passes = 1;
  expect(await at.call(undefined, id)).not.toMatch(new RegExp(`^(allowed|${id})$`));
});
