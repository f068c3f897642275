import { describe, expect, it } from "vitest";
import { errorOf, ISSUER } from "../world.fixture.ts";
import { hopsOf } from "./hop.ts";
import { principalsOf } from "./principals.ts";
import type { Agent, IssuedUser } from "./sources.ts";

describe("what policies see of the hops", () => {
  const user: IssuedUser = { id: "alice", issuer: ISSUER, roles: ["analyst"], attributes: { region: "EMEA" } };
  const agents: Agent[] = [
    { roles: ["finance_agent"], attributes: { team: "ap" }, keys: [] },
    { roles: ["reader"], keys: [] },
  ];
  const hops = hopsOf(user, ["planner", "researcher"]);
  const origin = { id: "alice", issuer: ISSUER, roles: ["analyst"], attr: { region: "EMEA" } };

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

  it("stands in the scope and version that its own directory gives, and in no other hop's", () => {
    const placed = [{ ...agents[0], scope: "bots", policyVersion: "v2" } as Agent, agents[1] as Agent];
    const places = principalsOf({ ...user, scope: "north" }, placed, hops).map(({ scope, policyVersion }) => [
      scope,
      policyVersion,
    ]);
    expect(places).toEqual([
      ["north", undefined],
      ["bots", "v2"],
      [undefined, undefined],
    ]);
    expect(JSON.stringify(principalsOf({ ...user, scope: "north" }, placed, hops)[2])).not.toMatch(/north|bots/);
  });

  it("never has the roles of two hops in one principal", () => {
    const roles = principalsOf(user, agents, hops).map((principal) => principal.roles);
    expect(roles).toEqual([["analyst"], ["finance_agent"], ["reader"]]);
  });

  it("has each role once, though a query gave it twice: Cerbos takes no other request", () => {
    const [own] = principalsOf({ ...user, roles: ["analyst", "clerk", "analyst"] }, agents, hops);
    expect(own?.roles).toEqual(["analyst", "clerk"]);
    expect(own?.attr?.["delegation"]).toMatchObject({ user: { roles: ["analyst", "clerk"] } });
  });

  it.each<[string, unknown]>([
    ["no roles", undefined],
    ["a text for its roles", "analyst"],
    ["roles that are no texts", [1]],
    ["roles with a hole among them", Object.assign(new Array(2), { 1: "analyst" })],
    ["an empty list of roles", []],
    ["more roles than anybody has", new Array(10_001).fill("analyst")],
  ])("cannot be told where a source gives %s, and the denial says whose", async (_, roles) => {
    const changed = { ...user, roles } as unknown as IssuedUser;
    const error = await errorOf(() => principalsOf(changed, agents, hops));
    expect(error).toMatchObject({ code: "attributes_invalid", hop: 0 });
    expect(error.message).toMatch(/"alice" (are not a list of texts|has no role)/);
    const agent = { ...agents[1], roles } as Agent;
    expect(await errorOf(() => principalsOf(user, [agents[0] as Agent, agent], hops))).toMatchObject({ hop: 2 });
  });

  it.each(["contractor ", " contractor", "con\u200btractor", "\ud800", " "])(
    "cannot be told by a role that reads like another one, such as %j: a rule that denies that one would let it through",
    async (role) => {
      const roles = ["analyst", role];
      const error = await errorOf(() => principalsOf({ ...user, roles }, agents, hops));
      expect(error).toMatchObject({ code: "attributes_invalid", hop: 0 });
      expect(error.message).toMatch(/^a role of "alice", ".+", looks like another one: it has a character that nobody/);
      const agent = { ...agents[1], roles } as Agent;
      expect(await errorOf(() => principalsOf(user, [agents[0] as Agent, agent], hops))).toMatchObject({ hop: 2 });
    },
  );

  it("keeps a user and an agent of the same name apart", () => {
    const [first, second] = hopsOf({ id: "planner" }, ["planner"]);
    expect(first?.id).toBe("planner");
    expect(second?.id).toBe("agent:planner");
  });

  it.each<[string, IssuedUser, Agent[], number]>([
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
    expect(error).toMatchObject({ code: "attributes_invalid", hop });
  });

  it("is refused where an attribute of our name appears only at the second look", async () => {
    let looks = 0;
    const attributes = new Proxy({ region: "EMEA", delegation: { depth: 99 } } as never, {
      getOwnPropertyDescriptor: (target, key) =>
        key === "delegation" && looks++ === 0 ? undefined : Reflect.getOwnPropertyDescriptor(target, key),
    });
    const error = await errorOf(() => principalsOf({ ...user, attributes }, agents, hops));
    expect(error).toMatchObject({ code: "attributes_invalid", hop: 0 });
  });

  it("is not moved by a source that changes its answer afterwards", () => {
    const attributes = { region: "EMEA" };
    const roles = ["analyst"];
    const [principal] = principalsOf({ ...user, roles, attributes }, agents, hops);
    attributes.region = "APAC";
    roles.push("admin");
    expect(principal).toMatchObject({ roles: ["analyst"], attr: { region: "EMEA" } });
  });

  it("has what further sources say under the names of those, for their own hop alone", () => {
    const added = [{ risk: { score: 3 } }, { health: { ok: true } }];
    const [first, second, third] = principalsOf(user, agents, hops, added);
    expect(first?.attr).toMatchObject({ region: "EMEA", risk: { score: 3 } });
    expect(second?.attr).toMatchObject({ team: "ap", health: { ok: true } });
    expect(second?.attr).not.toHaveProperty("risk");
    expect(Object.keys(third?.attr ?? {})).toEqual(["delegation"]);
  });

  it("has what the registry says of an agent's class and owner", () => {
    const [, planner] = principalsOf(user, [{ roles: ["r"], class: "finance", owner: "ap-team" }], hops.slice(0, 2));
    expect(planner?.attr).toMatchObject({ class: "finance", owner: "ap-team" });
  });

  it("is refused where a directory's own attribute has the name of a source: policies could take one for the other", async () => {
    const error = await errorOf(() => principalsOf({ ...user, attributes: { risk: 0 } }, agents, hops, [{ risk: {} }]));
    expect(error).toMatchObject({ code: "attributes_invalid", hop: 0 });
  });
});

describe("what policies cannot be asked with", () => {
  const hops = hopsOf({ id: "alice" }, ["planner"]);
  const messageOf = async (user: object, agent: object = {}, added: Parameters<typeof principalsOf>[3] = []) => {
    const whole = { id: "alice", roles: ["analyst"], ...user } as unknown as IssuedUser;
    const error = await errorOf(() =>
      principalsOf(whole, [{ roles: ["reader"], keys: [], ...agent } as Agent], hops, added),
    );
    expect(error.code).toBe("attributes_invalid");
    return [error.hop, error.message];
  };

  it.each<[string, unknown]>([
    ["a text, which would be one role a letter", "admin"],
    ["an object", { 0: "admin", length: 1 }],
    ["a list with a number in it", ["reader", 1]],
    ["a list with an empty text in it", ["reader", ""]],
    ["a list with nothing in one place", ["reader", undefined]],
    ["a list with a list in it", [["admin"]]],
  ])("is roles that are %s", async (_, roles) => {
    expect(await messageOf({}, { roles })).toEqual([
      1,
      'the roles of "agent:planner" are not a list of texts, at most 10000',
    ]);
  });

  it("is a scope or a version that no policy can have, and the refusal says whose", async () => {
    for (const place of [{ scope: "acme/emea" }, { policyVersion: "1.0" }, { scope: 5 }]) {
      const user = { id: "alice", issuer: ISSUER, roles: ["r"] };
      const placed = { roles: ["r"], keys: [], ...place } as never;
      const error = await errorOf(() => principalsOf(user, [placed], hopsOf(user, ["planner"])));
      expect(error).toMatchObject({ code: "attributes_invalid", hop: 1 });
      expect(error.message).toMatch(/^the directory's entry of "agent:planner": /);
    }
  });

  it("is one without a role, and the refusal says who", async () => {
    expect(await messageOf({ roles: [] })).toEqual([
      0,
      '"alice" has no role, and Cerbos decides by roles; give it at least one',
    ]);
  });

  it("is an attribute that could be taken for another, and the refusal says for which", async () => {
    expect(await messageOf({ attributes: { delegation: 1 } })).toEqual([
      0,
      'the attributes of hop 0 have a member "delegation", which is Hopwise\'s own name',
    ]);
    expect(await messageOf({}, { attributes: { risk: 1 } }, [{}, { risk: {} }])).toEqual([
      1,
      'the attributes of hop 1 have a member "risk", which is the name of a source',
    ]);
  });

  it("is what is no data, and the refusal says whose", async () => {
    expect(await messageOf({}, { attributes: ["admin"] })).toEqual([
      1,
      "the attributes of hop 1: what it gave is a list, not an object: of the rows of a query, give the one",
    ]);
  });

  it("is never said of hops by a kind that they are not", () => {
    expect(hopsOf({ id: "alice" }, ["planner"])).toEqual([
      { kind: "user", id: "alice" },
      { kind: "agent", id: "agent:planner" },
    ]);
  });
});
