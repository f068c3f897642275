/** The same call, made again without a word of what it waits for: by another loop, another instance, a renewed chain. */
import { type Decision, type HeldDelegation, memoryAudit, memoryState } from "@hopwise/core";
import type { AuditSink } from "@hopwise/core/audit";
import type { ApprovalStore, State } from "@hopwise/core/state";
import { describe, expect, it } from "vitest";
import { answerTo, carolsPlanner, LARGE, personOf } from "../support/approvals.ts";
import { credentialFor } from "../support/forge.ts";
import { type World, worldHere } from "../support/world.ts";

const world = await worldHere();
const dana = await personOf("dana");

/** An instance. Each call of it comes with a chain that was issued for that call alone. */
function scene(state: State = memoryState(), more: Parameters<World["authorizer"]>[0] = {}) {
  const told: string[] = [];
  const onRequest = ({ id }: { readonly id: string }) => void told.push(id);
  const approvals = { approvers: [dana.approver], maxWaiting: 2, onRequest };
  const { authorizer, audit } = world.authorizer({ state, approvals, ...more });
  const call = async (args: object = LARGE, approval?: string, held?: HeldDelegation): Promise<Decision> => {
    const credential = await credentialFor(held ?? (await carolsPlanner(world)), "send_payment", args);
    return authorizer.authorize({ tool: "send_payment", arguments: args, credential, approval });
  };
  return {
    authorizer,
    audit,
    told,
    call,
    say: (id: string, what: "yes" | "no") => answerTo(authorizer, id, dana.signer, what),
  };
}

const requestOf = (decision: Decision): string =>
  decision.outcome === "pending" ? decision.approval.request : `none, it was ${decision.outcome}`;

describe("the same call, made again", () => {
  it("waits with the request that there is, of which people are told once", async () => {
    const { authorizer, audit, told, call } = scene();
    const held = await carolsPlanner(world);
    const asked: string[] = [];
    for (let i = 0; i < 5; i++) asked.push(requestOf(await call(LARGE, undefined, held)));
    const [id] = told;
    expect(asked).toEqual(Array(5).fill(id));
    expect(told).toHaveLength(1);
    expect(await authorizer.approvals.list()).toMatchObject([{ id, state: "waiting" }]);
    expect(audit.records.map(({ approval }) => approval?.request)).toEqual(asked);
    // So it takes none of the room that the chain has for others.
    expect(requestOf(await call({ ...LARGE, amount: 4999 }, undefined, held))).toBe(told[1]);
  });

  it("runs once people have said yes, and asks anew after that", async () => {
    const { audit, told, call, say } = scene();
    const id = requestOf(await call());
    await say(id, "yes");
    expect((await call()).outcome).toBe("allowed");
    expect(audit.records.at(-1)?.approved).toMatchObject({ request: id, by: [{ approver: { subject: "dana" } }] });
    const next = requestOf(await call());
    expect(told).toEqual([id, next]);
    expect(requestOf(await call())).toBe(next);
  });

  it("asks anew after a no, which stands for the request that it was said to", async () => {
    const { told, call, say } = scene();
    const id = requestOf(await call());
    await say(id, "no");
    const next = requestOf(await call());
    expect(told).toEqual([id, next]);
    expect(await call(LARGE, id)).toMatchObject({ outcome: "denied", code: "approval_denied" });
    await say(next, "yes");
    expect((await call()).outcome).toBe("allowed");
  });

  it.each([
    ["another amount", { ...LARGE, amount: 4999 }],
    ["a member more", { ...LARGE, purpose: "x" }],
  ])("is another with %s, and does not run by what was approved", async (_, args) => {
    const { call, say } = scene();
    const id = requestOf(await call());
    await say(id, "yes");
    expect((await call(args)).outcome).not.toBe("allowed");
    expect((await call()).outcome).toBe("allowed");
  });

  it("is one request, and one run, for two instances that share a state, however many come at the same moment", async () => {
    const state = memoryState();
    const [one, two] = [scene(state), scene(state)];
    const asked = await Promise.all(
      Array.from({ length: 10 }, async (_, i) => requestOf(await (i % 2 ? one : two).call())),
    );
    expect(new Set(asked).size).toBe(1);
    expect([...one.told, ...two.told]).toHaveLength(1);
    await one.say(asked[0] as string, "yes");
    const made = await Promise.all(
      Array.from({ length: 10 }, async (_, i) => (await (i % 2 ? one : two).call()).outcome),
    );
    expect(made.filter((outcome) => outcome === "allowed")).toHaveLength(1);
  });

  it("does not run where its chain was revoked, though people say yes, and runs by a chain that is issued anew", async () => {
    const state = memoryState();
    const { authorizer, told, call, say } = scene(state);
    const held = await carolsPlanner(world);
    const id = requestOf(await call(LARGE, undefined, held));
    await state.revocations.revoke({ token: held.id });
    expect(await say(id, "yes")).toBe("approved");
    expect(await call(LARGE, undefined, held)).toMatchObject({ outcome: "denied", code: "revoked" });
    expect((await call()).outcome).toBe("allowed");
    expect([told, (await authorizer.approvals.find(id))?.state]).toEqual([[id], "used"]);
  });

  it("asks anew where the store may have forgotten that it was used", async () => {
    const state = memoryState();
    const first = scene(state);
    const id = requestOf(await first.call());
    await first.say(id, "yes");
    expect((await first.call()).outcome).toBe("allowed");
    // Clocks may differ by five seconds: what remembers from later on is an outage.
    const { spending } = memoryState({ since: Date.now() + 4_000 });
    const { told, call } = scene({ ...state, ...(spending && { spending }) });
    const next = requestOf(await call());
    expect(next).not.toBe(id);
    expect(told).toEqual([next]);
  });

  it("asks anew where a store names the request of another call, though that was approved", async () => {
    const state = memoryState();
    const { call, say } = scene(state);
    const small = requestOf(await call({ ...LARGE, amount: 2500 }));
    await say(small, "yes");
    const approvals = state.approvals as ApprovalStore;
    const lying = scene({ ...state, approvals: { ...approvals, latest: () => approvals.find(small) } });
    const large = requestOf(await lying.call());
    expect(large).not.toBe(small);
    expect(lying.told).toEqual([large]);
  });

  it("is told of once it is on record, where the first that asked could not be", async () => {
    const kept = memoryAudit();
    let isDown = true;
    const record: AuditSink["record"] = (made) => {
      if (isDown) throw new Error("no disk");
      return kept.record(made);
    };
    const { authorizer, told, call } = scene(memoryState(), { audit: { record } });
    const held = await carolsPlanner(world);
    for (let i = 0; i < 4; i++) expect(await call(LARGE, undefined, held)).toMatchObject({ code: "audit_unavailable" });
    expect(told).toEqual([]);
    isDown = false;
    const asked = [requestOf(await call(LARGE, undefined, held)), requestOf(await call(LARGE, undefined, held))];
    expect(new Set(asked)).toEqual(new Set(told));
    expect(told).toHaveLength(1);
    expect((await authorizer.approvals.list()).map(({ id }) => id)).toEqual(told);
  });

  it("runs in shadow mode as ever, and asks nobody", async () => {
    const { authorizer, call } = scene(memoryState(), { shadow: true, onWarning: () => {} });
    for (let i = 0; i < 2; i++) expect(await call()).toMatchObject({ outcome: "allowed" });
    expect(await authorizer.approvals.list()).toEqual([]);
  });
});
