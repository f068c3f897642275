/** A PDP that is killed and starts again by itself, under one authorizer that lives through it. */
import { setTimeout as delay } from "node:timers/promises";
import { type PdpChange, startPdp } from "@hopwise/cerbos";
import { expect, it, onTestFinished } from "vitest";
import { pidsOf, runFolder } from "../../packages/cerbos/src/testing/processes.ts";
import { until } from "../../packages/cerbos/src/testing/until.ts";
import { GOOD } from "../support/calls.ts";
import { ran } from "../support/ran.ts";
import { STORY_POLICIES } from "../support/story-pdp.ts";
import { worldHere } from "../support/world.ts";

const world = await worldHere();

it("denies the calls in between as unavailable, in time, and allows again, by the same authorizer and session", {
  timeout: 120_000,
}, async () => {
  const changes: PdpChange[] = [];
  const pdp = await startPdp({
    policies: STORY_POLICIES,
    restart: { firstPauseMs: 200, onChange: (change) => changes.push(change) },
  });
  onTestFinished(() => pdp.close());
  const { authorizer, audit } = world.authorizer({ cerbos: pdp, deadlineMs: 5_000 });
  const session = await authorizer.openSession(world.planner);
  const codes: string[] = [];
  const call = async (): Promise<string> => {
    const decision = await session.authorize({ tool: "send_payment", arguments: GOOD });
    const code = decision.outcome === "denied" ? decision.code : decision.outcome;
    codes.push(code);
    return code;
  };
  const allowed = (): number => codes.filter((code) => code === "allowed").length;
  let rounds = 0;
  const load = async (): Promise<void> => {
    // A caller who is denied at once would leave the process no time for anything else.
    while (rounds < 3) await call().then(() => delay(10));
  };
  const callers = Promise.all(Array.from({ length: 10 }, load));
  for (; rounds < 3; rounds++) {
    // Killed in the midst of calls, after it served some.
    const served = allowed();
    await until(() => allowed() > served + 5);
    process.kill(pidsOf(runFolder(pdp.target)).pdp, "SIGKILL");
    await until(() => changes.filter(({ up }) => up).length > rounds);
    await until(async () => (await call()) === "allowed");
  }
  await callers;
  expect(new Set(codes)).toEqual(new Set(["allowed", "policy_unavailable"]));
  expect(audit.records).toHaveLength(codes.length);
  ran("calls while a PDP was killed and came back", codes.length);
  // One after the other: all is as it was.
  for (let i = 0; i < 10; i++) expect(await call()).toBe("allowed");
});
