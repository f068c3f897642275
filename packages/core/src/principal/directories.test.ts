import { describe, expect, it } from "vitest";
import { lookUp } from "../source/index.ts";
import { errorOf } from "../world.fixture.ts";
import { agentAttributesFrom, agentsFrom, userAttributesFrom, usersFrom } from "./directories.ts";

const alice = { issuer: "https://id.example", subject: "alice" };

describe("a user directory by a function", () => {
  it("never asks for users of two issuers together: the same name is two people", async () => {
    const batches: string[][] = [];
    const users = usersFrom({
      name: "sql",
      findMany: async (subjects) => {
        batches.push(subjects.map(({ issuer, subject }) => `${issuer} ${subject}`));
        return subjects.map(({ issuer, subject }) => ({ id: `${subject}@${issuer}`, roles: ["r"] }));
      },
    });
    const found = await Promise.all(
      [alice, { ...alice, issuer: "https://partner.example" }].map((who) => users.find(who)),
    );
    expect(found.map((user) => user?.id)).toEqual(["alice@https://id.example", "alice@https://partner.example"]);
    expect(batches.length).toBe(2);
  });
});

describe("further attributes and agents by a function", () => {
  it("are asked for by what tells people apart: issuer and subject, never one of both", async () => {
    const users = userAttributesFrom({
      name: "hr",
      ttlMs: 1000,
      find: ({ issuer, subject }) => ({ of: `${subject} of ${issuer}` }),
    });
    expect(await users.find(alice)).toEqual({ of: "alice of https://id.example" });
    expect(await users.find({ ...alice, subject: "bob" })).toEqual({ of: "bob of https://id.example" });
    expect(await users.find({ ...alice, issuer: "https://partner.example" })).toEqual({
      of: "alice of https://partner.example",
    });
    expect(users.name).toBe("hr");
  });

  it("are those of the users of its issuers, and nobody else's is asked for: a partner's alice is somebody else", async () => {
    const asked: unknown[] = [];
    const find = ({ issuer }: typeof alice) => ({ clearance: asked.push(issuer) });
    const users = userAttributesFrom({ name: "hr", issuers: [alice.issuer], find });
    const partners = { ...alice, issuer: "https://partner.example" };
    expect(await lookUp(users, partners)).toEqual({ value: undefined, ageMs: 0 });
    expect(await users.find(partners)).toBeUndefined();
    expect([await users.find(alice), await lookUp(users, alice)]).toEqual([
      { clearance: 1 },
      { value: { clearance: 2 }, ageMs: 0 },
    ]);
    expect(asked).toEqual([alice.issuer, alice.issuer]);
  });

  it("are asked for by an agent's name, many together", async () => {
    const batches: (readonly string[])[] = [];
    const agents = agentsFrom({
      name: "registry",
      findMany: async (names) => {
        batches.push(names);
        return names.map((name) => (name === "planner" ? { roles: ["r"], keys: [name] } : undefined));
      },
    });
    expect(await Promise.all(["planner", "nobody"].map((name) => agents.find(name)))).toEqual([
      { roles: ["r"], keys: ["planner"] },
      undefined,
    ]);
    expect(batches).toEqual([["planner", "nobody"]]);
    const health = agentAttributesFrom({ name: "health", ttlMs: 1000, find: (name) => ({ of: name }) });
    expect(await health.find("planner")).toEqual({ of: "planner" });
    expect(await health.find("researcher")).toEqual({ of: "researcher" });
    expect([agents.name, health.name]).toEqual(["registry", "health"]);
  });
});

describe("a maker of sources by a function", () => {
  const makers = { usersFrom, userAttributesFrom, agentsFrom, agentAttributesFrom };

  it.each(Object.entries(makers))("%s refuses what are no options, by its own name", async (name, make) => {
    for (const options of [null, 5, "hr", [], () => ({})]) {
      const { code, message } = await errorOf(() => make(options as never));
      expect(code).toBe("config_invalid");
      expect(message).toMatch(
        new RegExp(`^${name}: what it takes must be an object of options, such as { name }; got `),
      );
    }
    const wrong = await errorOf(() => make({ name: "hr", find: () => undefined, ttlMs: -1 } as never));
    expect(wrong.message).toMatch(new RegExp(`^${name}: ttlMs `));
  });

  it.each(Object.entries(makers))("%s asks for nobody who is no user, or no agent, and says so", async (name, make) => {
    const source = make({ name: "hr", ttlMs: 1000, find: () => ({ roles: ["r"] }) as never });
    const what = name.startsWith("user") ? "subject must be a user" : "name must be an agent's name";
    for (const asked of [null, 5, { issuer: 5, subject: "alice" }, { issuer: "https://id.example" }]) {
      const error = await errorOf((async () => source.find(asked as never))());
      expect(error).toMatchObject({ code: "config_invalid", message: expect.stringContaining(`find: ${what}`) });
    }
  });

  it("says by its own name that what a directory says of its users is wrong", async () => {
    const error = await errorOf(() => usersFrom({ name: "hr", find: () => undefined, uniqueIds: "yes" as never }));
    expect(error.message).toMatch(/^usersFrom: uniqueIds /);
  });
});
