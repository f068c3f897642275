import { describe, expect, it } from "vitest";
import { memoryAudit } from "../audit/index.ts";
import { inMemoryAgents, inMemoryUsers } from "../principal/index.ts";
import { memoryState } from "../state/index.ts";
import { errorOf } from "../testing.fixture.ts";
import { createAuthorizer } from "./authorizer.ts";
import { type AuthorizerOptions, readOptions } from "./options.ts";

const OPTIONS: AuthorizerOptions = {
  cerbos: { checkResources: () => new Promise(() => {}), planResources: () => new Promise(() => {}) },
  audience: "https://pay.example/mcp",
  trust: [],
  users: inMemoryUsers({}),
  agents: inMemoryAgents({}),
  tools: {},
  delegation: "grants-only",
  audit: memoryAudit(),
  state: memoryState(),
};

describe("an authorizer", () => {
  it("is made of options that are whole", () => {
    expect(createAuthorizer(OPTIONS).audience).toEqual(["https://pay.example/mcp"]);
    expect(createAuthorizer({ ...OPTIONS, delegation: { kind: "delegation", action: "delegate" } })).toBeDefined();
  });

  it("asks policies about each handing over, and remembers by itself, where the options do not say", async () => {
    const { delegation: _delegation, state: _state, ...rest } = OPTIONS;
    const { delegation, state } = readOptions(rest);
    expect(delegation).toEqual({ kind: "delegation", action: "delegate" });
    expect(await state.replay.claim("a", Date.now() / 1000 + 1)).toBe(true);
    expect(readOptions(rest).state).not.toBe(state);
  });

  it("takes a decision point alone, or as startPdp gives it, with its version for the record", () => {
    const client = OPTIONS.cerbos;
    expect(readOptions({ ...OPTIONS, cerbos: { client, version: "0.55.0" } as never })).toMatchObject({
      cerbos: client,
      pdpVersion: "0.55.0",
    });
    expect(readOptions(OPTIONS)).toMatchObject({ cerbos: client, pdpVersion: undefined });
    // The clients of Cerbos have a member of that name, which is something else.
    const own = { ...client, client: "a connection" } as never;
    expect(readOptions({ ...OPTIONS, cerbos: own }).cerbos).toBe(own);
  });

  it.each<[string, object]>([
    ["cerbos is missing; give what startPdp", { cerbos: undefined }],
    ["cerbos must be what startPdp", { cerbos: { close: () => {} } }],
    ["cerbos must be what startPdp", { cerbos: { client: {}, version: "0.55.0" } }],
    ["a Cerbos client; got a text", { cerbos: "localhost:3593" }],
    ["a Cerbos client; got null", { cerbos: null }],
    ["auxData must be a function of the call", { auxData: { jwt: { token: "a" } } }],
    ["sources.user.delegation", { sources: { user: { delegation: { find: () => ({}) } } } }],
    ["sources.agent.delegation", { sources: { agent: { delegation: { find: () => ({}) } } } }],
  ])("is refused at once, not at its first call, where %s", async (says, wrong) => {
    const error = await errorOf(() => createAuthorizer({ ...OPTIONS, ...wrong } as AuthorizerOptions));
    expect(error.code).toBe("config_invalid");
    expect(error.message).toContain(says);
  });
});
