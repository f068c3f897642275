import { describe, expect, it } from "vitest";
import { exact, grant, int, range, readGrant, wildcard } from "../../grant/index.ts";
import type { JsonValue } from "../../json/index.ts";
import {
  ALGORITHMS,
  claimsOf,
  createWorld,
  DOCS,
  details,
  errorOf,
  ISSUER,
  NOW,
  PAY,
  refusalOf,
  verifyAt,
  type World,
} from "../../world.fixture.ts";
import { everyTool } from "../claims/every-tool.ts";
import { kidOf } from "../keys/key.ts";
import { DEFAULT_LIMITS } from "../keys/limits.ts";
import { checkSize } from "./check-order.ts";
import { serialize } from "./delegation.ts";
import { createIssuer, type Issuer, type IssuerOptions, type RootOrder } from "./issue.ts";

const worlds = await Promise.all(ALGORITHMS.map((algorithm) => createWorld(algorithm)));
const clock = (): number => NOW * 1000 + 500;
const pay = grant({ send_payment: { to: wildcard(), amount: range({ max: 1000 }) } });
const TOOLS = "/authorization_details/0/tools";

describe.each(worlds)("an issuer with an $algorithm key", (world: World) => {
  const pinned: IssuerOptions = {
    issuer: ISSUER,
    signer: world.issuer,
    audiences: [PAY],
    subjects: ["alice"],
    tools: ["send_payment", "a#b", `${PAY}#send_payment`],
    clock,
  };
  const issuerOf = (changed: Partial<IssuerOptions> = {}): Promise<Issuer> => createIssuer({ ...pinned, ...changed });
  const order = { subject: "alice", agent: "planner", holder: world.planner, grant: pay };
  const attempt = async (changed: Partial<RootOrder>, options: Partial<IssuerOptions> = {}): Promise<string> => {
    const issuer = await issuerOf(options);
    return refusalOf(issuer.issue({ ...order, ...changed } as typeof order));
  };

  it.each([
    ["maxDepth", { maxDepth: 16 }, { maxDepth: 17 }, "chainTokens", { chainTokens: 18 }],
    [
      "lifetimeSeconds",
      { lifetimeSeconds: 86_400 },
      { lifetimeSeconds: 86_401 },
      "lifetimeSeconds",
      { lifetimeSeconds: 86_401 },
    ],
  ] as const)("takes a %s that its limits let it keep, and no other", async (option, within, beyond, limit, limits) => {
    await expect(issuerOf(within)).resolves.toBeDefined();
    await expect(issuerOf({ ...beyond, limits })).resolves.toBeDefined();
    const refused = await errorOf(issuerOf(beyond));
    expect(refused).toMatchObject({ code: "config_invalid", pointer: `/${option}` });
    expect(refused.message).toContain(`set limits: { ${limit} } of `);
  });

  it("signs values as deep as its limits say, and names the one to raise", async () => {
    const value = Array.from({ length: 17 }).reduce<JsonValue>((inner) => [inner], []);
    const deepest = grant({ send_payment: { to: exact(value) } });
    const issuer = await issuerOf();
    const held = await issuer.issue({ ...order, grant: deepest });
    await expect(verifyAt(serialize(held), [issuer.trustAnchor])).resolves.toBeDefined();
    const deeper = { ...order, grant: grant({ send_payment: { to: exact([value]) } }) };
    await expect(issuer.issue(deeper)).rejects.toThrow("set limits: { constraintDepth } of ");
  });

  it("makes a root that the verifier of its trust anchor accepts, and that says what was ordered", async () => {
    const issuer = await issuerOf();
    const held = await issuer.issue({ ...order, txn: "order-7" });
    const token = serialize(held);
    expect(claimsOf(token)).toEqual({
      jti: expect.stringMatching(/^[\w-]{22}$/),
      iss: ISSUER,
      sub: "alice",
      act: { sub: "planner" },
      aud: [PAY],
      iat: NOW,
      exp: NOW + 3600,
      del_depth: 0,
      del_max_depth: 3,
      hw: 1,
      txn: "order-7",
      cnf: { jwk: world.planner.publicJwk },
      ...details(pay),
    });
    const chain = await verifyAt(token, [issuer.trustAnchor]);
    expect(held).toMatchObject({ id: chain.id, subject: "alice", agents: ["planner"], audience: [PAY], grant: pay });
    expect(held.signer).toBe(world.planner);
  });

  it("pins in its trust anchor what it was pinned to, and shows nothing private there", async () => {
    const { trustAnchor } = await issuerOf({ lifetimeSeconds: 60, maxDepth: 1, kid: "k1" });
    expect(trustAnchor).toEqual({
      issuer: ISSUER,
      keys: [{ kid: "k1", jwk: world.issuer.publicJwk }],
      audiences: [PAY],
      subjects: ["alice"],
      tools: pinned.tools,
      lifetimeSeconds: 60,
      maxDepth: 1,
    });
    const named = (await issuerOf()).trustAnchor.keys[0]?.kid;
    expect(named).toBe(await kidOf(world.issuer.publicJwk));
  });

  it.each<[string, Partial<RootOrder>, Partial<IssuerOptions>, string]>([
    ["another subject", { subject: "bob" }, {}, "token_untrusted_issuer /sub"],
    ["another audience", { audience: [DOCS] }, {}, "token_untrusted_issuer /aud"],
    ["another tool", { grant: grant({ wipe: { disk: exact("a") } }) }, {}, `token_untrusted_issuer ${TOOLS}`],
    ["a longer life", { lifetimeSeconds: 61 }, { lifetimeSeconds: 60 }, "token_untrusted_issuer /exp"],
    ["a life longer than a day", { lifetimeSeconds: 86_401 }, {}, "token_untrusted_issuer /exp"],
    ["a deeper chain", { maxDepth: 2 }, { maxDepth: 1 }, "token_untrusted_issuer /del_max_depth"],
    ["a deeper chain than three", { maxDepth: 4 }, {}, "token_untrusted_issuer /del_max_depth"],
  ])("does not sign %s than it is pinned to", async (_, changed, options, refusal) => {
    expect(await attempt(changed, options)).toBe(refusal);
  });

  it.each<[string, Partial<RootOrder>, Partial<IssuerOptions>, string]>([
    ["no subject", { subject: "" }, { subjects: "any" }, "config_invalid /subject"],
    ["an agent of a forbidden name", { agent: "agent:planner" }, {}, "config_invalid /agent"],
    ["no audience", { audience: [] }, {}, "config_invalid /audience"],
    ["an audience twice", { audience: [PAY, PAY] }, {}, "token_malformed /aud"],
    ["an empty transaction", { txn: "" }, {}, "config_invalid /txn"],
    ["a life of half a second", { lifetimeSeconds: 0.5 }, {}, "config_invalid /lifetimeSeconds"],
    ["a life of no time", { lifetimeSeconds: 0 }, {}, "config_invalid /lifetimeSeconds"],
    ["a life of less than no time", { lifetimeSeconds: -60 }, {}, "config_invalid /lifetimeSeconds"],
    ["a ceiling below the root", { maxDepth: -1 }, {}, "config_invalid /maxDepth"],
    ["a tool with a # in its name", { grant: readGrant({ "a#b": {} }) }, {}, `token_malformed ${TOOLS}`],
    [
      "a qualified tool for one audience",
      { grant: readGrant({ [`${PAY}#send_payment`]: {} }) },
      {},
      `token_malformed ${TOOLS}`,
    ],
    ["a bare tool for two audiences", {}, { audiences: [PAY, DOCS] }, `token_malformed ${TOOLS}`],
    [
      "a grant that only looks like one",
      { grant: { ...readGrant({ send_payment: {} }) } },
      {},
      "config_invalid /grant",
    ],
    [
      "a token that is too large",
      { grant: grant({ send_payment: { a: exact("x".repeat(4096)), b: exact("x".repeat(4096)) } }) },
      {},
      "token_too_large",
    ],
  ])("does not sign what no verifier would accept: %s", async (_, changed, options, refusal) => {
    expect(await attempt(changed, options)).toBe(refusal);
  });

  it("keeps to the constraints of the draft where it is asked to, and names the one that is not of it", async () => {
    const core = grant({ send_payment: { to: wildcard(), amount: range({ max: 1000 }) } });
    const own = grant({ send_payment: { to: wildcard(), amount: int({ max: 1000 }) } });
    expect(await attempt({ grant: core, interop: "aat-01" })).toBe("accepted");
    expect(await attempt({ grant: own })).toBe("accepted");
    const error = await errorOf((await issuerOf()).issue({ ...order, grant: own, interop: "aat-01" }));
    expect(error).toMatchObject({ code: "config_invalid", pointer: "/send_payment/amount" });
    expect(error.message).toContain('interop "aat-01": the constraint at "/send_payment/amount"');
  });

  it("names each tool where it keeps to the draft, which would take every tool for the name of one", async () => {
    const every = { grant: everyTool() };
    const pins = { tools: "any", everyTool: true } as const;
    expect(await attempt(every, pins)).toBe("accepted");
    expect(await attempt({ ...every, interop: "aat-01" }, pins)).toBe("config_invalid /mcp:tools~1*");
  });

  it("says how large a token would be that is too large, and how large one may be", async () => {
    const big = grant({ send_payment: { a: exact("x".repeat(4096)), b: exact("x".repeat(4096)) } });
    const error = await errorOf((await issuerOf()).issue({ ...order, grant: big }));
    expect(error.message).toMatch(/would be 1\d{4} bytes, 8192 are read/);
    expect(() => checkSize("token", "x".repeat(8192), DEFAULT_LIMITS)).not.toThrow();
    expect(await refusalOf(() => checkSize("token", "x".repeat(8193), DEFAULT_LIMITS))).toBe("token_too_large");
  });

  it("goes by the machine's own clock where no other was given", async () => {
    const { clock: _, ...unclocked } = pinned;
    const before = Math.floor(Date.now() / 1000);
    const held = await (await createIssuer(unclocked)).issue(order);
    const iat = claimsOf(serialize(held))["iat"] as number;
    expect(iat).toBeGreaterThanOrEqual(before);
    expect(iat).toBeLessThanOrEqual(Math.floor(Date.now() / 1000));
  });

  it("names the audiences that were ordered, a part of its own", async () => {
    const issuer = await issuerOf({ audiences: [PAY, DOCS] });
    const held = await issuer.issue({ ...order, audience: [PAY] });
    expect(claimsOf(serialize(held))["aud"]).toEqual([PAY]);
  });

  it("gives an hour to live where nothing else was said, or less where it is pinned to less", async () => {
    expect((await (await issuerOf()).issue(order)).expiresAt).toBe(NOW + 3600);
    expect((await (await issuerOf({ lifetimeSeconds: 60 })).issue(order)).expiresAt).toBe(NOW + 60);
    expect((await (await issuerOf({ lifetimeSeconds: 7200 })).issue(order)).expiresAt).toBe(NOW + 3600);
    expect((await (await issuerOf()).issue({ ...order, lifetimeSeconds: 86_400 })).expiresAt).toBe(NOW + 86_400);
  });

  it("lets the chain be as deep as it is pinned to, or less where that was ordered", async () => {
    const depth = async (options: Partial<IssuerOptions>, maxDepth?: number): Promise<unknown> => {
      const held = await (await issuerOf(options)).issue({ ...order, ...(maxDepth !== undefined && { maxDepth }) });
      return claimsOf(serialize(held))["del_max_depth"];
    };
    expect([await depth({}), await depth({ maxDepth: 1 }), await depth({ maxDepth: 5 }, 0)]).toEqual([3, 1, 0]);
  });

  it.each<[string, Partial<IssuerOptions>]>([
    ["http", { issuer: "http://id.acme.example" }],
    ["no audience", { audiences: [] }],
    ["a kid of other letters", { kid: "k 1" }],
  ])("cannot be made with %s", async (_, changed) => {
    expect((await errorOf(issuerOf(changed))).code).toBe("config_invalid");
  });
});
