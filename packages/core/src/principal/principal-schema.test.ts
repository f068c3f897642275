import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { JsonObject } from "../json/index.ts";
import { hopsOf } from "./hop.ts";
import { delegationSchema, principalSchema } from "./principal-schema.ts";
import { principalsOf } from "./principals.ts";
import type { IssuedUser } from "./sources.ts";

const USER: JsonObject = { type: "object", required: ["region"], properties: { region: { type: "string" } } };
const alice: IssuedUser = {
  id: "alice",
  issuer: "https://id.example",
  roles: ["analyst"],
  attributes: { region: "EMEA" },
};
const hops = hopsOf(alice, ["planner", "researcher"]);
const agent = { roles: ["reader"], keys: [] };
/** What policies are told of each hop's place. */
const told = principalsOf(alice, [agent, agent], hops).map((one) => one.attr?.["delegation"] as JsonObject);
const [first, , last] = told as [JsonObject, JsonObject, JsonObject];
const user = last["user"] as JsonObject;
const without = (name: string): JsonObject => Object.fromEntries(Object.entries(user).filter(([own]) => own !== name));

describe("the schema of a hop's place in its chain", () => {
  const fits = (place: unknown): boolean => z.fromJSONSchema(delegationSchema(USER) as never).safeParse(place).success;

  it("fits what policies are told, of the user and of every agent", () => {
    expect(told.map(fits)).toEqual([true, true, true]);
  });

  it.each<[string, JsonObject]>([
    ["a kind that there is not", { ...last, kind: "service" }],
    ["a depth below the user's", { ...last, depth: -1 }],
    ["half a hop", { ...last, depth: 1.5 }],
    ["a member of its own", { ...last, approved: true }],
    ["a user without an id", { ...last, user: without("id") }],
    ["a user without an issuer", { ...last, user: without("issuer") }],
    ["a user with an issuer that is empty", { ...last, user: { ...user, issuer: "" } }],
    ["a user without roles", { ...last, user: without("roles") }],
    ["a user with no role", { ...last, user: { ...user, roles: [] } }],
    ["a user with a role that is empty", { ...last, user: { ...user, roles: [""] } }],
    ["a user with roles that are a text", { ...last, user: { ...user, roles: "r" } }],
    ["a user without attributes", { ...last, user: without("attr") }],
    ["a user whose attributes are not as described", { ...last, user: { ...user, attr: {} } }],
    ["a user with a member of its own", { ...last, user: { ...(last["user"] as JsonObject), admin: true } }],
    ["an empty chain", { ...last, chain: [] }],
    ["a chain that is a text", { ...last, chain: "alice" }],
    ["a hop without an id", { ...last, chain: [{ kind: "user" }] }],
    ["a hop without a kind", { ...last, chain: [{ id: "alice" }] }],
    ["a hop with an empty id", { ...last, chain: [{ kind: "user", id: "" }] }],
    ["a hop with a member of its own", { ...last, chain: [{ kind: "user", id: "alice", roles: ["r"] }] }],
    ["a delegator that is no hop", { ...last, delegator: "agent:planner" }],
  ])("does not fit %s", (_, place) => {
    expect(fits(place)).toBe(false);
  });

  it.each(["kind", "depth", "user", "chain"])("does not fit one without its %s", (name) => {
    const { [name]: _, ...less } = first;
    expect(fits(first)).toBe(true);
    expect(fits(less)).toBe(false);
  });
});

describe("the schema of a principal", () => {
  it("has the agent's attributes for an agent, the user's for anybody else, and a place in the chain for both", () => {
    const agentSchema = { title: "an agent" };
    const place = { title: "a place" };
    expect(principalSchema(place, USER, agentSchema)).toMatchObject({
      $schema: "https://json-schema.org/draft/2020-12/schema",
      type: "object",
      required: ["delegation"],
      properties: { delegation: place },
      if: { properties: { delegation: { properties: { kind: { const: "agent" } } } } },
      // biome-ignore lint/suspicious/noThenProperty: a word of JSON Schema
      then: agentSchema,
      else: USER,
    });
  });
});
