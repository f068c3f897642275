import { beforeAll, describe, expect, it } from "vitest";
import { delegate, generateSigner, type HeldDelegation, serialize } from "../../token/index.ts";
import { errorOf, NOW, never } from "../../world.fixture.ts";
import { ALICE, createScene, type Parts, type Scene } from "../point.fixture.ts";
import { agentsOf } from "./agents.ts";

let scene: Scene;
beforeAll(async () => {
  scene = await createScene();
});

const confirmed = (parts: Parts = {}, chain: Scene["chain"] | undefined = scene.chain) =>
  agentsOf({ user: ALICE, chain }, scene.point(parts).point);

describe("the agents of a chain", () => {
  it("are those of the registry, and it is told where that came from", async () => {
    const { agents, origins } = await confirmed();
    expect(agents).toMatchObject([{ roles: ["agent"] }, { roles: ["agent"] }]);
    expect(origins.map(({ of, source }) => [of, source])).toEqual([
      ["agent:planner", "agents in memory"],
      ["agent:researcher", "agents in memory"],
    ]);
  });

  it("are none for a user without agents, and no registry is asked", async () => {
    const { point, asked } = scene.point();
    expect(await agentsOf({ user: ALICE, chain: undefined }, point)).toEqual({ agents: [], origins: [] });
    expect(asked()).toEqual([]);
  });

  it("are refused where the registry does not know one, or not with this key", async () => {
    const { planner } = scene.world;
    const find = (name: string) => (name === "planner" ? { roles: ["agent"], keys: [planner.publicJwk] } : undefined);
    expect(await errorOf(confirmed({ agents: { find } }))).toMatchObject({ code: "agent_unknown", hop: 2 });
    const anyone = { find: () => ({ roles: ["agent"], keys: [planner.publicJwk] }) };
    expect(await errorOf(confirmed({ agents: anyone }))).toMatchObject({ code: "agent_unknown", hop: 2 });
  });

  it("cannot be told where the registry gives no answer in time", async () => {
    expect(await errorOf(confirmed({ agents: { find: () => never }, deadlineMs: 10 }))).toMatchObject({
      code: "registry_unavailable",
      message: 'the agent registry could not tell who "planner" is: no answer within 10 ms',
    });
  });
});

describe("an ephemeral agent", () => {
  const made = async (parent: HeldDelegation, to: string | { class: string }): Promise<HeldDelegation> =>
    delegate(parent, { to, holder: await generateSigner(), grant: scene.planner.grant, clock: () => NOW * 1000 });

  /** What the registry says of a chain whose planner may make readers, which may make helpers. */
  const confirmedIn = async (held: HeldDelegation) => {
    const classes = { reader: { roles: ["reader"], classes: { helper: { roles: ["helper"] } } } };
    const { planner, researcher } = scene.world;
    const known = new Map([
      ["planner", { roles: ["agent"], keys: [planner.publicJwk], classes }],
      ["researcher", { roles: ["agent"], keys: [researcher.publicJwk] }],
    ]);
    return confirmed(
      { agents: { find: (name) => known.get(name) } },
      await scene.verifier.verify(serialize(held), NOW),
    );
  };

  it("acts by its class alone, with a fresh key and without registration, and may make what its class may", async () => {
    const reader = await made(scene.planner, { class: "reader" });
    const helper = await made(reader, { class: "helper" });
    expect(reader.agents[1]).toMatch(/^planner\/reader\/[A-Za-z0-9_-]{22}$/);
    const { agents } = await confirmedIn(helper);
    expect(agents.map(({ roles }) => roles)).toEqual([["agent"], ["reader"], ["helper"]]);
  });

  it.each([
    ["a class that its delegator may not make", { class: "writer" }],
    ["a class of another agent", "researcher/reader/abcdefgh"],
    ["no class", "planner/abcdefgh"],
    ["a guessable name", "planner/reader/a"],
    ["more than its class", "planner/reader/abcdefgh/x"],
    ["an inherited name", { class: "constructor" }],
  ])("is unknown where its name speaks of %s", async (_, to) => {
    expect(await errorOf(confirmedIn(await made(scene.planner, to)))).toMatchObject({ code: "agent_unknown", hop: 2 });
  });

  it("is never the first of a chain: a user makes no agents", async () => {
    const root = await scene.world.root({ act: { sub: "planner/reader/abcdefgh" } });
    const chain = await scene.verifier.verify(root, NOW);
    expect(await errorOf(confirmed({}, chain))).toMatchObject({ code: "agent_unknown", hop: 1 });
  });
});
