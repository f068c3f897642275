import { beforeAll, describe, expect, it } from "vitest";
import type { ResourceQuery, ToolEntry } from "../../resource/index.ts";
import { ARGUMENTS, errorOf, ISSUER, never, PAY } from "../../world.fixture.ts";
import { ALICE, createScene, type Parts, type Scene } from "../point.fixture.ts";
import { gatherContext, type KnownHops, knowHops } from "./context.ts";
import type { KnownCaller } from "./grant.ts";

let scene: Scene;
let holder: KnownCaller;
const user: KnownCaller = {
  caller: { user: ALICE, chain: undefined, audience: PAY },
  agents: { agents: [], origins: [] },
};
beforeAll(async () => {
  scene = await createScene();
  const agents = [{ roles: ["planning"] }, { roles: ["research"], class: "reader" }];
  const origins = [{ of: "agent:planner", source: "agents", ageMs: 0 }];
  holder = { caller: { user: ALICE, chain: scene.chain, audience: PAY }, agents: { agents, origins } };
});

const ids = ["alice", "agent:planner", "agent:researcher"];
const query: ResourceQuery = { tool: "send_payment", arguments: ARGUMENTS, tenant: ISSUER };
const entry: ToolEntry = { kind: "payment", action: "send" };
const failing = (): never => {
  throw new TypeError("password=hunter2");
};

async function gathered(by: ToolEntry = entry, parts: Parts = {}, caller = holder, named = query.tool) {
  const noted: Pick<KnownHops, "hops" | "origins">[] = [];
  const { point, asked } = scene.point(parts);
  const context = gatherContext(caller, { entry: by, named }, query, point, (found) => noted.push(found));
  return { context, noted, asked };
}

describe("the hops of a call", () => {
  it("are the user as the directory knows them, and the agents as the registry does, each from its own prefix", async () => {
    const { hops, principals, origins } = await knowHops(holder, scene.point().point, () => {}, query);
    expect(hops.map(({ id }) => id)).toEqual(ids);
    expect(principals).toMatchObject([
      { id: "alice", roles: ["clerk"], attr: { delegation: { depth: 0 } } },
      { id: "agent:planner", roles: ["planning"], attr: { delegation: { depth: 1, chain: [{}, {}] } } },
      { id: "agent:researcher", roles: ["research"], attr: { class: "reader", delegation: { chain: [{}, {}, {}] } } },
    ]);
    expect(origins.map(({ of }) => of)).toEqual(["alice", "agent:planner"]);
  });

  it("are the user alone, where the user has no agents", async () => {
    const { hops, principals } = await knowHops(user, scene.point().point, () => {}, query);
    expect(hops).toEqual([{ kind: "user", id: "alice" }]);
    expect(principals).toHaveLength(1);
  });

  it("have what further sources say of them, under the sources' names, and it is told where that came from", async () => {
    const keys: unknown[] = [];
    const say = (what: string) => ({
      find: (key: unknown) => {
        keys.push(key);
        return { what };
      },
    });
    const sources = { user: { hr: say("clerk") }, agent: { fleet: say("agent") } };
    const { principals, origins } = await knowHops(holder, scene.point({ sources }).point, () => {}, query);
    expect(principals).toMatchObject([
      { attr: { hr: { what: "clerk" } } },
      { attr: { fleet: { what: "agent" } } },
      { attr: { fleet: { what: "agent" } } },
    ]);
    expect(principals[0]?.attr).not.toHaveProperty("fleet");
    expect(keys).toEqual([ALICE, "planner", "researcher"]);
    expect(origins.slice(2).map(({ of, source }) => [of, source])).toEqual([
      ["alice", "hr"],
      ["agent:planner", "fleet"],
      ["agent:researcher", "fleet"],
    ]);
  });

  it.each<[string, Parts, string, number]>([
    ["the directory does not know the user", { users: { find: () => undefined } }, "user_unknown", 0],
    [
      "a source has nothing of the user",
      { sources: { user: { hr: { find: () => undefined } } } },
      "attributes_missing",
      0,
    ],
    [
      "the directory does not know the user, and a source fails",
      { users: { find: () => undefined }, sources: { user: { hr: { find: failing } } } },
      "context_unavailable",
      0,
    ],
    ["the directory fails", { users: { find: failing } }, "context_unavailable", 0],
    ["a source of the user fails", { sources: { user: { hr: { find: failing } } } }, "context_unavailable", 0],
    [
      "a source has nothing of an agent",
      { sources: { agent: { fleet: { find: (name) => (name === "planner" ? {} : undefined) } } } },
      "attributes_missing",
      2,
    ],
  ])("are refused where %s, with the hop", async (_, parts, code, hop) => {
    const error = await errorOf(knowHops(holder, scene.point(parts).point, () => {}, query));
    expect(error).toMatchObject({ code, hop });
    expect(error.message).not.toContain("hunter2");
  });

  it("name the source and the hop that failed", async () => {
    const sources = { user: { hr: { find: failing } }, agent: { fleet: { find: failing } } };
    const messageOf = async (own: NonNullable<Parts["sources"]>) =>
      (await errorOf(knowHops(holder, scene.point({ sources: own }).point, () => {}, query))).message;
    expect(await messageOf({ user: sources.user })).toContain('the source "hr" of the user failed');
    expect(await messageOf({ agent: sources.agent })).toContain('the source "fleet" of "planner" failed');
  });

  it("are refused where a source gives no answer within the deadline", async () => {
    const error = await errorOf(
      knowHops(holder, scene.point({ users: { find: () => never }, deadlineMs: 20 }).point, () => {}, query),
    );
    expect(error).toMatchObject({
      code: "context_unavailable",
      hop: 0,
      message: "the user directory could not tell who the user is: no answer within 20 ms",
    });
  });

  it("are noted by their ids where policies cannot be asked with them: the record names the user", async () => {
    const users = { find: () => ({ id: "u-17", roles: [] }) };
    const noted: unknown[] = [];
    const found = knowHops(user, scene.point({ users }).point, (hops) => noted.push(hops), query);
    expect(await errorOf(found)).toMatchObject({ code: "attributes_invalid", hop: 0 });
    expect(noted).toMatchObject([{ hops: [{ kind: "user", id: "u-17" }], origins: [{ of: "u-17", source: "users" }] }]);
  });

  it("are known without an optional source that takes half of the deadline", async () => {
    const slow = { find: () => never, optional: true };
    const sources = { user: { hr: slow }, agent: { fleet: slow } };
    const { origins } = await knowHops(holder, scene.point({ sources, deadlineMs: 200 }).point, () => {}, query);
    expect(origins.slice(2)).toMatchObject([{ missing: true }, { missing: true }, { missing: true }]);
  });
});

describe("the context of a call", () => {
  it("is who and what: the resource is loaded once, for all hops, with the arguments and the tenant alone", async () => {
    const loads: unknown[] = [];
    const attributes: ToolEntry["attributes"] = (...args) => {
      loads.push(args);
      return { owner: "alice" };
    };
    const { context, noted } = await gathered({ ...entry, attributes });
    const { known, resource } = await context;
    expect(resource).toMatchObject({ kind: "payment", id: "send_payment", attr: { owner: "alice", args: ARGUMENTS } });
    expect(known.hops.map(({ id }) => id)).toEqual(ids);
    expect(loads).toEqual([[ARGUMENTS, query]]);
    expect(noted.at(-1)?.hops).toHaveLength(3);
    expect(noted.at(-1)?.origins.map(({ of }) => of)).toEqual(["alice", "agent:planner", "resource"]);
  });

  it("is noted as far as it was found where the resource cannot be told", async () => {
    const { context, noted } = await gathered({ ...entry, attributes: failing });
    expect(await errorOf(context)).toMatchObject({ code: "context_unavailable" });
    expect(noted.map(({ hops, origins }) => [hops.length, origins.map(({ of }) => of)])).toEqual([
      [3, ["alice", "agent:planner"]],
    ]);
  });

  it("is refused for the user where nobody knows either, and nothing of it is noted", async () => {
    const { context, noted } = await gathered(
      { ...entry, attributes: () => null },
      { users: { find: () => undefined } },
    );
    expect(await errorOf(context)).toMatchObject({ code: "user_unknown" });
    expect(noted).toEqual([]);
  });

  it("is refused for an outage where there is one, whether or not the user is known: it must not show that", async () => {
    for (const users of [{ find: () => undefined }, undefined]) {
      const { context } = await gathered({ ...entry, attributes: failing }, users && { users });
      expect(await errorOf(context)).toMatchObject({ code: "context_unavailable" });
    }
  });

  it("has a resource that is not there beside what policies are asked, with where that came from", async () => {
    const { context, noted } = await gathered({ ...entry, attributes: () => undefined });
    expect(await context).toMatchObject({ notThere: { code: "resource_unknown" }, resource: { kind: "payment" } });
    expect(noted.at(-1)?.origins.at(-1)).toMatchObject({ of: "resource", source: "tool map", missing: true });
  });

  it("is refused where the loader gives no answer within the deadline", async () => {
    const { context } = await gathered({ ...entry, attributes: () => never }, { deadlineMs: 20 });
    expect(await errorOf(context)).toMatchObject({
      code: "context_unavailable",
      message: 'the resource of "send_payment" could not be told: its loader failed: no answer within 20 ms',
    });
  });

  it.each<[Partial<ToolEntry>, string]>([
    [{ attributes: failing }, 'the resource of "shop://orders/{id}" could not be told: its loader failed (TypeError)'],
    [
      { scope: failing },
      'the policies for "shop://orders/{id}" cannot be told: the function that makes the scope failed',
    ],
    [
      { id: () => "" },
      'the resource of "shop://orders/{id}" could not be told: the function that makes its id gave none',
    ],
  ])("is called by the template of the tool map where its URI says what it is: %#", async (changed, said) => {
    const { context } = await gathered({ ...entry, ...changed }, {}, holder, "shop://orders/{id}");
    expect((await errorOf(context)).message.slice(0, said.length)).toBe(said);
  });

  it("does without an optional source of the resource that takes half of the deadline", async () => {
    const sources = { stock: { find: () => never, optional: true } };
    const { context, noted } = await gathered({ ...entry, sources }, { deadlineMs: 200 });
    await context;
    expect(noted.at(-1)?.origins.at(-1)).toMatchObject({ of: "resource", source: "stock", missing: true });
  });
});
