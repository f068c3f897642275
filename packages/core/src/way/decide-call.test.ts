/** The law, stage by stage, with parts that serve everything: each test takes away one of them. */
import { beforeAll, describe, expect, it } from "vitest";
import { randomId } from "../crypto/index.ts";
import { HopwiseError } from "../errors.ts";
import type { Obligations } from "../result/index.ts";
import {
  ARGUMENTS,
  allowing,
  DOCS,
  details,
  TOOLS as GRANT,
  PAY,
  pdpOf,
  type Result,
  verifyAt,
} from "../testing.fixture.ts";
import type { IncomingCall, ParsedCall } from "./call.ts";
import {
  ALICE,
  BY_ALICE,
  codeOf,
  createScene,
  decide,
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
const throwing =
  (code: "token_expired"): (() => never) =>
  () => {
    throw new HopwiseError(code, "away with it");
  };
/** A decision point that answers all hops alike, or only those that are named. */
const answering = (changed: Result, ...hops: readonly string[]) =>
  pdpOf(({ principal, resources }) =>
    resources.map((it) => allowing(it, hops.length === 0 || hops.includes(principal.id) ? changed : {})),
  );
const denying = (...hops: readonly string[]) => answering({ actions: { send: "EFFECT_DENY" } }, ...hops).pdp;

/** One thing that is wrong with a call: with what came, with its arguments, or with what is asked about it. */
interface Wrong {
  readonly call?: Partial<IncomingCall>;
  readonly caller?: { readonly credential?: undefined; readonly proof?: string; readonly transportUser?: typeof ALICE };
  readonly parts?: Parts;
  readonly parsed?: ParsedCall;
}

/** In the order of the way: the code, what was asked before it is given, and what is wrong. */
const WAY: readonly (readonly [string, readonly string[], Wrong])[] = [
  ["arguments_malformed", [], { call: { arguments: new Map() } }],
  ["proof_missing", [], { caller: { credential: undefined } }],
  ["token_expired", ["verifier"], { parts: { verifier: { verify: throwing("token_expired") } } }],
  ["revoked", ["revocations"], { parts: { revocations: { find: () => ({ agent: "planner" }) } } }],
  ["agent_unknown", ["registry"], { parts: { agents: { find: () => undefined } } }],
  ["proof_invalid", [], { caller: { proof: "no proof" } }],
  ["proof_replayed", ["replay"], { parts: { replay: { claim: () => false } } }],
  ["subject_mismatch", [], { caller: { transportUser: { ...ALICE, subject: "bob" } } }],
  ["grant_argument_refused", [], { call: { arguments: TOO_MUCH } }],
  ["tool_unmapped", [], { parts: { tools: {} } }],
  ["arguments_malformed", [], { parsed: { parsed: new Map() } }],
  ["grant_argument_refused", [], { parsed: { parsed: TOO_MUCH } }],
  ["user_unknown", ["directory"], { parts: { users: { find: () => undefined } } }],
  ["policy_denied", ["policies"], { parts: { cerbos: denying() } }],
  [
    "audit_unavailable",
    ["record"],
    {
      parts: {
        audit: {
          record: () => {
            throw new Error("the disk is full");
          },
        },
      },
    },
  ],
  ["allowed", [], {}],
];

/** A call with these things wrong, of which the first ones count where two are wrong with the same part. */
async function withWrong(wrongs: readonly Wrong[]) {
  const of = <Name extends keyof Wrong>(name: Name) =>
    Object.assign({}, ...wrongs.map((it) => it[name]).reverse()) as NonNullable<Wrong[Name]>;
  const call = of("call");
  const { proof, ...caller } = of("caller");
  const byProof = await scene.byProof({ hta: call.arguments === TOO_MUCH ? TOO_MUCH : ARGUMENTS });
  const credential = proof === undefined ? byProof.credential : { chain: scene.compact, proof };
  const { point, asked } = scene.point(of("parts"));
  const decision = await decide(payment({ ...byProof, credential, ...caller }, call), point, of("parsed"));
  return { decision, asked: asked() };
}

describe("the order of refusals", () => {
  it.each(WAY.map(([code, , wrong], i) => ({ code, wrong, i })))(
    "$i: $code is said before everything that is wrong later, and nothing of a later stage is asked",
    async ({ code, i }) => {
      const { decision, asked } = await withWrong(WAY.slice(i).map(([, , wrong]) => wrong));
      expect(codeOf(decision)).toBe(code);
      const sofar = WAY.slice(0, i + 1).flatMap(([, parts]) => parts);
      expect(asked.filter((part) => part !== "record" || code === "audit_unavailable" || code === "allowed")).toEqual(
        sofar,
      );
    },
  );

  it.each(WAY.map(([code, , wrong], i) => ({ code, wrong, i })))(
    "$i: $code is enough to end a call",
    async ({ code, wrong }) => {
      expect(codeOf((await withWrong([wrong])).decision)).toBe(code);
    },
  );
});

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
    const { point } = scene.point({ audience: [PAY, DOCS], verifier: { verify: async () => chain } });
    const named = async (audience: string): Promise<string> => {
      const claims = { jti: randomId(), aat_aud: audience, aat_tool: `${audience}#send_payment` };
      const proof = await scene.world.proof(compact, claims);
      const caller = { via: "proof", credential: { chain: compact, proof }, transportUser: undefined } as const;
      return codeOf(await decide(payment(caller), point));
    };
    expect(await named(PAY)).toBe("grant_tool_missing");
    expect(await named(DOCS)).toBe("allowed");
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

  it("are those that came, where the schema changes nothing", async () => {
    const decision = await decide(payment(await scene.byProof()), scene.point().point);
    expect(decision).toMatchObject({ outcome: "allowed", arguments: ARGUMENTS });
  });
});

describe("a projection", () => {
  const entry = { ...TOOLS["send_payment"], kind: "payment", action: "send", projection: () => ARGUMENTS };
  const parts: Parts = { tools: { send_payment: entry } };

  it("is told to whoever runs the tool: what runs is the value that it was made from", async () => {
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
    const output = (value: unknown) => ({ outputs: [{ source: "rule", action: "send", value }] });
    const { pdp } = pdpOf(({ principal, resources }) =>
      resources.map((it) => allowing(it, output({ redact: [principal.id === "alice" ? "/iban" : "/name"] }))),
    );
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
