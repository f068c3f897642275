import { type Call, createIssuer, memoryState } from "@hopwise/core";
import type { State } from "@hopwise/core/state";
import { describe, expect, it } from "vitest";
import { PAY_SERVER } from "../../examples/finance-team/company.ts";
import { denied, GOOD } from "../support/calls.ts";
import { credentialFor } from "../support/forge.ts";
import { PLANNER_GRANT, worldHere } from "../support/world.ts";

const world = await worldHere();

const fail = (): never => {
  throw new Error("redis://:hunter2@cache is down");
};

const replay = (claim: () => unknown): State => ({ ...memoryState(), replay: { claim: claim as () => boolean } });

async function payCall(clock: () => number = Date.now, held = world.planner): Promise<Call> {
  const credential = await credentialFor(held, "send_payment", GOOD, clock);
  return { tool: "send_payment", arguments: GOOD, credential };
}

describe("a replay store that", () => {
  it.each([
    ["throws", fail],
    ["rejects", async () => fail()],
    ["never answers", () => new Promise(() => {})],
  ])("%s denies the call", async (_, claim) => {
    const { authorizer, audit } = world.authorizer({ state: replay(claim), deadlineMs: 200 });
    const decision = denied(await authorizer.authorize(await payCall()));
    expect(decision).toMatchObject({ code: "state_unavailable", stage: "state", retryable: true });
    expect(JSON.stringify([decision, audit.unverifiedSamples])).not.toContain("hunter2");
  });

  it.each<readonly [answer: unknown, code: string]>([
    [false, "proof_replayed"],
    ...[undefined, null, 0, 1, "", "OK"].map((answer) => [answer, "state_unavailable"] as const),
  ])("says %o denies the call: %s", async (answer, code) => {
    const { authorizer } = world.authorizer({ state: replay(() => answer) });
    expect(denied(await authorizer.authorize(await payCall())).code).toBe(code);
  });

  it("is full denies, and forgets nothing to make room; when proofs lapse, it goes on", async () => {
    let now = Date.now();
    const clock = (): number => now;
    const { authorizer } = world.authorizer({
      state: memoryState({ since: 0, maxProofs: 2, maxProofsOfRoot: 2, maxProofsOfUser: 2, clock }),
      clock,
    });
    const first = await payCall(clock);
    expect((await authorizer.authorize(first)).outcome).toBe("allowed");
    expect((await authorizer.authorize(await payCall(clock))).outcome).toBe("allowed");
    expect(denied(await authorizer.authorize(await payCall(clock))).code).toBe("state_unavailable");
    expect(denied(await authorizer.authorize(first)).code).toBe("proof_replayed");
    now += 61_000;
    expect((await authorizer.authorize(await payCall(clock))).outcome).toBe("allowed");
  });

  it("is broken is of no concern to a session, which needs no proof a call", async () => {
    const session = await world.authorizer({ state: replay(fail) }).authorizer.openSession(world.planner);
    expect((await session.authorize({ tool: "send_payment", arguments: GOOD })).outcome).toBe("allowed");
  });

  it("began after a proof was made refuses it: it may have forgotten it", async () => {
    const { authorizer } = world.authorizer({ state: memoryState({ since: Date.now() + 5000 }) });
    expect(denied(await authorizer.authorize(await payCall())).code).toBe("proof_invalid");
  });
});

describe("a proof", () => {
  it("is good for one of many calls at the same moment", async () => {
    const { authorizer } = world.authorizer();
    const call = await payCall();
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, async () => (await authorizer.authorize(call)).outcome),
    );
    expect(outcomes.filter((outcome) => outcome === "allowed")).toHaveLength(1);
  });

  it("is used up at every authorizer that shares the store, and by a call that was denied", async () => {
    const state = memoryState({ since: 0 });
    const [one, other] = [world.authorizer({ state }).authorizer, world.authorizer({ state }).authorizer];
    const call = await payCall();
    expect((await one.authorize(call)).outcome).toBe("allowed");
    expect(denied(await other.authorize(call)).code).toBe("proof_replayed");
    const args = { ...GOOD, amount: 9000 };
    const credential = await credentialFor(world.planner, "send_payment", args);
    const tooMuch: Call = { tool: "send_payment", arguments: args, credential };
    expect(denied(await one.authorize(tooMuch)).code).toBe("policy_denied");
    expect(denied(await other.authorize(tooMuch)).code).toBe("proof_replayed");
  });

  it.each([
    [-30, "allowed"],
    [30, "allowed"],
    [-31, "proof_invalid"],
    [31, "proof_invalid"],
  ])("made by a clock that is %i seconds off is %s", async (seconds, expected) => {
    const now = Math.floor(Date.now() / 1000) * 1000;
    const { authorizer } = world.authorizer({ clock: () => now, state: memoryState({ since: 0, clock: () => now }) });
    const decision = await authorizer.authorize(await payCall(() => now + seconds * 1000));
    expect(decision.outcome === "denied" ? decision.code : decision.outcome).toBe(expected);
  });
});

describe("a clock", () => {
  /** An authorizer, its state and a client with one clock, which the test sets. */
  function clocked() {
    const time = { now: Date.now() };
    const clock = (): number => time.now;
    const { authorizer } = world.authorizer({ clock, state: memoryState({ since: 0, clock }) });
    return { time, clock, authorizer };
  }

  it("that jumps beyond the end of a chain ends a session that was opened before", async () => {
    const { time, authorizer } = clocked();
    const session = await authorizer.openSession(world.planner);
    time.now += 3601_000;
    const decision = denied(await session.authorize({ tool: "send_payment", arguments: GOOD }));
    expect(decision.code).toBe("token_expired");
  });

  it("that jumps back an hour lets no chain in that it has not seen: it is from the future", async () => {
    const { time, authorizer, clock } = clocked();
    time.now -= 3600_000;
    expect(denied(await authorizer.authorize(await payCall(clock))).code).toBe("token_not_yet_valid");
  });

  it("that jumps forth and back lets each proof in that was made in between, once", async () => {
    const { time, authorizer, clock } = clocked();
    for (const jump of [0, 20_000, -40_000, 20_000]) {
      time.now += jump;
      const call = await payCall(clock);
      expect((await authorizer.authorize(call)).outcome).toBe("allowed");
      expect(denied(await authorizer.authorize(call)).code).toBe("proof_replayed");
    }
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    "that says %d allows nothing",
    async (now) => {
      const call = await payCall();
      const { authorizer } = world.authorizer({ clock: () => now });
      const outcomes = [
        authorizer.authorize(call),
        authorizer.openSession(world.planner).then((it) => it.authorize({ tool: "send_payment", arguments: GOOD })),
      ].map((it) => it.then(({ outcome }) => outcome).catch(() => "thrown"));
      expect(await Promise.all(outcomes)).not.toContain("allowed");
    },
  );

  it("that jumps far ahead and back makes no proof good twice", async () => {
    const { time, authorizer, clock } = clocked();
    const call = await payCall(clock);
    expect((await authorizer.authorize(call)).outcome).toBe("allowed");
    time.now += 600_000;
    await authorizer.authorize(await payCall(clock));
    time.now -= 600_000;
    expect((await authorizer.authorize(call)).outcome).toBe("denied");
  });

  it("of an authorizer that is behind its store's makes no proof good twice", async () => {
    const clock = (): number => Date.now() - 3600_000;
    const { audiences, issuer: name } = world.issuer.trustAnchor;
    const issuer = await createIssuer({
      issuer: name,
      signer: world.issuerKey,
      audiences,
      subjects: ["alice"],
      tools: "any",
      clock,
    });
    const held = await issuer.issue({
      subject: "alice",
      agent: "planner",
      holder: world.keys.planner,
      grant: PLANNER_GRANT,
    });
    const { authorizer } = world.authorizer({ clock, state: memoryState({ since: 0 }), audience: PAY_SERVER });
    const call = await payCall(clock, held);
    // What is over already for the store cannot be remembered there, so nothing is let through.
    const decisions = [await authorizer.authorize(call), await authorizer.authorize(call)];
    expect(decisions).toMatchObject([{ code: "state_unavailable" }, { code: "state_unavailable" }]);
  });
});
