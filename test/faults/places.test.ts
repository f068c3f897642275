/** Whatever a function that tells scope, version or auxiliary data does: a denial with its code, in time, on record. */
import { type AuthorizerOptions, type ErrorCode, inMemoryAgents, inMemoryUsers, type Signer } from "@hopwise/core";
import { describeContext } from "@hopwise/core/describe";
import type { AuxData, PolicyPlace } from "@hopwise/core/sources";
import { allowAll, type Company, createCompany } from "@hopwise/core/testing";
import { beforeAll, describe, expect, it } from "vitest";

const TOKEN = "eyJhbGciOiJub25lIn0.secret.";

let company: Company;
beforeAll(async () => {
  company = await createCompany();
});

/** Each member of the kind: a function of the host that tells where, or with what, Cerbos is asked. */
type Told = keyof PolicyPlace | keyof Pick<AuthorizerOptions, "auxData">;
type OptionsBy = { readonly [told in Told]: (run: () => never) => Partial<AuthorizerOptions> };

const BY: OptionsBy = {
  scope: (scope) => ({ tools: { send_payment: { kind: "payment", action: "send", scope } } }),
  policyVersion: (policyVersion) => ({ tools: { send_payment: { kind: "payment", action: "send", policyVersion } } }),
  auxData: (auxData) => ({ auxData }),
};

const REFUSED: { readonly [told in Told]: readonly unknown[] } = {
  scope: [5, {}, ["a"], true, "a b", ".a", "a..b", "*", `${TOKEN} `],
  policyVersion: [5, {}, ["a"], true, "1.0", "a b", TOKEN],
  auxData: [5, TOKEN, {}, [], { jwt: TOKEN }, { jwt: {} }, { jwt: { token: 5 } }, { jwt: { token: "" } }, ...others()],
};

/** Almost right: a member that this version does not know must not be dropped in silence. */
function others(): readonly unknown[] {
  return [
    { jwt: { token: TOKEN, keySetId: 5 } },
    { jwt: { token: TOKEN, kid: "a" } },
    { jwts: { a: { token: TOKEN } } },
  ];
}

/** Each, and what it is denied with. */
const FAULTS: readonly (readonly [what: string, told: Told, run: () => never, code: ErrorCode])[] = (
  Object.keys(BY) as Told[]
).flatMap((told) => [
  ["throws", told, failing, "context_unavailable"] as const,
  ["rejects", told, (() => Promise.reject(new Error(TOKEN))) as never, "context_unavailable"] as const,
  ["never answers", told, (() => new Promise(() => {})) as never, "context_unavailable"] as const,
  ...REFUSED[told].map(
    (value, i) => [`gives nonsense ${i}`, told, () => value as never, "attributes_invalid"] as const,
  ),
  ...REFUSED[told].map(
    (value, i) => [`promises nonsense ${i}`, told, (async () => value) as never, "attributes_invalid"] as const,
  ),
]);

function failing(): never {
  throw new TypeError(TOKEN);
}

describe.each(FAULTS)("a function that %s for %s", (_, told, run, code) => {
  const options = (): Partial<AuthorizerOptions> => ({ ...BY[told](run), cerbos: allowAll(), deadlineMs: 300 });

  it(`denies a call with ${code}, on record, and nothing of what it gave`, async () => {
    const planner = await company.chain("alice", "planner");
    const authorizer = company.authorizer(options());
    const decision = await authorizer.call(planner, "send_payment", { to: "Globex" });
    expect(decision).toMatchObject({ outcome: "denied", code, stage: "context" });
    expect(authorizer.audit.records).toMatchObject([{ outcome: "denied", code }]);
    expect(JSON.stringify([decision, authorizer.audit.records])).not.toContain(TOKEN);
  });

  it(`makes a list an error, ${code}, and never an empty list`, async () => {
    const session = await company.authorizer(options()).openSession(await company.chain("alice", "planner"));
    expect(await session.list([{ tool: "send_payment" }])).toMatchObject({ outcome: "denied", code });
  });
});

describe("a function that answers", () => {
  it.each<[string, Told, unknown]>([
    ["nothing", "scope", undefined],
    ["null, as databases do", "scope", null],
    ["an empty text", "scope", ""],
    ["nothing", "policyVersion", undefined],
    ["nothing", "auxData", undefined],
    ["null", "auxData", null],
  ])("%s for %s asks without it", async (_, told, value) => {
    const pdp = allowAll();
    const authorizer = company.authorizer({ ...BY[told](() => value as never), cerbos: pdp });
    const decision = await authorizer.call(await company.chain("alice", "planner"), "send_payment", { to: "Globex" });
    expect(decision.outcome).toBe("allowed");
    for (const { principal, resource, auxData } of pdp.asked) {
      expect([principal.scope, resource.scope, resource.policyVersion, auxData]).toEqual(Array(4).fill(undefined));
    }
  });

  it("is asked for each hop with the chain up to it, frozen, and never with who comes after", async () => {
    const asked: unknown[] = [];
    const auxData: NonNullable<AuthorizerOptions["auxData"]> = (query): AuxData => {
      asked.push(structuredClone(query));
      expect([query, query.user, query.hops, ...query.hops, query.arguments].every(Object.isFrozen)).toBe(true);
      return { jwt: { token: `for ${query.hops.at(-1)?.id}`, keySetId: "own" } };
    };
    const pdp = allowAll();
    const authorizer = company.authorizer({ auxData, cerbos: pdp, delegation: "grants-only" });
    const chain = await company.chain("alice", "planner", "researcher");
    await authorizer.call(chain, "send_payment", { to: "Globex" });
    const hops = [
      { kind: "user", id: "alice" },
      { kind: "agent", id: "agent:planner" },
      { kind: "agent", id: "agent:researcher" },
    ];
    const user = { issuer: "https://id.acme.example", subject: "alice" };
    const query = { tool: "send_payment", arguments: { to: "Globex" }, tenant: user.issuer, user };
    expect(asked).toEqual([1, 2, 3].map((length) => ({ ...query, hops: hops.slice(0, length) })));
    expect(pdp.asked.map(({ principal, auxData }) => [principal.id, auxData?.jwt?.token])).toEqual(
      hops.map(({ id }) => [id, `for ${id}`]),
    );
    expect(JSON.stringify(authorizer.audit.records)).not.toContain("for alice");

    asked.length = 0;
    const session = await authorizer.openSession(chain);
    await session.list([{ tool: "send_payment" }, { tool: "read_invoice" }]);
    const list = { tool: "mcp:tools/list", arguments: {}, tenant: user.issuer, user };
    expect(asked).toEqual([1, 2, 3].map((length) => ({ ...list, hops: hops.slice(0, length) })));
    expect(new Set(pdp.asked.slice(3).map(({ auxData }) => auxData?.jwt?.token)).size).toBe(3);
  });

  it("tells a scope and a version by the tool, the arguments and the tenant alone, for calls and for both kinds of lists", async () => {
    const asked: object[] = [];
    const scope = (query: object): string => {
      asked.push(structuredClone(query));
      return "acme.pay";
    };
    const pdp = allowAll();
    const entry = { kind: "payment", action: "send", scope, policyVersion: async () => "v2" };
    const tools = { send_payment: entry, read_invoice: { ...entry, kind: "invoice", list: "list" } };
    const authorizer = company.authorizer({ tools, cerbos: pdp, delegation: "grants-only" });
    const chain = await company.chain("alice", "planner");
    await authorizer.call(chain, "send_payment", { to: "Globex" });
    expect(authorizer.audit.records[0]?.asked).toMatchObject({ scope: "acme.pay", policyVersion: "v2" });
    await (await authorizer.openSession(chain)).list([{ tool: "send_payment" }, { tool: "read_invoice" }]);
    const tenant = "https://id.acme.example";
    expect(asked).toEqual([
      { tool: "send_payment", arguments: { to: "Globex" }, tenant },
      { tool: "send_payment", arguments: {}, tenant },
      { tool: "read_invoice", arguments: {}, tenant },
    ]);
    expect(pdp.asked).toHaveLength(6);
    for (const { resource } of pdp.asked) expect(resource).toMatchObject({ scope: "acme.pay", policyVersion: "v2" });
  });
});

describe("what is written down", () => {
  it.each(["scope", "policyVersion"] as const)(
    "is refused at the door where Cerbos never takes it: %s",
    async (name) => {
      const { users, agents } = company;
      for (const value of REFUSED[name]) {
        const place: object = { [name]: value };
        const tools = { pay: { kind: "payment", action: "send", ...place } as never };
        for (const passIn of [
          () => describeContext({ tools, users, agents }),
          () => company.authorizer({ tools }),
          () => inMemoryUsers({ "https://id.acme.example": { alice: entry(place) } }),
          () => inMemoryAgents({ planner: { ...entry(place), keys: [(company.keys["planner"] as Signer).publicJwk] } }),
        ]) {
          expect(passIn, JSON.stringify(value)).toThrow(expect.objectContaining({ code: "config_invalid" }));
          expect(passIn).toThrow(name);
        }
      }
    },
  );
});

const entry = (place: object) => ({ roles: ["agent"], ...place });

describe("a directory that gives", () => {
  it.each<[keyof PolicyPlace, unknown]>(
    (["scope", "policyVersion"] as const).flatMap((name) =>
      REFUSED[name].map((value) => [name, value] as const),
    ) as never,
  )("a %s that Cerbos never takes (%j) is at fault: the call is denied, with the hop", async (name, value) => {
    const keys = [(company.keys["planner"] as Signer).publicJwk];
    for (const [hop, own] of [
      [0, { users: { find: () => ({ ...entry({ [name]: value }), id: "alice" }) } }],
      [1, { agents: { find: () => entry({ [name]: value, keys }) } }],
    ] as const) {
      const authorizer = company.authorizer(own as never);
      const decision = await authorizer.call(await company.chain("alice", "planner"), "send_payment", { to: "a" });
      expect(decision).toMatchObject({ outcome: "denied", code: "attributes_invalid", hop });
    }
  });
});
