/** What a chain stands on besides its signatures, through the authorizer: revocation, classes of agents, nonces, renewal. */
import { beforeAll, describe, expect, it } from "vitest";
import type { PolicyDecisionPoint } from "../doors/adapter.ts";
import { grant, wildcard } from "../doors/grant.ts";
import { createNonces } from "../doors/state.ts";
import { prove, thumbprintOf } from "../doors/tokens.ts";
import {
  type AuthorizerOptions,
  createAuthorizer,
  createIssuer,
  type Decision,
  delegate,
  generateSigner,
  type HeldDelegation,
  type Issuer,
  inMemoryAgents,
  inMemoryUsers,
  memoryAudit,
  memoryState,
  renewing,
  type Signer,
} from "../index.ts";

const PAY = "https://pay.acme.example/mcp";
const ISSUER = "https://id.acme.example";
const START = 1_760_000_000_000;
const handed = grant({ read: { id: wildcard() } });

/** Policies that allow everything: what is denied here is denied before anybody asks them. */
const allowing: PolicyDecisionPoint = {
  checkResources: async ({ resources }) =>
    ({
      cerbosCallId: "",
      requestId: "",
      results: resources.map(({ resource, actions }) => ({
        resource,
        actions: Object.fromEntries(actions.map((action) => [action, "EFFECT_ALLOW"])),
        validationErrors: [],
        outputs: [],
        metadata: undefined,
      })),
    }) as never,
  planResources: () => Promise.reject(new Error("not asked")),
};

let issuer: Issuer;
let plannerKey: Signer;
let researcherKey: Signer;
let planner: HeldDelegation;
let researcher: HeldDelegation;
const at = { now: START };
const clock = (): number => at.now;

beforeAll(async () => {
  issuer = await createIssuer({
    issuer: ISSUER,
    signer: await generateSigner(),
    audiences: [PAY],
    subjects: ["alice"],
    tools: "any",
    clock,
  });
  plannerKey = await generateSigner();
  researcherKey = await generateSigner();
  planner = await issuer.issue({ subject: "alice", agent: "planner", holder: plannerKey, grant: handed });
  researcher = await delegate(planner, { to: "researcher", holder: researcherKey, grant: handed, clock });
});

function authorizerWith(options: Partial<AuthorizerOptions> = {}) {
  const state = memoryState({ since: 0, clock });
  const classes = { reader: { roles: ["reader"], classes: { helper: { roles: ["helper"] } } } };
  const authorizer = createAuthorizer({
    cerbos: allowing,
    audience: PAY,
    trust: [issuer.trustAnchor],
    users: inMemoryUsers({ [ISSUER]: { alice: { roles: ["analyst"] } } }),
    agents: inMemoryAgents({
      planner: { roles: ["agent"], keys: [plannerKey.publicJwk], classes },
      researcher: { roles: ["agent"], keys: [researcherKey.publicJwk] },
    }),
    tools: { read: { kind: "document", action: "read" } },
    delegation: "grants-only",
    audit: memoryAudit(),
    state,
    clock,
    ...options,
  });
  return { authorizer, revocations: state.revocations };
}

const codeOf = (decision: Decision): string => (decision.outcome === "denied" ? decision.code : decision.outcome);
const call = { tool: "read", arguments: { id: "1" } };

describe("what was revoked", () => {
  const targets: readonly [
    string,
    () => Promise<Parameters<ReturnType<typeof authorizerWith>["revocations"]["revoke"]>[0]>,
  ][] = [
    ["a chain, by the hash of its root", async () => ({ token: planner.id })],
    ["the key of an agent in the middle", async () => ({ key: await thumbprintOf(plannerKey.publicJwk) })],
    ["the key of the last agent", async () => ({ key: await thumbprintOf(researcherKey.publicJwk) })],
    ["an agent in the middle", async () => ({ agent: "planner" })],
    [
      "everything of a user before a time",
      async () => ({ user: { issuer: ISSUER, subject: "alice" }, notBefore: START / 1000 + 1 }),
    ],
  ];

  it.each(targets)("is of no use from the next call on, in a session and on the wire: %s", async (_, target) => {
    const { authorizer, revocations } = authorizerWith();
    const session = await authorizer.openSession(researcher);
    expect(codeOf(await session.authorize(call))).toBe("allowed");
    revocations.revoke(await target());
    expect(codeOf(await session.authorize(call))).toBe("revoked");
    const credential = await prove(researcher, { ...call, audience: PAY, clock });
    expect(codeOf(await authorizer.authorize({ ...call, credential }))).toBe("revoked");
  });

  it("leaves alone what stands above it, others, and what was issued later", async () => {
    const { authorizer, revocations } = authorizerWith();
    revocations.revoke({ agent: "researcher" });
    revocations.revoke({
      user: { issuer: "https://other.example", subject: "alice" },
      notBefore: Number.MAX_SAFE_INTEGER,
    });
    revocations.revoke({ user: { issuer: ISSUER, subject: "alice" }, notBefore: START / 1000 });
    expect(codeOf(await (await authorizer.openSession(planner)).authorize(call))).toBe("allowed");
    expect(codeOf(await (await authorizer.openSession(researcher)).authorize(call))).toBe("revoked");
  });

  it("stops a user without agents, too, while the time lies ahead", async () => {
    const { authorizer, revocations } = authorizerWith();
    const user = { issuer: ISSUER, subject: "alice" };
    revocations.revoke({ user, notBefore: START / 1000 + 60 });
    expect(codeOf(await authorizer.authorize({ ...call, credential: { user } }))).toBe("revoked");
  });

  it("is forgotten when it may be, and not a moment before", async () => {
    const { authorizer, revocations } = authorizerWith();
    revocations.revoke({ agent: "planner" }, START + 1000);
    const session = await authorizer.openSession(planner);
    expect(codeOf(await session.authorize(call))).toBe("revoked");
    at.now = START + 1000;
    expect(codeOf(await session.authorize(call))).toBe("allowed");
    at.now = START;
  });

  it("closes where the store cannot tell", async () => {
    const find = (): never => {
      throw new Error("down");
    };
    const { authorizer } = authorizerWith({ state: { ...memoryState(), revocations: { find } } });
    expect(codeOf(await (await authorizer.openSession(planner)).authorize(call))).toBe("state_unavailable");
  });
});

describe("an ephemeral agent", () => {
  const made = async (parent: HeldDelegation, to: string | { class: string }): Promise<HeldDelegation> =>
    delegate(parent, { to, holder: await generateSigner(), grant: handed, clock });

  it("acts by its class alone, with a fresh key and without registration, and may make what its class may", async () => {
    const { authorizer } = authorizerWith();
    const reader = await made(planner, { class: "reader" });
    const helper = await made(reader, { class: "helper" });
    expect(reader.agents[1]).toMatch(/^planner\/reader\/[A-Za-z0-9_-]{22}$/);
    expect(codeOf(await (await authorizer.openSession(helper)).authorize(call))).toBe("allowed");
  });

  it.each([
    ["a class that its delegator may not make", { class: "writer" }],
    ["a class of another agent", "researcher/reader/abcdefgh"],
    ["no class", "planner/abcdefgh"],
    ["a guessable name", "planner/reader/a"],
    ["more than its class", "planner/reader/abcdefgh/x"],
    ["an inherited name", { class: "constructor" }],
  ])("is unknown where its name speaks of %s", async (_, to) => {
    const { authorizer } = authorizerWith();
    const session = await authorizer.openSession(await made(planner, to));
    expect(codeOf(await session.authorize(call))).toBe("agent_unknown");
  });

  it("is never the first of a chain: a user makes no agents", async () => {
    const { authorizer } = authorizerWith();
    const order = { subject: "alice", agent: "planner/reader/abcdefgh", holder: await generateSigner(), grant: handed };
    const session = await authorizer.openSession(await issuer.issue(order));
    expect(codeOf(await session.authorize(call))).toBe("agent_unknown");
  });
});

describe("a nonce", () => {
  const nonces = createNonces({ lifetimeSeconds: 60 });
  const proven = async (nonce?: string, proofClock = clock) => ({
    ...call,
    credential: await prove(planner, {
      ...call,
      audience: PAY,
      clock: proofClock,
      ...(nonce !== undefined && { nonce }),
    }),
  });
  const ask = async (authorizer: ReturnType<typeof createAuthorizer>): Promise<string> => {
    const decision = await authorizer.authorize(await proven());
    if (decision.outcome !== "denied" || decision.nonce === undefined) throw new Error("no nonce was given");
    expect(decision).toMatchObject({ code: "proof_nonce_required", retryable: true });
    return decision.nonce;
  };

  it("is asked for, good for one proof, and stands in for the holder's clock", async () => {
    const { authorizer } = authorizerWith({ nonces });
    const nonce = await ask(authorizer);
    const wrongClock = (): number => START - 600_000;
    expect(codeOf(await authorizer.authorize(await proven(nonce, wrongClock)))).toBe("allowed");
    expect(codeOf(await authorizer.authorize(await proven(nonce)))).toBe("proof_replayed");
  });

  it("is refused where it lapsed, is another's, or is no nonce at all", async () => {
    const { authorizer } = authorizerWith({ nonces });
    const lapsed = await ask(authorizer);
    at.now = START + 60_000;
    expect(codeOf(await authorizer.authorize(await proven(lapsed)))).toBe("proof_nonce_required");
    at.now = START;
    for (const nonce of [await createNonces().issue(START / 1000), "", "x".repeat(75)]) {
      expect(codeOf(await authorizer.authorize(await proven(nonce)))).toBe("proof_nonce_required");
    }
  });

  it("is refused where none was asked for", async () => {
    const { authorizer } = authorizerWith();
    expect(codeOf(await authorizer.authorize(await proven(await nonces.issue(START / 1000))))).toBe("proof_invalid");
  });

  it("needs a secret that cannot be guessed", () => {
    expect(() => createNonces({ secret: new Uint8Array(31) })).toThrow(
      expect.objectContaining({ code: "config_invalid" }),
    );
  });
});

describe("renewing", () => {
  const short = (): Promise<HeldDelegation> =>
    issuer.issue({ subject: "alice", agent: "planner", holder: plannerKey, grant: handed, lifetimeSeconds: 100 });

  it("keeps a session alive past the end of the first delegation, asking once for all who wait", async () => {
    let asked = 0;
    const current = renewing(
      await short(),
      () => {
        asked++;
        return short();
      },
      { clock },
    );
    const { authorizer } = authorizerWith();
    const session = await authorizer.openSession(current);
    expect(codeOf(await session.authorize(call))).toBe("allowed");
    at.now = START + 71_000;
    const outcomes = await Promise.all([1, 2, 3].map(() => session.authorize(call)));
    at.now = START + 150_000;
    outcomes.push(await session.authorize(call));
    at.now = START;
    expect(outcomes.map(codeOf)).toEqual(["allowed", "allowed", "allowed", "allowed"]);
    expect(asked).toBe(2);
  });

  it("uses the old one up where renewing fails, and then says why", async () => {
    const fail = () => Promise.reject(new Error("the issuer is away"));
    const held = await short();
    const current = renewing(held, fail, { clock });
    at.now = START + 80_000;
    expect(await current()).toBe(held);
    at.now = START + 100_000;
    await expect(current()).rejects.toThrow("the issuer is away");
    at.now = START;
  });
});
