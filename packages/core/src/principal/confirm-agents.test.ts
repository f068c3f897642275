import { beforeAll, describe, expect, it } from "vitest";
import type { HopwiseError } from "../errors.ts";
import { type Chain, thumbprintOf } from "../token/index.ts";
import { createWorld, errorOf, refusalOf, verifyAt, type World } from "../world.fixture.ts";
import { confirmAgents } from "./confirm-agents.ts";
import { hopWithoutTool } from "./hop-without-tool.ts";
import { inMemoryAgents } from "./in-memory.ts";
import type { Agent, AgentClass, AgentRegistry } from "./sources.ts";

/** A registry that nobody looked at: agents that come from elsewhere may be of any form. */
const registryOf = (agents: { readonly [name: string]: Agent }): AgentRegistry => ({
  find: (name) => (Object.hasOwn(agents, name) ? agents[name] : undefined),
});

const wrong = (member: keyof AgentClass, ...values: readonly unknown[]): [keyof AgentClass, unknown][] =>
  values.map((value) => [member, value]);

let world: World;
let chain: Chain;
beforeAll(async () => {
  world = await createWorld();
  chain = await verifyAt(await world.chain(), [world.anchor]);
});

describe("the agents of a chain", () => {
  const agentsOf = (changed: Record<string, Agent | undefined> = {}) =>
    registryOf(
      Object.fromEntries(
        Object.entries({
          planner: { roles: ["finance_agent"], keys: [world.planner.publicJwk] },
          researcher: { roles: ["reader"], keys: [world.researcher.publicJwk] },
          ...changed,
        }).filter(([, agent]) => agent !== undefined) as [string, Agent][],
      ),
    );

  it("are confirmed where each is registered with the key that the chain names, in the order of the chain", async () => {
    const { agents } = await confirmAgents(chain, agentsOf());
    expect(agents.map(({ roles }) => roles)).toEqual([["finance_agent"], ["reader"]]);
  });

  it("are confirmed where some are known at once, and others are asked about", async () => {
    const all = agentsOf();
    for (const atOnce of ["planner", "researcher"]) {
      const find = (name: string) => (name === atOnce ? all.find(name) : Promise.resolve(all.find(name)));
      const { agents } = await confirmAgents(chain, { find });
      expect(agents.map(({ roles }) => roles)).toEqual([["finance_agent"], ["reader"]]);
    }
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
      refusalOf(confirmAgents(own, registryOf({ planner: { roles: ["r"], keys: [jwk as typeof publicJwk] } })));
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
    expect(await errorOf(confirmAgents(chain, { find }))).toMatchObject({ code: "registry_unavailable", hop: 1 });
  });

  it("are no agents, and no outage, where what the registry looks up is no answer", async () => {
    const registry = { find: () => undefined, look: () => "planner" as never };
    const error = await errorOf(confirmAgents(chain, registry));
    expect(error).toMatchObject({ code: "agent_invalid", hop: 1 });
    expect(error.message).toContain("its look gave no answer; one is { value, ageMs }");
  });

  it.each([undefined, "key", {}, new Array(1)])(
    "cannot be told where the registry gives %j for a list of keys",
    async (keys) => {
      const find = () => ({ roles: ["r"], keys }) as never;
      const error = await errorOf(confirmAgents(chain, { find }));
      expect(error).toMatchObject({ code: "agent_invalid", hop: 1 });
      expect(error.message).toContain('"planner"');
      expect(error.message).toContain("keys should be a list of public JWKs or thumbprints");
    },
  );

  it.each<[keyof AgentClass, unknown]>([
    ...wrong("class", 5, null, {}, "finance ", "fin\u200bance"),
    ...wrong("owner", 5, null, ["ops"], "ops ", "\ud800"),
    ...wrong("tools", "do_send_payment_all", null, [5], new Array(1), { send_payment: true }),
    ...wrong("maxDepth", "9", null, [9], true),
    ...wrong("classes", "reader", null),
  ])("are none where the registry gives, as databases do, for %s %j", async (member, given) => {
    const own = { roles: ["r"], keys: [world.planner.publicJwk], [member]: given };
    expect(await errorOf(confirmAgents(chain, agentsOf({ planner: own as Agent })))).toMatchObject({
      code: "agent_invalid",
      hop: 1,
      message: expect.stringContaining(`its ${member} should be`),
    });
  });

  it("are known with the age of what the registry says, which is what records tell", async () => {
    const { find } = agentsOf();
    const look = async (name: string) => ({ value: await find(name), ageMs: name === "planner" ? 40 : 2 });
    expect((await confirmAgents(chain, { name: "registry", find, look })).origins).toEqual([
      { of: "agent:planner", source: "registry", ageMs: 40 },
      { of: "agent:researcher", source: "registry", ageMs: 2 },
    ]);
  });

  it("may stand in no longer chain than the registry says, wherever they stand in it", async () => {
    const attempt = async (name: "planner" | "researcher", maxDepth: number): Promise<unknown> => {
      const agent = { roles: ["r"], keys: [world[name].publicJwk], maxDepth };
      const error = await errorOf(confirmAgents(chain, agentsOf({ [name]: agent })));
      return [error.code, error.hop];
    };
    expect(
      await refusalOf(
        confirmAgents(chain, agentsOf({ planner: { roles: ["r"], keys: [world.planner.publicJwk], maxDepth: 2 } })),
      ),
    ).toBe("accepted");
    expect(await attempt("planner", 1)).toEqual(["agent_depth_refused", 1]);
    expect(await attempt("researcher", 1)).toEqual(["agent_depth_refused", 2]);
    expect(await attempt("researcher", Number.NaN)).toEqual(["agent_depth_refused", 2]);
  });
});

describe("the tools that a registry lets agents use", () => {
  const roles = ["r"];

  it("are all, where it does not say", () => {
    expect(hopWithoutTool([{ roles }, { roles }], "send_payment")).toBeUndefined();
  });

  it("are those it names, for every agent of the chain; the first that may not is named by its hop", () => {
    const reader = { roles, tools: ["read_invoice"] };
    expect(hopWithoutTool([{ roles }, reader], "read_invoice")).toBeUndefined();
    expect(hopWithoutTool([{ roles }, reader], "send_payment")).toBe(2);
    expect(hopWithoutTool([reader, { roles }], "send_payment")).toBe(1);
    expect(hopWithoutTool([{ roles, tools: [] }], "read_invoice")).toBe(1);
  });

  it("are none, where a registry gives a text in which the name happens to stand", () => {
    expect(hopWithoutTool([{ roles, tools: "read_invoice" as never }], "read")).toBe(1);
  });
});

describe("an agent that is not confirmed", () => {
  const confirming = async (planner: object, researcher: object): Promise<HopwiseError> =>
    errorOf(
      confirmAgents(
        chain,
        registryOf({
          planner: { roles: ["r"], keys: [world.planner.publicJwk], ...planner },
          researcher: { roles: ["r"], keys: [world.researcher.publicJwk], ...researcher },
        }),
      ),
    );

  it("is one whose key is registered by the thumbprint of another key", async () => {
    const keys = [await thumbprintOf(world.mallory.publicJwk)];
    const error = await confirming({}, { keys });
    expect(error).toMatchObject({ code: "agent_unknown", hop: 2 });
    expect(error.message).toContain(
      `names agent "researcher" with a key that is not registered as its own (thumbprint ${await thumbprintOf(world.researcher.publicJwk)})`,
    );
  });

  it.each([
    ["a key of RSA", () => [{ kty: "RSA", n: "AQAB", e: "AQAB" }]],
    ["a text of PEM", () => ["-----BEGIN PUBLIC KEY-----"]],
    ["a private key", () => [{ ...world.mallory.publicJwk, d: "AAAA" }]],
  ])("is told of where the registry has %s for it, which can be no agent's", async (_, keys) => {
    const { message } = await confirming({}, { keys: [world.mallory.publicJwk, ...keys()] as never });
    expect(message).toContain("Its keys[1] in the registry can be no agent's: there stands a public JWK of an Ed25519");
    expect(message).not.toContain("BEGIN");
  });

  it("is told of no key beyond the tenth: a caller can bring the refusal about at each call", async () => {
    const keys = [...Array.from({ length: 10 }, () => world.mallory.publicJwk), "no key"];
    expect((await confirming({}, { keys })).message).toMatch(/if it is right$/);
  });

  it("is told of where the registry has no key of it, and of nothing where its keys may be", async () => {
    expect((await confirming({}, { keys: [] })).message).toMatch(/if it is right\. The registry has no key of it$/);
    expect((await confirming({}, { keys: [world.mallory.publicJwk] })).message).toMatch(/if it is right$/);
  });

  it("is named in the refusal of a chain that is too long for it, with both numbers", async () => {
    expect((await confirming({ maxDepth: 1 }, {})).message).toBe(
      'the agent registry lets "planner" stand in chains of at most 1 agents, and this one has 2',
    );
  });

  it("is named where the registry could not tell who it is", async () => {
    const find = async () => Promise.reject(new Error("down"));
    expect((await errorOf(confirmAgents(chain, { find }))).message).toBe(
      'the agent registry could not tell who "planner" is: it failed',
    );
  });
});

describe("an agent that is confirmed", () => {
  it("may have a key with a member that means nothing for its kind, as the thumbprint has it", async () => {
    const own = { ...world.researcher.publicJwk, y: "AAAA" } as never;
    const { origins } = await confirmAgents(chain, {
      find: (name) => ({ roles: ["r"], keys: name === "planner" ? [world.planner.publicJwk] : [own] }),
    });
    // A registry without a name.
    expect(origins).toEqual([
      { of: "agent:planner", source: "agents", ageMs: 0 },
      { of: "agent:researcher", source: "agents", ageMs: 0 },
    ]);
  });
});

describe("an agent of a registry in memory", () => {
  it("is said to come from there", async () => {
    const root = await verifyAt(await world.root(), [world.anchor]);
    const agents = inMemoryAgents({ planner: { roles: ["r"], keys: [world.planner.publicJwk] } });
    expect((await confirmAgents(root, agents)).origins).toEqual([
      { of: "agent:planner", source: "agents in memory", ageMs: 0 },
    ]);
  });
});

describe("an ephemeral agent", () => {
  const reader = { roles: ["reader"], classes: { helper: { roles: ["helper"] } } };
  /** How the chain is taken where its second agent has this name, and the first one these classes. */
  const attempt = async (name: string, classes: object | undefined = { reader }): Promise<unknown> => {
    const root = await world.root();
    const own = await verifyAt(`${root}~${await world.child(root, { act: { sub: name } })}`, [world.anchor]);
    const planner = { roles: ["agent"], keys: [world.planner.publicJwk], ...(classes !== undefined && { classes }) };
    const run = confirmAgents(own, inMemoryAgents({ planner: planner as Agent }));
    const refusal = await refusalOf(run);
    return refusal === "accepted" ? (await run).agents[1] : refusal;
  };

  it("has what its class has, and the name of that", async () => {
    expect(await attempt("planner/reader/abcdefgh")).toEqual({ class: "reader", ...reader });
    // A column of a table that was not read.
    expect(await attempt("planner/reader/abcdefgh", { reader: { ...reader, class: undefined } })).toEqual({
      class: "reader",
      ...reader,
    });
  });

  it.each([
    ["another delegator, whose name is as long", "plannex/reader/abcdefgh"],
    ["a delegator's name that has no end", "plannerxreader/abcdefgh"],
    ["no class", "planner/abcdefgh"],
    ["a class that does not exist", "planner/writer/abcdefgh"],
    ["an inherited class", "planner/constructor/abcdefgh"],
    ["a class of its class", "planner/helper/abcdefgh"],
    ["too short a random part", "planner/reader/abcdefg"],
    ["more than a random part", "planner/reader/abcdefgh/x"],
  ])("is unknown where its name speaks of %s", async (_, name) => {
    expect(await attempt(name)).toBe("agent_unknown");
  });

  it("is unknown where its delegator may make none at all", async () => {
    const root = await world.root();
    const child = await world.child(root, { act: { sub: "planner/reader/abcdefgh" } });
    const own = await verifyAt(`${root}~${child}`, [world.anchor]);
    const alone = inMemoryAgents({ planner: { roles: ["agent"], keys: [world.planner.publicJwk] } });
    const unnamed = await errorOf(confirmAgents(own, alone));
    expect(unnamed).toMatchObject({ code: "agent_unknown", hop: 2 });
    expect(unnamed.message).toMatch(
      /; register it with its key, or name its class among the classes of its delegator$/,
    );
  });

  it("is unknown as the first of a chain: no user makes one", async () => {
    const root = await world.root({ act: { sub: "undefined/reader/abcdefgh" } });
    const own = await verifyAt(root, [world.anchor]);
    expect(await errorOf(confirmAgents(own, inMemoryAgents({})))).toMatchObject({ code: "agent_unknown", hop: 1 });
  });
});
