import { beforeAll, describe, expect, it } from "vitest";
import { NO_TELEMETRY, type WatchedCall } from "../telemetry/index.ts";
import { prove } from "../token/index.ts";
import { ARGUMENTS, errorOf, NOW, PAY } from "../world.fixture.ts";
import { createAuthorizer } from "./authorizer.ts";
import { ALICE, codeOf, createScene, type Parts, redacting, type Scene, settled } from "./point.fixture.ts";

let scene: Scene;
beforeAll(async () => {
  scene = await createScene();
});

const call = { tool: "send_payment", arguments: ARGUMENTS };
const credential = () => prove(scene.researcher, { ...call, audience: PAY, clock: () => NOW * 1000 });

function authorizerWith(parts: Parts = {}) {
  const begun: WatchedCall[] = [];
  const telemetry = {
    ...NO_TELEMETRY,
    begin: (watched: WatchedCall) => {
      begun.push(watched);
      return NO_TELEMETRY.begin(watched);
    },
  };
  const { point, audit } = scene.point({ telemetry, ...parts });
  const { cerbos, audience, tools, users, agents, sources, delegation, state, limits, deadlineMs, clock } = point;
  const options = { cerbos, audience, tools, users, agents, sources, delegation, state, limits, deadlineMs, clock };
  const authorizer = createAuthorizer({ ...options, telemetry, audit: point.audit, trust: [scene.world.anchor] });
  return { authorizer, audit, begun };
}

describe("an authorizer", () => {
  it("says which enforcement point it is, and which tools can be guarded there", async () => {
    const { authorizer } = authorizerWith();
    expect(authorizer.audience).toEqual([PAY]);
    authorizer.checkTool("send_payment");
    for (const name of ["delete_all", "mcp:tools/list", ""]) {
      expect(await errorOf(() => authorizer.checkTool(name))).toMatchObject({ code: "config_invalid" });
    }
  });

  it("judges a call in one step, or in two, by what came with it", async () => {
    const { authorizer, audit, begun } = authorizerWith();
    expect(codeOf(await authorizer.authorize({ ...call, credential: await credential(), traceparent: "00-1" }))).toBe(
      "allowed",
    );
    const admitted = await authorizer.admit({ ...call, user: ALICE });
    expect(admitted).toMatchObject({ outcome: "admitted", user: ALICE, arguments: ARGUMENTS });
    if (admitted.outcome === "admitted") expect(codeOf(await admitted.decide())).toBe("allowed");
    expect(audit.records.map(({ via }) => via)).toEqual(["proof", "user"]);
    expect(begun.map(({ via, traceparent }) => [via, traceparent])).toEqual([
      ["proof", "00-1"],
      ["user", undefined],
    ]);
    expect(codeOf(await authorizer.authorize({ ...call, credential: undefined }))).toBe("proof_missing");
  });

  it("compares the chain's user with the one whom the transport knows", async () => {
    const { authorizer } = authorizerWith();
    const by = async (subject: string) =>
      codeOf(
        await authorizer.authorize({ ...call, credential: await credential(), transportUser: { ...ALICE, subject } }),
      );
    expect(await by("alice")).toBe("allowed");
    expect(await by("bob")).toBe("subject_mismatch");
  });

  it("lets a call run whose result policies oblige to change only where the enforcement point does that", async () => {
    const cerbos = redacting("/iban");
    const { authorizer } = authorizerWith({ cerbos });
    expect(await authorizer.authorize({ ...call, credential: await credential(), fulfils: true })).toMatchObject({
      obligations: { redact: ["/iban"] },
    });
    expect(codeOf(await authorizer.authorize({ ...call, credential: await credential() }))).toBe("policy_inconclusive");
    for (const [outputSchema, code] of [
      [{ type: "object" }, "allowed"],
      [{ type: "object", required: ["iban"], properties: { iban: { type: "string" } } }, "policy_inconclusive"],
      [null, "policy_inconclusive"],
    ] as const) {
      expect(
        codeOf(await authorizer.authorize({ ...call, credential: await credential(), fulfils: true, outputSchema })),
      ).toBe(code);
    }
  });

  it("counts a call that could not be put to it as that of a stranger, and never writes it", async () => {
    const { authorizer, audit, begun } = authorizerWith();
    const refusal = { code: "authentication_failed", message: "why" } as const;
    const denied = await authorizer.refuse({ tool: "send_payment", traceparent: "00-1" }, refusal);
    expect(denied).toMatchObject({ outcome: "denied", ...refusal, stage: "guard", retryable: false });
    await settled();
    expect(audit.records).toEqual([]);
    expect(audit.unverifiedSamples).toMatchObject([{ tool: "send_payment", code: "authentication_failed" }]);
    expect(begun).toMatchObject([{ tool: "send_payment", via: "proof", traceparent: "00-1" }]);
  });

  it("denies what comes from anywhere in a call's place, and throws nothing", async () => {
    const { authorizer } = authorizerWith();
    const own = await credential();
    const codeFor = async (changed: object) => codeOf(await authorizer.authorize({ ...call, ...changed } as never));
    for (const odd of [null, 5, "text", [], {}, { chain: own.chain }, { proof: own.proof }, { chain: 5, proof: [] }]) {
      expect(await codeFor({ credential: odd })).toBe("proof_missing");
    }
    for (const user of [undefined, null, "alice", {}, { subject: "alice" }, { issuer: "i", subject: "" }]) {
      expect(await codeFor({ user })).toBe("proof_missing");
    }
    // Whatever came says of itself whom it is of.
    for (const odd of [{ user: ALICE }, { chain: own.chain, user: ALICE }, null, {}]) {
      expect(await codeFor({ credential: odd })).toBe("proof_missing");
    }
    for (const tool of [undefined, null, 5, {}, Symbol("x")]) {
      expect(await codeFor({ tool, credential: await credential() })).toBe("proof_invalid");
    }
    for (const odd of [null, 5, "alice", {}, { subject: "alice" }, { ...ALICE, subject: "bob" }]) {
      expect(await codeFor({ credential: await credential(), transportUser: odd })).toBe("subject_mismatch");
      expect(await codeFor({ credential: await credential(), user: odd })).toBe("subject_mismatch");
    }
  });

  it("lets no user in who could not be revoked: of no issuer, with half a character, or too long a name", async () => {
    const { authorizer } = authorizerWith();
    const may = async (user: typeof ALICE) => codeOf(await authorizer.authorize({ ...call, user }));
    expect(await may(ALICE)).toBe("allowed");
    for (const odd of ["", "\ud800", "a".repeat(65_537)]) {
      expect(await may({ ...ALICE, issuer: odd })).toBe("proof_missing");
      expect(await may({ ...ALICE, subject: odd })).toBe("proof_missing");
    }
  });

  it("takes no member that it does not know: a slip of the host's would leave out what the call must be held against", async () => {
    const { authorizer } = authorizerWith();
    const whole = { ...call, credential: await credential() };
    const stranger = { issuer: ALICE.issuer, subject: "bob" };
    const slips: readonly (readonly [object, string])[] = [
      [{ ...whole, transportuser: stranger }, 'did you mean "transportUser"?'],
      [{ ...whole, args: ARGUMENTS }, "args is not an option"],
      [{ ...call, chain: "a~b", proof: "c" }, "chain is not an option"],
    ];
    for (const [given, words] of slips) {
      const refuse = (one: never) => authorizer.refuse(one, { code: "guard_failed", message: "m" });
      for (const put of [authorizer.authorize, authorizer.admit, refuse]) {
        const error = await errorOf(() => put(given as never));
        expect(error).toMatchObject({ code: "config_invalid" });
        expect(error.message).toContain(words);
      }
    }
    expect(codeOf(await authorizer.authorize(whole))).toBe("allowed");
  });

  it("judges who came with the call, whatever becomes of that object, and shares its own with nobody", async () => {
    const { authorizer } = authorizerWith();
    const user = { ...ALICE };
    const byUser = await authorizer.admit({ ...call, user });
    user.subject = "root";
    if (byUser.outcome !== "admitted") throw new Error(codeOf(byUser));
    expect(byUser.user).toEqual(ALICE);
    expect(await byUser.decide()).toMatchObject({ outcome: "allowed", chain: { hops: [{ id: "alice" }] } });
    const byProof = await authorizer.admit({ ...call, credential: await credential() });
    if (byProof.outcome !== "admitted") throw new Error(codeOf(byProof));
    expect(() => Object.assign(byProof.user, { subject: "root" })).toThrow(TypeError);
    const trap = {
      get chain(): string {
        throw new Error("hunter2");
      },
    };
    expect(codeOf(await authorizer.authorize({ ...call, credential: trap as never }))).toBe("proof_missing");
  });

  it("opens sessions, and writes down what came of calls", async () => {
    const { authorizer, audit } = authorizerWith();
    const session = await authorizer.openSession(scene.researcher);
    const decision = await session.authorize(call);
    if (decision.outcome !== "allowed") throw new Error(codeOf(decision));
    await authorizer.report(decision, { outcome: "failed" });
    expect(audit.outcomes).toMatchObject([{ invocation: decision.invocation, outcome: "failed" }]);
  });
});
