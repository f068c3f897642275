import { describe, expect, it } from "vitest";
import { createWorld, errorOf } from "../world.fixture.ts";
import { inMemoryAgents, inMemoryUsers } from "./in-memory.ts";

describe("what is kept in memory", () => {
  it("is a copy: a key or an attribute that its author changes later changes nothing", async () => {
    const { planner, mallory } = await createWorld();
    const jwk = { ...planner.publicJwk };
    const agents = inMemoryAgents({ planner: { roles: ["agent"], keys: [jwk] } });
    Object.assign(jwk, mallory.publicJwk);
    expect(await agents.find("planner")).toMatchObject({ keys: [planner.publicJwk] });
    const attributes = { limits: { a: 1 } };
    const users = inMemoryUsers({ "https://id.example": { alice: { roles: ["clerk"], attributes } } });
    attributes.limits.a = 99;
    expect(await users.find({ issuer: "https://id.example", subject: "alice" })).toMatchObject({
      attributes: { limits: { a: 1 } },
    });
  });

  it("is a user under the subject, unless another id is said: none is said by undefined", async () => {
    const ISSUER = "https://id.example";
    const users = inMemoryUsers({ [ISSUER]: { alice: { roles: ["clerk"], id: undefined } } } as never);
    expect(await users.find({ issuer: ISSUER, subject: "alice" })).toMatchObject({ id: "alice" });
  });
});

describe("what no policy can be asked with is refused where it is written, by its path, and its value is not told", () => {
  const ISSUER = "https://id.example";
  const users = (user: object, subject = "alice", issuer = ISSUER) =>
    errorOf(() => inMemoryUsers({ [issuer]: { [subject]: { roles: ["clerk"], ...user } } }));

  it.each<[object, string, string]>([
    [{ limits: { of: new Date(0) } }, "/limits/of", "got a Date"],
    [{ list: ["EMEA", Number.NaN] }, "/list/1", "got NaN"],
    [{ delegation: { depth: 0 } }, "/delegation", "must be left out"],
    [
      { far: [2 ** 53] },
      "/far/0",
      "beyond what a question to the policies holds (a number that cannot be held exactly)",
    ],
    [{ long: "x".repeat(300_000) }, "/long", "(they are longer than 262144 characters)"],
  ])("an attribute (%#)", async (attributes, pointer, words) => {
    const error = await users({ attributes });
    expect(error.pointer).toBe(`/${ISSUER.replaceAll("/", "~1")}/alice/attributes${pointer}`);
    expect(error.message).toContain(words);
  });

  it("are shown in the right form where a list of them was given, and one of agents", async () => {
    const ofUsers = await errorOf(() => inMemoryUsers([{ id: "alice", roles: ["clerk"] }] as never));
    expect(ofUsers.message).toMatch(/users by issuer and subject, such as \{ "https:.*alice: .*; got a list$/);
    const ofAgents = await errorOf(() => inMemoryAgents([{ name: "planner", roles: ["agent"], keys: [] }] as never));
    expect(ofAgents.message).toMatch(/agents by name, such as \{ planner: .*; got a list$/);
  });

  it("a user's id, an issuer, an agent's name", async () => {
    expect((await users({}, "agent:bot")).message).toMatch(
      /agent:bot must be a user whose id does not begin with "agent:"/,
    );
    expect((await users({}, "alice", "http://id.example")).message).toMatch(/as a name must be an https address/);
    const noIssuer = await errorOf(() => inMemoryUsers({ alice: { roles: ["clerk"] } } as never));
    expect(noIssuer.message).toMatch(
      /: alice as a name must be an https address of the issuer of the users that stand below it,/,
    );
    const agent = { roles: ["agent"], keys: ["A".repeat(43)] };
    expect((await errorOf(() => inMemoryAgents({ "my bot": agent }))).message).toMatch(
      /^inMemoryAgents: my bot as a name must be an agent's name without agent:, of letters, digits/,
    );
  });
});

describe("what is asked of a directory in memory", () => {
  it("is a user of an issuer, or an agent's name; anything else is a mistake, and nobody unknown", async () => {
    const users = inMemoryUsers({});
    const agents = inMemoryAgents({});
    const unread = Object.defineProperty({}, "issuer", {
      enumerable: true,
      get: () => {
        throw new Error("hunter2");
      },
    });
    for (const asked of [null, "alice", { issuer: 5, subject: "a" }, { issuer: "https://id.example" }, unread]) {
      const { code, message } = await errorOf(() => users.find(asked as never));
      expect([code, message]).toEqual([
        "config_invalid",
        expect.stringMatching(/^find: subject must be a user, \{ issuer, subject \}; got /),
      ]);
      expect(message).not.toContain("hunter2");
    }
    for (const asked of [null, 5, {}]) {
      const { code, message } = await errorOf(() => agents.find(asked as never));
      expect([code, message]).toEqual([
        "config_invalid",
        expect.stringMatching(/^find: name must be an agent's name, such as planner; got /),
      ]);
    }
  });

  it("has keys that are public, or thumbprints, and classes no deeper than a chain", async () => {
    for (const key of [{ kty: "OKP", crv: "Ed25519", x: "A", d: "A" }, "short", 5, {}]) {
      const error = await errorOf(() => inMemoryAgents({ planner: { roles: ["r"], keys: [key as never] } }));
      expect(error).toMatchObject({ code: "config_invalid", pointer: "/planner/keys/0" });
    }
    const nested = (depth: number): object =>
      depth === 0 ? { roles: ["r"] } : { roles: ["r"], classes: { a: nested(depth - 1) } };
    const withClasses = (depth: number) =>
      inMemoryAgents({ planner: { keys: ["A".repeat(43)], ...nested(depth) } as never });
    expect(() => withClasses(9)).not.toThrow();
    expect((await errorOf(() => withClasses(10))).message).toContain("none, for it is too deep");
  });
});
