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

  it("asks policies about each handing over, and remembers by itself, where the options do not say", () => {
    const { delegation: _delegation, state: _state, ...rest } = OPTIONS;
    const { delegation, state } = readOptions(rest);
    expect(delegation).toEqual({ kind: "delegation", action: "delegate" });
    expect(state.replay.claim("a", Date.now() + 1000)).toBe(true);
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
    ["cerbos is missing", { cerbos: undefined }],
    ["cerbos has no checkResources", { cerbos: { close: () => {} } }],
    ["cerbos has no checkResources", { cerbos: { client: {}, version: "0.55.0" } }],
    ["cerbos has no checkResources", { cerbos: "localhost:3593" }],
    ["cerbos has no checkResources", { cerbos: null }],
    ["users has no find", { users: () => undefined }],
    ["agents has no find", { agents: {} }],
    ["audit has no record", { audit: () => {} }],
    ["delegation must be", { delegation: "grants_only" }],
    ["delegation must be", { delegation: { kind: "delegation" } }],
    ["delegation must be", { delegation: { action: "delegate" } }],
    ["audience must be absolute URIs", { audience: [] }],
    ['got "pay"', { audience: ["https://pay.example/mcp", "pay"] }],
    ['got "https://pay.example/#mcp"', { audience: "https://pay.example/#mcp" }],
    ['got ""', { audience: [] }],
    ["deadlineMs must be a positive number", { deadlineMs: 0 }],
    ["deadlineMs must be a positive number", { deadlineMs: -1 }],
    ["deadlineMs must be a positive number", { deadlineMs: Number.NaN }],
    ["deadlineMs must be a positive number", { deadlineMs: Number.POSITIVE_INFINITY }],
    ['"read" needs a kind and an action', { tools: { read: { kind: "document" } } }],
    ['sources.user: a source may not be called "delegation"', { sources: { user: { delegation: {} } } }],
    ['sources.agent: a source may not be called "delegation"', { sources: { agent: { delegation: {} } } }],
    ["trust[0]: issuer must be an https URI", { trust: [{ issuer: "http://id.example", keys: [] }] }],
  ])("is refused at once, not at its first call, where %s", async (says, wrong) => {
    const error = await errorOf(() => createAuthorizer({ ...OPTIONS, ...wrong } as AuthorizerOptions));
    expect(error.code).toBe("config_invalid");
    expect(error.message).toContain(says);
  });
});
