import { describe, expect, it } from "vitest";
import { memoryAudit } from "../audit/index.ts";
import { inMemoryAgents, inMemoryUsers } from "../principal/index.ts";
import { memoryState } from "../state/index.ts";
import { generateSigner } from "../token/index.ts";
import { errorOf } from "../world.fixture.ts";
import { createAuthorizer } from "./authorizer.ts";
import { type AuthorizerOptions, readOptions } from "./options.ts";
import { pointOf } from "./point-of.ts";

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
    const { delegation, state } = pointOf(readOptions(rest));
    expect(delegation).toEqual({ kind: "delegation", action: "delegate" });
    expect(await state.replay.claim("a", Date.now() / 1000 + 1)).toBe(true);
    expect(pointOf(readOptions(rest)).state).not.toBe(state);
  });

  it("reads each option once, and each member of an anchor: what is there later changes nothing, and may fail", async () => {
    const { publicJwk: jwk } = await generateSigner();
    const bounds = { audiences: ["https://pay.example/mcp"], subjects: "any", tools: "any" };
    const anchor = { issuer: "https://id.acme.example", keys: [{ kid: "k1", jwk }], ...bounds };
    const trust = onceEach([onceEach(anchor)]);
    const authorizer = createAuthorizer(onceEach({ ...OPTIONS, audit: memoryAudit(), trust }) as never);
    expect((await authorizer.health()).keys.anchors).toMatchObject([{ issuer: anchor.issuer }]);
    const end = authorizer.onChange(() => {});
    end();
    await authorizer.close();
  });

  it("takes a decision point alone, or as startPdp gives it, with its version for the record", () => {
    const client = OPTIONS.cerbos;
    expect(pointOf(readOptions({ ...OPTIONS, cerbos: { client, version: "0.55.0" } as never }))).toMatchObject({
      cerbos: client,
      pdp: { version: "0.55.0" },
    });
    expect(pointOf(readOptions(OPTIONS))).toMatchObject({ cerbos: client, pdp: {} });
    // The clients of Cerbos have a member of that name, which is something else.
    const own = { ...client, client: "a connection" } as never;
    expect(pointOf(readOptions({ ...OPTIONS, cerbos: own })).cerbos).toBe(own);
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

/** The same, each member of which can be read once. */
function onceEach<T extends object>(given: T): T {
  const read = new Set<PropertyKey>();
  return new Proxy(given, {
    get: (of, name, self) => {
      const isMember = Object.hasOwn(of, name) && name !== "length";
      if (isMember && read.has(name)) throw new Error(`${String(name)} was read before`);
      read.add(name);
      return Reflect.get(of, name, self);
    },
  });
}
