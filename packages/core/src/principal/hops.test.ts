import { beforeAll, describe, expect, it } from "vitest";
import { createWorld, errorOf, ISSUER, refusalOf, verifyAt, type World } from "../testing.fixture.ts";
import { type Chain, thumbprintOf } from "../token/index.ts";
import { confirmAgents, findUser, hopsOf, principalsOf } from "./hops.ts";
import { type Agent, inMemoryAgents, inMemoryUsers, type User } from "./sources.ts";

let world: World;
let chain: Chain;
beforeAll(async () => {
  world = await createWorld();
  chain = await verifyAt(await world.chain(), [world.anchor]);
});

describe("the agents of a chain", () => {
  const agentsOf = (changed: Record<string, Agent | undefined> = {}) =>
    inMemoryAgents(
      Object.fromEntries(
        Object.entries({
          planner: { roles: ["finance_agent"], keys: [world.planner.publicJwk] },
          researcher: { roles: ["reader"], keys: [world.researcher.publicJwk] },
          ...changed,
        }).filter(([, agent]) => agent !== undefined) as [string, Agent][],
      ),
    );

  it("are confirmed where each is registered with the key that the chain names, in the order of the chain", async () => {
    const agents = await confirmAgents(chain, agentsOf());
    expect(agents.map(({ roles }) => roles)).toEqual([["finance_agent"], ["reader"]]);
  });

  it("may be registered by thumbprint, and with several keys", async () => {
    const keys = [world.clerk.publicJwk, await thumbprintOf(world.researcher.publicJwk)];
    expect(await refusalOf(confirmAgents(chain, agentsOf({ researcher: { roles: ["reader"], keys } })))).toBe(
      "accepted",
    );
  });

  it("may be registered with a key that has a name and a use beside it", async () => {
    const kept = { ...world.researcher.publicJwk, ...{ kid: "r1", use: "sig" } };
    expect(await refusalOf(confirmAgents(chain, agentsOf({ researcher: { roles: ["r"], keys: [kept] } })))).toBe(
      "accepted",
    );
  });

  it("are unknown where one is not registered, with its hop", async () => {
    const error = await errorOf(confirmAgents(chain, agentsOf({ researcher: undefined })));
    expect(error).toMatchObject({ code: "agent_unknown", hop: 2 });
    expect(error.message).toContain('"researcher"');
  });

  it("are unknown where one claims the name of another with a key of its own", async () => {
    for (const keys of [[world.mallory.publicJwk], [world.planner.publicJwk], []]) {
      const error = await errorOf(confirmAgents(chain, agentsOf({ researcher: { roles: ["admin"], keys } })));
      expect(error).toMatchObject({ code: "agent_unknown", hop: 2 });
    }
  });

  it("are unknown where a registered key differs in one member alone", async () => {
    const nist = await createWorld("ES256");
    const root = await nist.root();
    const own = await verifyAt(root, [nist.anchor]);
    const { publicJwk } = nist.planner;
    const attempt = async (jwk: object): Promise<string> =>
      refusalOf(confirmAgents(own, inMemoryAgents({ planner: { roles: ["r"], keys: [jwk as typeof publicJwk] } })));
    expect(await attempt(publicJwk)).toBe("accepted");
    for (const changed of [{ y: publicJwk.x }, { x: "AAAA" }, { crv: "P-384" }, { kty: "OKP" }, { y: undefined }]) {
      expect(await attempt({ ...publicJwk, ...changed })).toBe("agent_unknown");
    }
  });

  it("are not looked up by a name that every object has", async () => {
    const root = await world.root({ act: { sub: "constructor" } });
    const inherited = await verifyAt(root, [world.anchor]);
    expect((await errorOf(confirmAgents(inherited, agentsOf()))).code).toBe("agent_unknown");
  });

  it.each<[string, () => never | Promise<never>]>([
    ["rejects", async () => Promise.reject(new Error("down"))],
    [
      "throws",
      () => {
        throw new Error("down");
      },
    ],
  ])("cannot be told where the registry %s, which is not the same as unknown", async (_, find) => {
    expect(await errorOf(confirmAgents(chain, { find }))).toMatchObject({ code: "context_unavailable", hop: 1 });
  });
});

describe("the user of a chain", () => {
  const subject = { issuer: ISSUER, subject: "alice" };

  it("is found by issuer and subject together: the same name from another issuer is somebody else", async () => {
    const users = inMemoryUsers({
      [ISSUER]: { alice: { roles: ["analyst"] } },
      "https://partner.example": { bob: { roles: ["x"] } },
    });
    expect(await findUser(subject, users)).toEqual({ id: "alice", roles: ["analyst"] });
    for (const stranger of [
      { issuer: "https://partner.example", subject: "alice" },
      { issuer: ISSUER, subject: "bob" },
      { issuer: ISSUER, subject: "Alice" },
      { issuer: ISSUER, subject: "toString" },
      { issuer: "constructor", subject: "name" },
    ]) {
      expect(await errorOf(findUser(stranger, users))).toMatchObject({ code: "context_unavailable", hop: 0 });
    }
  });

  it("may have another id for policies than the issuer calls it", async () => {
    const users = inMemoryUsers({ [ISSUER]: { alice: { id: "u-1", roles: ["analyst"] } } });
    expect((await findUser(subject, users)).id).toBe("u-1");
  });

  it.each(["", "agent:planner", "agent:"])("may not have the id %j, which could meet an agent's policy", async (id) => {
    expect(await errorOf(findUser(subject, { find: () => ({ id, roles: ["x"] }) }))).toMatchObject({
      code: "context_unavailable",
      hop: 0,
    });
  });

  it("cannot be told where the directory fails", async () => {
    const find = async () => Promise.reject(new Error("down"));
    expect(await errorOf(findUser(subject, { find }))).toMatchObject({ code: "context_unavailable", hop: 0 });
  });
});

describe("what policies see of the hops", () => {
  const user: User = { id: "alice", roles: ["analyst"], attributes: { region: "EMEA" } };
  const agents: Agent[] = [
    { roles: ["finance_agent"], attributes: { team: "ap" }, keys: [] },
    { roles: ["reader"], keys: [] },
  ];
  const hops = hopsOf(user, ["planner", "researcher"]);
  const origin = { id: "alice", roles: ["analyst"], attr: { region: "EMEA" } };

  it("is one principal each, built from those before it alone", () => {
    const [h0, h1, h2] = hops.map((hop) => ({ ...hop }));
    expect(principalsOf(user, agents, hops)).toEqual([
      {
        id: "alice",
        roles: ["analyst"],
        attr: { region: "EMEA", delegation: { kind: "user", depth: 0, user: origin, chain: [h0] } },
      },
      {
        id: "agent:planner",
        roles: ["finance_agent"],
        attr: { team: "ap", delegation: { kind: "agent", depth: 1, user: origin, delegator: h0, chain: [h0, h1] } },
      },
      {
        id: "agent:researcher",
        roles: ["reader"],
        attr: { delegation: { kind: "agent", depth: 2, user: origin, delegator: h1, chain: [h0, h1, h2] } },
      },
    ]);
  });

  it("never has the roles of two hops in one principal", () => {
    const roles = principalsOf(user, agents, hops).map((principal) => principal.roles);
    expect(roles).toEqual([["analyst"], ["finance_agent"], ["reader"]]);
  });

  it("keeps a user and an agent of the same name apart", () => {
    const [first, second] = hopsOf({ id: "planner" }, ["planner"]);
    expect(first?.id).toBe("planner");
    expect(second?.id).toBe("agent:planner");
  });

  it.each<[string, User, Agent[], number]>([
    ["a user without a role", { ...user, roles: [] }, agents, 0],
    ["an agent without a role", user, [{ roles: [], keys: [] }, ...agents], 1],
    ["a user's attribute of our name", { ...user, attributes: { delegation: { depth: 0 } } }, agents, 0],
    [
      "an agent's attribute of our name",
      user,
      [{ ...agents[0], attributes: { delegation: {} } } as Agent, ...agents],
      1,
    ],
    ["attributes that are no data", { ...user, attributes: { since: new Date(0) } as never }, agents, 0],
    ["attributes that are a list", { ...user, attributes: ["admin"] as never }, agents, 0],
    ["an attribute that cannot be held", user, [{ ...agents[0], attributes: { n: 2 ** 53 } } as Agent, ...agents], 1],
  ])("is refused with %s", async (_, someone, some, hop) => {
    const error = await errorOf(() => principalsOf(someone, some, hops.slice(0, hop + 1)));
    expect(error).toMatchObject({ code: "context_unavailable", hop });
  });

  it("is our word on the delegation, also where an attribute appears only at the second look", () => {
    let looks = 0;
    const attributes = new Proxy({ region: "EMEA", delegation: { depth: 99 } } as never, {
      getOwnPropertyDescriptor: (target, key) =>
        key === "delegation" && looks++ === 0 ? undefined : Reflect.getOwnPropertyDescriptor(target, key),
    });
    const [principal] = principalsOf({ ...user, attributes }, agents, hops);
    expect(principal?.attr?.["delegation"]).toMatchObject({ depth: 0, kind: "user" });
  });

  it("is not moved by a source that changes its answer afterwards", () => {
    const attributes = { region: "EMEA" };
    const roles = ["analyst"];
    const [principal] = principalsOf({ id: "alice", roles, attributes }, agents, hops);
    attributes.region = "APAC";
    roles.push("admin");
    expect(principal).toMatchObject({ roles: ["analyst"], attr: { region: "EMEA" } });
  });
});
