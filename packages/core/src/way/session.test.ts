/** Calls within one process: the holder shows the key once, and once more for each delegation that takes its place. */
import { beforeAll, describe, expect, it } from "vitest";
import { grant, wildcard } from "../grant/index.ts";
import {
  createChainVerifier,
  DEFAULT_LIMITS,
  type DelegationSource,
  delegate,
  type HeldDelegation,
  hold,
  parseDelegation,
  renewing,
  type Signer,
  type Subject,
} from "../token/index.ts";
import { ARGUMENTS, type Claims, DOCS, details, errorOf, TOOLS as GRANT, NOW, PAY } from "../world.fixture.ts";
import { codeOf, createScene, type Parts, redacting, type Scene } from "./point.fixture.ts";
import { openSession } from "./session.ts";

let scene: Scene;
beforeAll(async () => {
  scene = await createScene();
});

const call = { tool: "send_payment", arguments: ARGUMENTS };

/** A session at an enforcement point that verifies chains in earnest. */
async function open(delegation: DelegationSource, parts: Parts = {}) {
  // One of its own: a verifier remembers which chains have expired.
  const watched = scene.point({ verifier: createChainVerifier([scene.world.anchor], DEFAULT_LIMITS), ...parts });
  return { session: await openSession(delegation, watched.point), ...watched };
}

/** The researcher's delegation with a key of one's own making, and what that key was asked to sign. */
async function heldBy(sign: Signer["sign"] = scene.world.researcher.sign) {
  const signed: string[] = [];
  const signer: Signer = {
    publicJwk: scene.world.researcher.publicJwk,
    sign: (data) => {
      signed.push(new TextDecoder().decode(data));
      return sign(data);
    },
  };
  return { held: await hold(await parseDelegation(scene.compact), signer), signed };
}

describe("a resource by its URI", () => {
  it("is the one that its server will read, or is refused", async () => {
    const readable = grant({ "mcp:resources/read": { uri: wildcard() } });
    const chain = { ...scene.chain, links: scene.chain.links.map((link) => ({ ...link, grant: readable })) };
    const template = "shop://orders/{id}";
    const tools = { [template]: { kind: "order", action: "read", id: "id" } };
    const { session } = await open(scene.researcher, { verifier: { verify: async () => chain }, tools });
    const read = (id: string) =>
      session.authorize({
        tool: "mcp:resources/read",
        arguments: { uri: "shop://orders/7" },
        readAs: { template, values: { id } },
      });
    expect(codeOf(await read("7"))).toBe("allowed");
    expect(codeOf(await read("8"))).toBe("tool_unmapped");
  });
});

describe("possession of the key", () => {
  it("is shown once when a session begins, on a challenge that names this enforcement point and is new each time", async () => {
    const { held, signed } = await heldBy();
    const { session } = await open(held);
    expect(session.delegation).toBe(held);
    for (let i = 0; i < 3; i++) expect(codeOf(await session.authorize(call))).toBe("allowed");
    expect(signed).toEqual([expect.stringMatching(/^hopwise-session [\w-]{22} https:\/\/pay\.acme\.example\/mcp$/)]);
    await open(held);
    expect(new Set(signed).size).toBe(2);
  });

  it("is refused to a signer that is not the holder, whatever key it says it has", async () => {
    const { held } = await heldBy(scene.world.mallory.sign);
    const error = await errorOf(open(held));
    expect(error).toMatchObject({
      code: "proof_invalid",
      message: "the signer at hand is not the holder of the chain",
    });
  });

  it.each<[string, () => unknown]>([
    ["fails", () => Promise.reject(new Error("the key store is away"))],
    ["never answers", () => new Promise(() => {})],
  ])("is missing where the signer %s", async (_, sign) => {
    const { held } = await heldBy(sign as never);
    const error = await errorOf(open(held, { deadlineMs: 20 }));
    expect(error.code).toBe("delegation_unavailable");
    expect(error.message).toMatch(/^the signer of the session (failed|gave no answer within 20 ms)$/);
  });

  it.each<[string, unknown]>([
    ["a text", "a text"],
    ["a signature in DER, as many key services do", new Uint8Array(70)],
  ])("is missing where the signer gives %s, and it is told what a signature is", async (_, given) => {
    const { held } = await heldBy((() => Promise.resolve(given)) as never);
    expect(await errorOf(open(held))).toMatchObject({
      code: "delegation_unavailable",
      message:
        "the signer of the session gave no signature of 64 bytes; of ECDSA it is r and s, 32 bytes each, and not DER",
    });
  });

  it("is not asked for where the chain does not verify here", async () => {
    const { held, signed } = await heldBy();
    expect(await errorOf(open(held, { clock: () => (NOW + 3600) * 1000 }))).toMatchObject({ code: "token_expired" });
    expect(signed).toEqual([]);
  });

  it("opens nothing at an enforcement point that the chain is not for", async () => {
    expect(await errorOf(open(scene.researcher, { audience: [DOCS] }))).toMatchObject({ code: "audience_mismatch" });
    expect((await open(scene.researcher, { audience: [DOCS, PAY] })).session).toBeDefined();
  });
});

describe("a session", () => {
  it("asks everything but the proof at each call, and records how its caller showed who they are", async () => {
    const { session, audit, asked } = await open(scene.researcher);
    expect(codeOf(await session.authorize(call))).toBe("allowed");
    expect(asked()).toEqual(["verifier", "revocations", "registry", "directory", "policies", "record"]);
    expect(codeOf(await session.authorize({ ...call, arguments: { ...ARGUMENTS, amount: 5000 } }))).toBe(
      "grant_argument_refused",
    );
    expect(audit.records).toMatchObject([{ via: "session" }, { via: "session" }]);
  });

  it("knows what a call may have, and says so of what it has not", async () => {
    const { session } = await open(scene.researcher);
    for (const [more, words] of [
      [{ argument: {} }, /argument is not an option; did you mean "arguments"/],
      [{ typo: 1 }, /typo is not an option; it knows tool, arguments, approval, parsed/],
    ] as const) {
      await expect(session.authorize({ tool: "send_payment", ...more })).rejects.toThrow(words);
    }
  });

  it("ends with its chain", async () => {
    let now = NOW;
    const { session } = await open(scene.researcher, { clock: () => now * 1000 });
    now += 3600;
    expect(codeOf(await session.authorize(call))).toBe("token_expired");
    expect(codeOf(await session.list([{ tool: "send_payment" }]))).toBe("token_expired");
  });

  it("lists what its holder could call", async () => {
    const { session, audit } = await open(scene.researcher);
    const items = [{ tool: "send_payment" }, { tool: "delete_all" }];
    expect(await session.list(items)).toEqual({ outcome: "listed", shown: [true, false] });
    expect(audit.records).toMatchObject([{ tool: "mcp:tools/list", via: "session" }]);
  });

  it("does what policies oblige to only where it says so", async () => {
    const { session } = await open(scene.researcher, { cerbos: redacting("/iban") });
    expect(await session.authorize({ ...call, fulfils: true })).toMatchObject({ obligations: { redact: ["/iban"] } });
    expect(codeOf(await session.authorize(call))).toBe("policy_inconclusive");
    for (const [outputSchema, code] of [
      [{ type: "object" }, "allowed"],
      [{ type: "object", required: ["iban"], properties: { iban: { type: "string" } } }, "policy_inconclusive"],
      [null, "policy_inconclusive"],
    ] as const) {
      expect(codeOf(await session.authorize({ ...call, fulfils: true, outputSchema }))).toBe(code);
    }
  });
});

describe("a delegation that was renewed", () => {
  /** What the planner hands on, for so long. */
  const handOn = (lifetimeSeconds: number, holder: Signer = scene.world.researcher): Promise<HeldDelegation> =>
    delegate(scene.planner, {
      to: "researcher",
      holder,
      grant: scene.planner.grant,
      lifetimeSeconds,
      clock: () => NOW * 1000,
    });

  it("is proven anew, once, and the calls that follow stand on it", async () => {
    const first = await heldBy();
    const second = await heldBy();
    let current = first.held;
    const { session } = await open(async () => current);
    current = second.held;
    for (let i = 0; i < 2; i++) expect(codeOf(await session.authorize(call))).toBe("allowed");
    expect([first.signed.length, second.signed.length]).toEqual([1, 1]);
  });

  it("is refused where its key is not at hand, and the one before counts no more", async () => {
    let current = scene.researcher;
    const { session, audit } = await open(async () => current);
    current = (await heldBy(scene.world.mallory.sign)).held;
    for (let i = 0; i < 2; i++) expect(await session.authorize(call)).toMatchObject({ code: "proof_invalid" });
    expect(audit.records).toMatchObject([{ outcome: "denied" }, { outcome: "denied" }]);
    current = scene.researcher;
    expect(codeOf(await session.authorize(call))).toBe("allowed");
  });

  it("keeps a session alive past the end of the first delegation, asking once for all who wait", async () => {
    let now = NOW;
    const clock = (): number => now * 1000;
    let asked = 0;
    const renew = (): Promise<HeldDelegation> => {
      asked++;
      return handOn(100 * (asked + 1));
    };
    const { session } = await open(renewing(await handOn(100), renew, { clock }), { clock });
    expect(codeOf(await session.authorize(call))).toBe("allowed");
    now = NOW + 101;
    const outcomes = await Promise.all([1, 2, 3].map(() => session.authorize(call)));
    now = NOW + 171;
    outcomes.push(await session.authorize(call));
    expect(outcomes.map(codeOf)).toEqual(["allowed", "allowed", "allowed", "allowed"]);
    expect(asked).toBe(2);
  });

  it("is the old one where renewing fails, for as long as that lives, and then says why", async () => {
    let now = NOW;
    const held = await handOn(100);
    const away = (): Promise<never> => Promise.reject(new Error("the issuer is away"));
    const current = renewing(held, away, { clock: () => now * 1000 });
    now = NOW + 80;
    expect(await current()).toBe(held);
    now = NOW + 100;
    await expect(current()).rejects.toThrow("the issuer is away");
  });
});

describe("a delegation that takes the place of the one with which a session began", () => {
  const OTHER = "https://id.partner.example";
  type Changed = { readonly root?: Claims; readonly child?: Claims; readonly signer?: Signer };

  const held = async ({ root: claims = {}, child, signer }: Changed = {}): Promise<HeldDelegation> => {
    const { world } = scene;
    const root = await world.root(claims, signer && { signer, header: { kid: "p1" } });
    return hold(await parseDelegation(`${root}~${await world.child(root, child)}`), world.researcher);
  };
  const opened = async (current: () => HeldDelegation) => {
    const { anchor, mallory } = scene.world;
    const partner = {
      ...anchor,
      issuer: OTHER,
      keys: [{ kid: "p1", jwk: mallory.publicJwk }],
      subjects: "any",
    } as const;
    const verifier = createChainVerifier([{ ...anchor, subjects: "any" }, partner], DEFAULT_LIMITS);
    const users = { find: ({ subject }: Subject) => ({ id: subject, roles: ["clerk"] }) };
    return open(async () => current(), { verifier, users, audience: [DOCS, PAY] });
  };
  const qualified = details({
    [`${PAY}#send_payment`]: GRANT.send_payment,
    [`${DOCS}#send_payment`]: GRANT.send_payment,
  });

  it.each<[string, () => Changed, string]>([
    ["another enforcement point of ours", () => ({ root: { aud: [DOCS] } }), "audience_mismatch"],
    ["another user", () => ({ root: { sub: "bob" } }), "principal_changed"],
    [
      "a user of that name of another issuer",
      () => ({ root: { iss: OTHER }, signer: scene.world.mallory }),
      "principal_changed",
    ],
    ["another agent with the same key", () => ({ child: { act: { sub: "planner2" } } }), "principal_changed"],
    ["another agent before it", () => ({ root: { act: { sub: "clerk" } } }), "principal_changed"],
  ])("lends it no %s: its calls are denied, and those of the first go on", async (_, changed, code) => {
    const first = await held();
    const other = await held(changed());
    let current = first;
    const { session, audit } = await opened(() => current);
    expect(codeOf(await session.authorize(call))).toBe("allowed");
    current = other;
    for (let i = 0; i < 2; i++) expect(codeOf(await session.authorize(call))).toBe(code);
    expect(codeOf(await session.list([{ tool: "send_payment" }]))).toBe(code);
    current = first;
    expect(codeOf(await session.authorize(call))).toBe("allowed");
    expect(audit.records.map(({ tokens }) => tokens.length)).not.toContain(1);
  });

  it("may be for more enforcement points: the session is still that of its own", async () => {
    const child = {
      authorization_details: details({ [`${PAY}#send_payment`]: GRANT.send_payment })["authorization_details"],
    };
    const more = await held({ root: { aud: [DOCS, PAY], ...qualified }, child });
    let current = await held();
    const { session } = await opened(() => current);
    current = more;
    // The first of our names in its audience is the other one, where nothing was handed over.
    expect(codeOf(await session.authorize(call))).toBe("allowed");
  });

  it("is each call's own, where several come at once", async () => {
    const [first, second] = [await held(), await held({ root: { exp: NOW + 1800 } })];
    const given = [first, first, second, first, second];
    const { session, audit } = await opened(() => given.shift() ?? first);
    expect((await Promise.all([1, 2, 3, 4].map(() => session.authorize(call)))).map(codeOf)).toEqual(
      Array(4).fill("allowed"),
    );
    const chains = audit.records.map(({ chain }) => chain?.id);
    expect(chains.filter((id) => id === first.id)).toHaveLength(2);
    expect(chains.filter((id) => id === second.id)).toHaveLength(2);
  });
});
