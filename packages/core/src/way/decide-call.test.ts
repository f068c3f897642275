/** What the law makes of each stage's findings, with parts that serve everything; refusals.test.ts has its order. */
import { beforeAll, describe, expect, it } from "vitest";
import { memoryAudit } from "../audit/index.ts";
import { randomId } from "../crypto/index.ts";
import type { Obligations } from "../result/index.ts";
import { NO_TELEMETRY } from "../telemetry/index.ts";
import { ARGUMENTS, allowing, DOCS, details, TOOLS as GRANT, PAY, pdpOf, verifyAt } from "../world.fixture.ts";
import {
  ALICE,
  BY_ALICE,
  codeOf,
  createScene,
  decide,
  denying,
  type Parts,
  payment,
  type Scene,
  TOOLS,
} from "./point.fixture.ts";

let scene: Scene;
beforeAll(async () => {
  scene = await createScene();
});

const TOO_MUCH = { ...ARGUMENTS, amount: 5000 };

describe("a proof", () => {
  it.each<[string, Parts]>([
    ["the policies deny the call", { cerbos: denying() }],
    ["the tool is not mapped", { tools: {} }],
    ["the call cannot be recorded", { audit: { record: () => Promise.reject(new Error("full")) } }],
  ])("is spent although %s: it is no good a second time", async (_, parts) => {
    const { point } = scene.point(parts);
    const call = payment(await scene.byProof());
    expect((await decide(call, point)).outcome).toBe("denied");
    expect(codeOf(await decide(call, point))).toBe("proof_replayed");
  });

  it("names the enforcement point whose grants count, where that has several names", async () => {
    const root = await scene.world.root({
      aud: [PAY, DOCS],
      ...details({ [`${PAY}#read_invoice`]: GRANT.read_invoice, [`${DOCS}#send_payment`]: GRANT.send_payment }),
    });
    const compact = `${root}~${await scene.world.child(root)}`;
    const chain = await verifyAt(compact, [scene.world.anchor]);
    const audit = memoryAudit();
    const { point } = scene.point({ audience: [PAY, DOCS], verifier: { verify: async () => chain }, audit });
    const named = async (audience: string): Promise<string> => {
      const claims = { jti: randomId(), aat_aud: audience, aat_tool: `${audience}#send_payment` };
      const proof = await scene.world.proof(compact, claims);
      const caller = { via: "proof", credential: { chain: compact, proof }, transportUser: undefined } as const;
      return codeOf(await decide(payment(caller), point));
    };
    expect(await named(PAY)).toBe("grant_tool_missing");
    expect(audit.records.at(-1)?.tokens[0]).not.toHaveProperty("handed");
    expect(await named(DOCS)).toBe("allowed");
    // The record has one name for this enforcement point, and what was handed over by the name that counted.
    expect(audit.records.at(-1)).toMatchObject({
      audience: PAY,
      tokens: [{ handed: expect.stringContaining("amount") }, {}],
    });
  });
});

describe("telemetry", () => {
  it("does not change what a stage found: a refusal that it loses on the way is still one", async () => {
    const { stage, ...rest } = NO_TELEMETRY.begin({} as never);
    const losing: typeof stage = async (name, run) => {
      const found = await stage(name, run);
      return found instanceof Error ? (undefined as never) : found;
    };
    const { point } = scene.point({ telemetry: { ...NO_TELEMETRY, begin: () => ({ ...rest, stage: losing }) } });
    const caller = await scene.byProof();
    expect(codeOf(await decide(payment(caller), point))).toBe("allowed");
    expect(codeOf(await decide(payment(caller), point))).toBe("proof_replayed");
    const tooMuch = payment(scene.inSession, { arguments: TOO_MUCH });
    expect(codeOf(await decide(tooMuch, point))).toBe("grant_argument_refused");
  });
});

describe("a user without agents", () => {
  it("is a chain of no tokens: asked are revocations, directory and policies, and no token limits the call", async () => {
    const { pdp, asked: questions } = pdpOf();
    const { point, asked, audit } = scene.point({ cerbos: pdp });
    const decision = await decide(payment(BY_ALICE, { arguments: TOO_MUCH }), point);
    expect(decision.outcome).toBe("allowed");
    expect(asked()).toEqual(["revocations", "directory", "policies", "record"]);
    expect(questions.map(({ principal }) => principal.id)).toEqual(["alice"]);
    expect(decision.chain).toStrictEqual({ issuer: ALICE.issuer, hops: [{ kind: "user", id: "alice" }] });
    expect(audit.records).toMatchObject([{ via: "user", tokens: [] }]);
  });
});

describe("a session's holder", () => {
  it("makes no proof, and is held to the grants like everybody", async () => {
    const { point, asked } = scene.point();
    expect(codeOf(await decide(payment(scene.inSession), point))).toBe("allowed");
    expect(asked()).toEqual(["verifier", "revocations", "registry", "directory", "policies", "record"]);
    expect(codeOf(await decide(payment(scene.inSession, { arguments: TOO_MUCH }), point))).toBe(
      "grant_argument_refused",
    );
  });
});

describe("parsed arguments", () => {
  it("are what policies see and what runs: another value than came may be covered, too", async () => {
    const { pdp, asked } = pdpOf();
    const { point, audit } = scene.point({ cerbos: pdp });
    const parsed = { to: "Globex", amount: 1 };
    const decision = await decide(payment(await scene.byProof()), point, { parsed });
    expect(decision).toMatchObject({ outcome: "allowed", arguments: parsed });
    expect(asked[0]?.resources[0]?.resource.attr).toEqual({ args: parsed });
    expect(audit.records[0]?.argumentsHash.parsed).toMatch(/^[\w-]{43}$/);
    parsed.amount = 1000;
    expect(decision).toMatchObject({ arguments: { amount: 1 } });
  });

  it("are held against the grants again, and a refusal names the place", async () => {
    const decision = await decide(payment(await scene.byProof()), scene.point().point, { parsed: TOO_MUCH });
    expect(decision).toMatchObject({ code: "grant_argument_refused", hop: 1, pointer: "/amount" });
  });

  it("that are refused are not kept in the record, whatever the tool map keeps of a call", async () => {
    const entry = { ...TOOLS["send_payment"], kind: "payment", action: "send", keepInRecord: ["amount"] };
    for (const [parsed, code] of [
      [TOO_MUCH, "grant_argument_refused"],
      [{ amount: new Date(0) }, "arguments_malformed"],
    ] as const) {
      const { point, audit } = scene.point({ tools: { send_payment: entry } });
      await decide(payment(await scene.byProof()), point, { parsed });
      expect(audit.records).toMatchObject([{ outcome: "denied", code }]);
      expect(audit.records[0]).not.toHaveProperty("arguments");
    }
  });

  it("are those that came, where the schema changes nothing", async () => {
    const { point, audit } = scene.point();
    const decision = await decide(payment(await scene.byProof()), point);
    expect(decision).toMatchObject({ outcome: "allowed", arguments: ARGUMENTS });
    expect(audit.records[0]?.argumentsHash).not.toHaveProperty("parsed");
    expect(audit.records[0]).not.toHaveProperty("arguments");
  });
});

describe("a projection", () => {
  const entry = { ...TOOLS["send_payment"], kind: "payment", action: "send", projection: () => ARGUMENTS };
  const parts: Parts = { tools: { send_payment: entry } };

  it("is told to the enforcement point, whose tool gets the value that it was made from", async () => {
    const parsed = { to: new URL("https://acme.example") };
    const byProof = await decide(payment(await scene.byProof()), scene.point(parts).point, { parsed });
    expect(byProof).toMatchObject({ outcome: "allowed", projected: true, arguments: ARGUMENTS });
    const inSession = await decide(payment(scene.inSession, { arguments: parsed }), scene.point(parts).point);
    expect(inSession).toMatchObject({ outcome: "allowed", projected: true, arguments: ARGUMENTS });
  });

  it("is not told of where it made nothing", async () => {
    const received = await decide(payment(await scene.byProof()), scene.point(parts).point);
    expect(received.outcome).toBe("allowed");
    expect(received).not.toHaveProperty("projected");
    const plain = await decide(payment(await scene.byProof()), scene.point().point, { parsed: ARGUMENTS });
    expect(plain).not.toHaveProperty("projected");
  });
});

describe("the answers of the policies", () => {
  it.each(["alice", "agent:planner", "agent:researcher"])("are all needed: %s alone is denied", async (denied) => {
    const { point } = scene.point({ cerbos: denying(denied) });
    const decision = await decide(payment(await scene.byProof()), point);
    expect(decision).toMatchObject({ code: "policy_denied", stage: "policy" });
    expect(decision.verdicts.map(({ id, effect }) => [id, effect])).toEqual(
      ["alice", "agent:planner", "agent:researcher"].map((id) => [id, id === denied ? "deny" : "allow"]),
    );
  });

  it("are on record with what was asked, also where they deny", async () => {
    const tools = { send_payment: { kind: "payment", action: "send", scope: "emea", keepInRecord: ["to"] } };
    const { point, audit } = scene.point({ cerbos: denying(), tools });
    await decide(payment(await scene.byProof()), point);
    expect(audit.records).toMatchObject([
      {
        outcome: "denied",
        asked: { kind: "payment", action: "send", scope: "emea" },
        verdicts: [{ effect: "deny" }, { effect: "deny" }, { effect: "deny" }],
        arguments: { to: ARGUMENTS.to },
      },
    ]);
    expect(audit.records[0]?.arguments).not.toHaveProperty("amount");
  });

  it("may oblige: all hops' obligations add up, for an enforcement point that says that it does them", async () => {
    const { pdp } = pdpOf(({ principal, resources }) => {
      const output = {
        source: "rule",
        action: "send",
        value: { redact: [principal.id === "alice" ? "/iban" : "/name"] },
      };
      return resources.map((it) => allowing(it, { outputs: [output] }));
    });
    const { point, audit } = scene.point({ cerbos: pdp });
    const obligations: Obligations = { redact: ["/iban", "/name"], limit: {} };
    const done = await decide(payment(await scene.byProof()), point, { fulfils: true });
    expect(done).toMatchObject({ outcome: "allowed", obligations });
    expect(audit.records).toMatchObject([{ obligations }]);
    const undone = await decide(payment(await scene.byProof()), point);
    expect(undone).toMatchObject({ code: "policy_inconclusive", hop: 0 });
    expect(undone.verdicts).toHaveLength(3);
  });

  it("are asked with what the directory, the registry and the tool map say", async () => {
    const { pdp, asked } = pdpOf();
    const { point } = scene.point({ cerbos: pdp });
    const decision = await decide(
      {
        ...payment(await scene.byProof({ aat_tool: "read_invoice", hta: { id: "INV-7" } })),
        tool: "read_invoice",
        arguments: { id: "INV-7" },
      },
      point,
    );
    expect(decision).toMatchObject({ outcome: "allowed", asked: { kind: "invoice", action: "read" } });
    expect(asked[2]).toMatchObject({
      principal: { id: "agent:researcher", roles: ["agent"], attr: { delegation: { depth: 2 } } },
      resources: [{ resource: { kind: "invoice", id: "INV-7", attr: { args: { id: "INV-7" } } }, actions: ["read"] }],
      requestContext: { annotations: { "hopwise.invocation": decision.invocation, "hopwise.chain": scene.chain.id } },
    });
    expect(decision.context?.map(({ of }) => of)).toEqual(["alice", "agent:planner", "agent:researcher"]);
  });
});

describe("an allowance", () => {
  it("says how long each stage took, by its name", async () => {
    const { timings } = await decide(payment(await scene.byProof()), scene.point().point, { parsed: ARGUMENTS });
    const stages = ["arguments", "token", "proof", "state", "agents", "grant", "context", "policy", "audit", "total"];
    expect(Object.keys(timings)).toEqual(stages);
  });

  it("is given only after its record was written", async () => {
    let write = (): void => {};
    const written = new Promise<void>((resolve) => {
      write = resolve;
    });
    const { point, audit, asked } = scene.point();
    const record: typeof audit.record = (it) => written.then(() => audit.record(it));
    const slow = { ...point, audit: { record } };
    let given = false;
    const decision = decide(payment(scene.inSession), slow).finally(() => {
      given = true;
    });
    while (!asked().includes("policies")) await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect({ given, records: audit.records.length }).toEqual({ given: false, records: 0 });
    write();
    expect((await decision).outcome).toBe("allowed");
    expect(audit.records.map(({ outcome }) => outcome)).toEqual(["allowed"]);
  });
});
