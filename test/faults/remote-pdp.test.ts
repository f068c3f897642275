import { cpSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { PdpWarning } from "@hopwise/cerbos";
import { describe, expect, it } from "vitest";
import { remotePdp } from "../../packages/cerbos/src/testing/remote-pdp.ts";
import { until } from "../../packages/cerbos/src/testing/until.ts";
import { denied, GOOD, paymentTool } from "../support/calls.ts";
import { STORY_POLICIES } from "../support/story-pdp.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { worldHere } from "../support/world.ts";
import { slowWay } from "./false-pdps.ts";
import { callMany, company, connected, connectedWith, expectNoList, pay, recovers, sessionsIn } from "./remote.ts";

/** A binary of Cerbos 0.51.0, which .ci/run brings along: 90 MB that nobody else needs. */
const OLD_CERBOS = process.env["HOPWISE_CERBOS_0_51"];

const world = await worldHere();

const sessionOn = sessionsIn(() => world);

describe("one policy decision point elsewhere", () => {
  it("that is killed under load: each call is allowed, or denied as unavailable; after a restart all is as before", async () => {
    const remote = await company();
    const { client } = await connected(remote.target);
    const { authorizer } = world.authorizer({ cerbos: client });
    const payment = await paymentTool(authorizer, world.planner);
    const session = await sessionOn(client);
    const calls = Array.from({ length: 40 }, (_, i) => payment.call({ ...GOOD, amount: i + 1 }));
    await Promise.race(calls);
    await remote.signal("SIGKILL");
    const answers = await Promise.all([...calls, payment.call()]);
    const paid = answers.filter((answer) => answer === "paid").length;
    expect(answers.filter((answer) => answer.includes("policy_unavailable"))).toHaveLength(41 - paid);
    expect(payment.runs).toHaveLength(paid);
    expect(await callMany(session, 8)).toEqual(Array(8).fill("policy_unavailable"));
    await expectNoList(session);
    await remote.start();
    await recovers(session);
    expect(await session.list([{ tool: "send_payment" }])).toMatchObject({ outcome: "listed", shown: [true] });
  });

  it("that hangs is left alone after some calls, and asked again by itself when it goes on", async () => {
    const remote = await company();
    const changes: boolean[] = [];
    const { client } = await connectedWith({
      targets: remote.target,
      restMs: 300,
      patienceMs: 100,
      onChange: ({ up }) => changes.push(up),
    });
    const session = await sessionOn(client, 150);
    await remote.signal("SIGSTOP");
    expect(await callMany(session, 8)).toEqual(Array(8).fill("policy_unavailable"));
    expect(changes).toEqual([false]);
    expect(denied(await session.authorize(pay)).message).toContain("left alone");
    await expectNoList(session);
    await remote.signal("SIGCONT");
    await recovers(session);
    expect(changes.at(-1)).toBe(true);
  });

  it("that is slower than the deadline denies, and allows again when it is quicker", async () => {
    const way = await slowWay((await company()).port);
    const { client } = await connected(way.target);
    const session = await sessionOn(client, 200);
    await recovers(session);
    way.lateMs = 400;
    expect(await callMany(session, 4)).toEqual(Array(4).fill("policy_unavailable"));
    await expectNoList(session);
    way.lateMs = 0;
    await recovers(session);
  });

  it("that loses its policies is no policy that denies, nor an empty list, and is asked when it has them again", async () => {
    const policies = temporaryFolder();
    cpSync(STORY_POLICIES, policies, { recursive: true });
    const remote = await remotePdp({ policies });
    const { client } = await connected(remote.target);
    const session = await sessionOn(client);
    await recovers(session);
    for (const name of readdirSync(policies)) rmSync(join(policies, name), { recursive: true });
    await until(async () => (await session.authorize(pay)).outcome === "denied");
    await until(async () => denied(await session.authorize(pay)).code === "policy_unavailable");
    await expectNoList(session);
    cpSync(STORY_POLICIES, policies, { recursive: true });
    await recovers(session);
  });

  it("that has no policy for one kind still denies that kind by policy, and lists the rest", async () => {
    const { client } = await connected(world.pdp.target);
    const tools = {
      send_payment: { kind: "payment", action: "send" },
      read_invoice: { kind: "nowhere", action: "read" },
    };
    const { authorizer } = world.authorizer({ cerbos: client, tools, delegation: "grants-only" });
    const session = await authorizer.openSession(world.planner);
    const call = { tool: "read_invoice", arguments: { id: "INV-7" } };
    expect(denied(await session.authorize(call)).code).toBe("policy_denied");
    const list = await session.list([{ tool: "send_payment" }, { tool: "read_invoice" }]);
    expect(list).toMatchObject({ outcome: "listed", shown: [true, false] });
  });
});

describe("a policy decision point that is replaced", () => {
  it.skipIf(OLD_CERBOS === undefined)("by Cerbos 0.51.0 decides on, and what that version lacks is told", async () => {
    const remote = await company();
    const heard: PdpWarning[] = [];
    const { client } = await connectedWith({ targets: remote.target, onWarning: (it) => heard.push(it) });
    const session = await sessionOn(client);
    await recovers(session);
    await remote.signal("SIGKILL");
    await callMany(session, 8);
    await remote.start({ binary: OLD_CERBOS as string, strictEvaluation: false });
    await recovers(session);
    await until(() => heard.length > 1);
    expect(heard.map(({ code, target }) => [code, target])).toEqual([
      ["rules_mixed_up", remote.target],
      ["failed_rules_unseen", remote.target],
      ["strict_evaluation_off", remote.target],
    ]);
    const tooMuch = { tool: "send_payment", arguments: { ...GOOD, amount: 9000 } };
    expect(denied(await session.authorize(tooMuch))).toMatchObject({ code: "policy_denied", hop: 0 });
  });
});
