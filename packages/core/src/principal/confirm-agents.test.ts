import { beforeAll, describe, expect, it } from "vitest";
import { createWorld, errorOf, refusalOf, verifyAt, type World } from "../testing.fixture.ts";
import { type Chain, thumbprintOf } from "../token/index.ts";
import { confirmAgents, hopWithoutTool } from "./confirm-agents.ts";
import { type Agent, inMemoryAgents } from "./sources.ts";

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
    const { agents } = await confirmAgents(chain, agentsOf());
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

  it.each([undefined, "key", {}])("cannot be told where the registry gives %j for a list of keys", async (keys) => {
    const find = () => ({ roles: ["r"], keys }) as never;
    const error = await errorOf(confirmAgents(chain, { find }));
    expect(error).toMatchObject({ code: "context_unavailable", hop: 1 });
    expect(error.message).toContain('no list of keys for "planner"');
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
    expect(await attempt("planner", 1)).toEqual(["chain_depth_exceeded", 1]);
    expect(await attempt("researcher", 1)).toEqual(["chain_depth_exceeded", 2]);
    expect(await attempt("researcher", Number.NaN)).toEqual(["chain_depth_exceeded", 2]);
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
