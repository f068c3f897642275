/** Tenants on the real engine: scopes and versions of policies by call and directory, and JWTs that Cerbos verifies. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Pdp, startPdp } from "@hopwise/cerbos";
import type { AuthorizerOptions, HeldDelegation, ToolMap } from "@hopwise/core";
import { describeContext } from "@hopwise/core/describe";
import { anyArguments, grant } from "@hopwise/core/grant";
import type { AuxDataSupplier, PolicyPlace } from "@hopwise/core/sources";
import { type Company, createCompany, type TestAuthorizer } from "@hopwise/core/testing";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { temporaryFolder } from "./support/temporary-folder.ts";

const policy = (place: string, rule: string, resource = "payment"): string =>
  `apiVersion: api.cerbos.dev/v1\nresourcePolicy:\n  resource: ${resource}\n  ${place}\n  rules:\n    - ${rule}\n`;
const allow = (condition: string): string =>
  `{ actions: [send], effect: EFFECT_ALLOW, roles: ["*"], condition: { match: { expr: ${JSON.stringify(condition)} } } }`;

const principalPolicy = (place: string, effect: string, resource: string): string =>
  `apiVersion: api.cerbos.dev/v1\nprincipalPolicy:\n  principal: agent:planner\n  ${place}\n  rules:\n    - resource: ${resource}\n      actions: [{ action: send, effect: ${effect} }]\n`;

/** Nobody pays but in a tenant's scope; version `trial` pays nothing; the planner's own policy denies in the scope `bots`. */
const POLICIES = {
  "base.yaml": policy("version: default", `{ actions: [send], effect: EFFECT_DENY, roles: ["*"] }`),
  "acme.yaml": policy("version: default\n  scope: acme", allow("R.attr.args.amount <= 100")),
  "globex.yaml": policy("version: default\n  scope: globex", allow("R.attr.args.amount <= 1000")),
  "trial.yaml": policy("version: trial", allow("false")),
  "dues.yaml": policy("version: default", allow("request.auxData.jwt.on_call == P.id"), "dues"),
  "planner.yaml": principalPolicy("version: default", "EFFECT_ALLOW", "report"),
  "bots.yaml": principalPolicy("version: default\n  scope: bots", "EFFECT_DENY", "payment"),
  "frozen.yaml": principalPolicy("version: frozen", "EFFECT_DENY", "payment"),
};

/** Each tenant is an issuer of its own, and has a scope of its own. */
const TENANTS = {
  acme: "https://id.acme.example",
  globex: "https://id.globex.example",
  initech: "https://id.initech.example",
};
const scopeOf: Exclude<ToolMap[string]["scope"], string | undefined> = ({ tenant }) =>
  Object.entries(TENANTS).find(([, issuer]) => issuer === tenant)?.[0];

let pdp: Pdp;
let sign: (claims: object) => Promise<string>;
const companies = new Map<string, Company>();
const folder = temporaryFolder(afterAll);
beforeAll(async () => {
  for (const [name, text] of Object.entries(POLICIES)) writeFileSync(join(folder, name), text);
  const { publicKey, privateKey } = await generateKeyPair("ES256");
  sign = (claims) => new SignJWT({ ...claims }).setProtectedHeader({ alg: "ES256", kid: "one" }).sign(privateKey);
  const jwks = join(folder, ".jwks.json");
  writeFileSync(jwks, JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: "one", alg: "ES256" }] }));
  pdp = await startPdp({ policies: folder, jwtKeySets: { own: { file: jwks } } });
  for (const [tenant, issuer] of Object.entries(TENANTS)) companies.set(tenant, await createCompany({ issuer }));
});
afterAll(() => pdp.close());

const PAY: ToolMap = { send_payment: { kind: "payment", action: "send", scope: scopeOf } };

async function at(
  tenant: string,
  options: Partial<AuthorizerOptions> = {},
): Promise<{ planner: HeldDelegation; authorizer: TestAuthorizer }> {
  const company = companies.get(tenant) as Company;
  const authorizer = company.authorizer({
    cerbos: pdp,
    tools: PAY,
    delegation: "grants-only",
    deadlineMs: 10_000,
    ...options,
  });
  return { planner: await company.chain("alice", "planner"), authorizer };
}

describe("a tenant", () => {
  it.each([
    ["acme", 50, "allowed"],
    ["acme", 500, "denied"],
    ["globex", 500, "allowed"],
    ["globex", 5000, "denied"],
    // A scope that has no policies denies: Cerbos does not fall back to those without a scope.
    ["initech", 1, "denied"],
  ] as const)("%s is judged by the policies of its own scope: %d is %s", async (tenant, amount, outcome) => {
    const { planner, authorizer } = await at(tenant);
    const decision = await authorizer.call(planner, "send_payment", { amount });
    expect(decision.outcome).toBe(outcome);
    expect(authorizer.audit.records[0]?.asked).toEqual({ kind: "payment", action: "send", scope: tenant });
  });

  it.each([
    ["acme", true],
    ["globex", true],
    ["initech", false],
  ] as const)("%s is shown what its scope could allow, by a plan: %s", async (tenant, shown) => {
    const { planner, authorizer } = await at(tenant);
    const session = await authorizer.openSession(planner);
    expect(await session.list([{ tool: "send_payment" }])).toEqual({ outcome: "listed", shown: [shown] });
  });

  it("can have another version of its policies for some calls, by their arguments", async () => {
    const tools: ToolMap = {
      send_payment: {
        kind: "payment",
        action: "send",
        scope: ({ arguments: { trial } }) => (trial === true ? undefined : "acme"),
        policyVersion: ({ arguments: { trial } }) => (trial === true ? "trial" : undefined),
      },
    };
    const { planner, authorizer } = await at("acme", { tools });
    expect((await authorizer.call(planner, "send_payment", { amount: 5 })).outcome).toBe("allowed");
    const trial = await authorizer.call(planner, "send_payment", { amount: 5, trial: true });
    expect(trial).toMatchObject({ code: "policy_denied", asked: { policyVersion: "trial" } });
  });
});

describe("a principal", () => {
  const placed = (place: PolicyPlace): AuthorizerOptions["agents"] => ({
    find: async (name) => {
      const agent = await (companies.get("acme") as Company).agents.find(name);
      return agent && { ...agent, ...place };
    },
  });

  it.each<[PolicyPlace, string]>([
    [{}, "allow"],
    [{ scope: "bots" }, "deny"],
    [{ scope: "elsewhere" }, "allow"],
  ])(
    "is judged by the principal policies of the place that its own directory gives: %j is %s",
    async (place, effect) => {
      const { planner, authorizer } = await at("acme", { agents: placed(place) });
      const { verdicts } = await authorizer.call(planner, "send_payment", { amount: 5 });
      expect(verdicts.map((verdict) => verdict.effect)).toEqual(["allow", effect]);
    },
  );

  // If this fails with a newer Cerbos, principal policies can have versions of their own: then docs/enrichment.md says so.
  it("is not judged by a principal policy of its version alone: Cerbos 0.55.0 takes the version of the resource for it", async () => {
    const agents = placed({ policyVersion: "frozen" });
    const entry = { kind: "payment", action: "send" };
    const alone = await at("acme", { agents });
    const { verdicts } = await alone.authorizer.call(alone.planner, "send_payment", { amount: 5 });
    expect(verdicts.map(({ effect }) => effect)).toEqual(["allow", "allow"]);
    const both = await at("acme", { agents, tools: { send_payment: { ...entry, policyVersion: "frozen" } } });
    const decision = await both.authorizer.call(both.planner, "send_payment", { amount: 5 });
    expect(decision.verdicts[1]).toMatchObject({ effect: "deny", policy: "principal.agent_planner.vfrozen" });
  });
});

describe("a JWT of the host's", () => {
  const dues = (auxData?: AuxDataSupplier): Partial<AuthorizerOptions> => ({
    tools: { send_payment: { kind: "dues", action: "send" } },
    ...(auxData !== undefined && { auxData }),
  });

  it("is verified by Cerbos and seen by the policies, each hop its own, and is nowhere on record", async () => {
    const tokens: string[] = [];
    const auxData: AuxDataSupplier = async ({ hops }) => {
      const token = await sign({ on_call: hops.at(-1)?.id });
      tokens.push(token);
      return { jwt: { token, keySetId: "own" } };
    };
    const { planner, authorizer } = await at("acme", dues(auxData));
    expect((await authorizer.call(planner, "send_payment", {})).outcome).toBe("allowed");
    expect(tokens).toHaveLength(2);
    for (const token of tokens) expect(JSON.stringify(authorizer.audit.records)).not.toContain(token.split(".")[1]);

    const stranger = await at(
      "acme",
      dues(async () => ({ jwt: { token: await sign({ on_call: "bob" }) } })),
    );
    expect(await stranger.authorizer.call(stranger.planner, "send_payment", {})).toMatchObject({
      code: "policy_denied",
    });
    const none = await at("acme", dues());
    expect(await none.authorizer.call(none.planner, "send_payment", {})).toMatchObject({ code: "policy_denied" });
  });

  it("that Cerbos cannot verify lets nothing run, and is nowhere on record", async () => {
    const forged = `${(await sign({ on_call: "alice" })).split(".").slice(0, 2).join(".")}.AAAA`;
    const told = expect.stringMatching(
      /invalid auxData \(it has expired, its signature does not verify, or .* no key set/,
    );
    for (const jwt of [{ token: forged }, { token: await sign({ on_call: "alice" }), keySetId: "unknown" }]) {
      const { planner, authorizer } = await at(
        "acme",
        dues(() => ({ jwt })),
      );
      const decision = await authorizer.call(planner, "send_payment", {});
      expect(decision).toMatchObject({ code: "policy_request_refused", stage: "policy", hop: 0, message: told });
      expect(JSON.stringify([decision, authorizer.audit.records])).not.toContain(jwt.token.split(".")[1]);
    }
  });

  it("is sent with plans, too: a list is made by the same policies", async () => {
    const auxData: AuxDataSupplier = async ({ hops }) => ({ jwt: { token: await sign({ on_call: hops.at(-1)?.id }) } });
    const bob: AuxDataSupplier = async () => ({ jwt: { token: await sign({ on_call: "bob" }) } });
    for (const [supplier, shown] of [
      [auxData, true],
      [bob, false],
    ] as const) {
      const { planner, authorizer } = await at("acme", dues(supplier));
      const session = await authorizer.openSession(planner);
      expect(await session.list([{ tool: "send_payment" }])).toEqual({ outcome: "listed", shown: [shown] });
    }
  });
});

describe("Cerbos and Hopwise", () => {
  it.each<[keyof PolicyPlace, readonly string[]]>([
    [
      "scope",
      [
        ".",
        "a",
        "a.b.c",
        "A.B",
        "a-b",
        "1a",
        "a_b.c-d",
        "a._",
        "a-",
        "a..b",
        ".a",
        "a.",
        "-a",
        "_a",
        "a b",
        "é",
        "a.*",
        "a\n",
        "a.-b",
      ],
    ],
    ["policyVersion", ["default", "v1", "2024_01", "_", "1.0", "a-b", "a b", "é", "-", ".", "*", "a\n"]],
  ])("take the same texts for a %s, of a resource and of a principal", async (name, texts) => {
    for (const text of texts) {
      const place = { [name]: text };
      const principal = { id: "a", roles: ["user"] };
      const resource = { kind: "payment", id: "1" };
      const taken = (asked: Promise<unknown>): Promise<boolean> =>
        asked.then(
          () => true,
          () => false,
        );
      const byCerbos = await Promise.all([
        taken(pdp.client.checkResource({ principal, resource: { ...resource, ...place }, actions: ["send"] })),
        taken(pdp.client.checkResource({ principal: { ...principal, ...place }, resource, actions: ["send"] })),
      ]);
      const { planner, authorizer } = await at("acme", {
        tools: { send_payment: { kind: "payment", action: "send", [name]: () => text } },
      });
      const decision = await authorizer.call(planner, "send_payment", { amount: 1 });
      const byHopwise = (decision as { readonly code?: string }).code !== "attributes_invalid";
      expect([byHopwise, byHopwise], JSON.stringify(text)).toEqual(byCerbos);
    }
  });

  it("are described: where scope, version and auxiliary data come from", () => {
    const { users, agents } = companies.get("acme") as Company;
    const tools: ToolMap = { ...PAY, read: { kind: "report", action: "read", policyVersion: "v1" } };
    const described = describeContext({ tools, users, agents, auxData: () => undefined });
    const rows = (all: typeof described.user): readonly string[] =>
      all
        .filter(({ path }) => /^([PR]\.(scope|policyVersion)|request\.)/.test(path))
        .map(({ path, required, from }) => `${path}${required ? "" : ", perhaps"} (${from})`);
    expect(rows(described.tools["send_payment"]?.attributes ?? [])).toEqual([
      "R.scope, perhaps (tool map, by the tool, the arguments and the tenant)",
    ]);
    expect(rows(described.tools["read"]?.attributes ?? [])).toEqual(["R.policyVersion (tool map)"]);
    expect(rows(described.user)).toEqual([
      "P.scope, perhaps (users in memory)",
      "P.policyVersion, perhaps (users in memory)",
      "request.auxData.jwt, perhaps (the option auxData)",
    ]);
    expect(rows(described.agent)).toHaveLength(3);
    expect(rows(describeContext({ tools, users, agents }).user)).toHaveLength(2);
  });
});

it("a list of resources whose scope cannot be told names the template of the tool map, as a call does", async () => {
  const fail = (): never => {
    throw new Error("down");
  };
  const company = await createCompany({
    tools: { "shop://orders/{id}": { kind: "order", action: "read", id: "id", scope: fail } },
  });
  const held = await company.chain("alice", { to: "planner", grant: grant({ "mcp:resources/read": anyArguments }) });
  const session = await company.authorizer().openSession(held);
  const uri = "shop://orders/7";
  const said = {
    code: "context_unavailable",
    message: 'the policies for "shop://orders/{id}" cannot be told: the function that makes the scope failed',
  };
  const tool = "mcp:resources/read";
  expect(await session.authorize({ tool, arguments: { uri } })).toMatchObject(said);
  expect(await session.list([{ tool, arguments: { uri } }])).toMatchObject(said);
  expect(await session.list([{ tool, template: "shop://orders/{id}" }])).toMatchObject(said);
});
