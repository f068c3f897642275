import { describe, expect, it } from "vitest";
import { remotePdp } from "../../packages/cerbos/src/testing/remote-pdp.ts";
import { until } from "../../packages/cerbos/src/testing/until.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { worldHere } from "../support/world.ts";
import { answeringHttp2, withMessage } from "./false-pdps.ts";
import { callMany, company, connected, connectedWith, expectNoList, pay, recovers, sessionsIn } from "./remote.ts";

const world = await worldHere();

const sessionOn = sessionsIn(() => world);

describe("of two policy decision points", () => {
  it("one is killed under load, and no call is lost; both are gone, and each is denied; one is back, and all is well", async () => {
    const [first, second] = [await company(), await company()];
    const session = await sessionOn((await connected(first.target, second.target)).client);
    const calls = callMany(session, 60);
    await session.authorize(pay);
    await first.signal("SIGKILL");
    expect(await calls).toEqual(Array(60).fill("allowed"));
    expect(await callMany(session, 20)).toEqual(Array(20).fill("allowed"));
    expect(await session.list([{ tool: "send_payment" }])).toMatchObject({ outcome: "listed", shown: [true] });
    await second.signal("SIGKILL");
    expect(await callMany(session, 20)).toEqual(Array(20).fill("policy_unavailable"));
    await expectNoList(session);
    await first.start();
    await recovers(session);
  });

  it("one hangs, and no call is lost", async () => {
    const [first, second] = [await company(), await company()];
    const changes: string[] = [];
    const { client } = await connectedWith({
      targets: [first.target, second.target],
      onChange: ({ target, up }) => changes.push(`${target} ${up}`),
    });
    const session = await sessionOn(client, 10_000);
    await first.signal("SIGSTOP");
    expect(await callMany(session, 40)).toEqual(Array(40).fill("allowed"));
    expect(changes[0]).toBe(`${first.target} false`);
    await first.signal("SIGCONT");
    await until(async () => {
      await session.authorize(pay);
      return changes.at(-1) === `${first.target} true`;
    });
    await second.signal("SIGSTOP");
    expect(await callMany(session, 40)).toEqual(Array(40).fill("allowed"));
  });

  it("one after the other is restarted, as an update does, and no call is lost", async () => {
    const both = [await company(), await company()];
    const changes: string[] = [];
    const { client } = await connectedWith({
      targets: both.map(({ target }) => target),
      onChange: ({ target, up }) => changes.push(`${target} ${up}`),
    });
    const session = await sessionOn(client);
    let done = false;
    const codes = new Set<string>();
    const load = (async () => {
      while (!done) for (const code of await callMany(session, 4)) codes.add(code);
    })();
    for (const { signal, start, target } of both) {
      await signal("SIGTERM");
      await until(() => changes.at(-1) === `${target} false`);
      await start();
      await until(() => changes.at(-1) === `${target} true`);
    }
    done = true;
    await load;
    expect([...codes]).toEqual(["allowed"]);
  });

  it("one speaks nonsense, and no call is lost", async () => {
    const nonsense = await answeringHttp2(withMessage(Buffer.alloc(64, 0xff)));
    const session = await sessionOn((await connected(nonsense, world.pdp.target)).client);
    expect(await callMany(session, 20)).toEqual(Array(20).fill("allowed"));
  });

  it("one never had policies, and no call is lost", async () => {
    const empty = temporaryFolder();
    const bare = await remotePdp({ policies: empty });
    const session = await sessionOn((await connected(bare.target, world.pdp.target)).client);
    expect(await callMany(session, 20)).toEqual(Array(20).fill("allowed"));
    expect(await session.list([{ tool: "send_payment" }])).toMatchObject({ outcome: "listed", shown: [true] });
  });

  it("one never had policies, and no list by listing actions is empty", async () => {
    const empty = temporaryFolder();
    const bare = await remotePdp({ policies: empty });
    const { client } = await connected(bare.target, world.pdp.target);
    const listed = { action: "get", id: "monthly-report", attributes: { args: { name: "monthly-report" } } };
    const tools = { send_payment: { kind: "mcp_prompt", action: "get", list: () => listed } };
    const { authorizer } = world.authorizer({ cerbos: client, tools });
    const session = await authorizer.openSession(world.planner);
    for (let i = 0; i < 8; i++) {
      expect(await session.list([{ tool: "send_payment" }])).toMatchObject({ outcome: "listed", shown: [true] });
    }
  });

  it("one was absent at the start, is told, and is asked when it is there", async () => {
    const [absent, present] = [await company(), await company()];
    await absent.signal("SIGKILL");
    const { client, warnings } = await connected(absent.target, present.target);
    // That this version mixes up some policies is told of every one of them.
    const told = warnings.filter(({ code }) => code !== "rules_mixed_up");
    expect(told.map(({ code, target }) => [code, target])).toEqual([["target_absent", absent.target]]);
    const session = await sessionOn(client);
    expect(await callMany(session, 8)).toEqual(Array(8).fill("allowed"));
    await absent.start();
    await present.signal("SIGKILL");
    await recovers(session);
  });
});
