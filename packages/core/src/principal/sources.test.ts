import { describe, expect, it } from "vitest";
import { createWorld } from "../testing.fixture.ts";
import { inMemoryAgents, inMemoryUsers } from "./sources.ts";

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
});
