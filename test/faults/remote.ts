/** Policy decision points elsewhere, and calls that are asked about many at a time. */
import { type ConnectedPdp, type ConnectPdpOptions, connectPdp } from "@hopwise/cerbos";
import type { Session } from "@hopwise/core";
import type { PolicyDecisionPoint } from "@hopwise/core/adapter";
import { expect, onTestFinished } from "vitest";
import { type RemotePdp, remotePdp } from "../../packages/cerbos/src/testing/remote-pdp.ts";
import { until } from "../../packages/cerbos/src/testing/until.ts";
import { denied, GOOD } from "../support/calls.ts";
import { STORY_POLICIES } from "../support/story-pdp.ts";
import type { World } from "../support/world.ts";

/** A payment that the policies allow. */
export const pay = { tool: "send_payment", arguments: GOOD };

/** A policy decision point elsewhere, with the policies of the story. */
export const company = (): Promise<RemotePdp> => remotePdp({ policies: STORY_POLICIES });

/** Quick to give up and quick to come back, so that tests are. */
export const QUICK = { faultsInARow: 3, restMs: 50 } as const;

export async function connected(...targets: readonly string[]): Promise<ConnectedPdp> {
  return connectedWith({ targets });
}

export async function connectedWith(options: ConnectPdpOptions): Promise<ConnectedPdp> {
  const pdp = await connectPdp({ ...QUICK, ...options });
  onTestFinished(() => pdp.close());
  return pdp;
}

/** Opens sessions of the planner on some decision point. The world is made later, in `beforeAll`. */
export const sessionsIn =
  (world: () => World) =>
  (cerbos: PolicyDecisionPoint, deadlineMs = 5000): Promise<Session> =>
    world().authorizer({ cerbos, deadlineMs }).authorizer.openSession(world().planner);

/** Every one of some calls, in rows of four at once. */
export async function callMany(session: Session, times: number): Promise<readonly string[]> {
  const codes: string[] = [];
  for (let i = 0; i < times; i += 4) {
    const decisions = await Promise.all([1, 2, 3, 4].map(() => session.authorize(pay)));
    codes.push(...decisions.map((it) => (it.outcome === "allowed" ? "allowed" : denied(it).code)));
  }
  return codes;
}

export const recovers = (session: Session): Promise<void> =>
  until(async () => (await session.authorize(pay)).outcome === "allowed");

/** A list is an error here, and neither empty nor a guess. */
export async function expectNoList(session: Session): Promise<void> {
  expect(denied(await session.list([{ tool: "send_payment" }]))).toMatchObject({
    code: "policy_unavailable",
    retryable: true,
  });
}
