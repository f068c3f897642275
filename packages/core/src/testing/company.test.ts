import { describe, expect, it } from "vitest";
import { memoryAudit } from "../audit/index.ts";
import { exact, grant, wildcard } from "../grant/index.ts";
import { inMemoryUsers } from "../principal/index.ts";
import { memoryState } from "../state/index.ts";
import { createNonces, generateSigner, thumbprintOf } from "../token/index.ts";
import { createAuthorizer } from "../way/index.ts";
import { errorOf } from "../world.fixture.ts";
import { allowAll, answeringPdp, denyAll } from "./answering-pdp.ts";
import { createCompany } from "./company.ts";

const bill = { id: "INV-7" };

describe("a company without options", () => {
  it("has alice, two agents and two tools, and allows what was handed over", async () => {
    const company = await createCompany();
    const researcher = await company.chain("alice", "planner", "researcher");
    expect(researcher).toMatchObject({
      subject: "alice",
      agents: ["planner", "researcher"],
      audience: [company.audience],
    });
    expect(Object.keys(researcher.grant)).toEqual(["read_invoice", "send_payment"]);
    const authorizer = company.authorizer();
    expect(await authorizer.call(researcher, "read_invoice", bill)).toMatchObject({ outcome: "allowed" });
    expect(authorizer.audit.records).toMatchObject([{ outcome: "allowed", tool: "read_invoice", via: "proof" }]);
  });

  it("lets a user call without agents", async () => {
    const company = await createCompany();
    const authorizer = company.authorizer();
    expect(await authorizer.call("alice", "read_invoice", bill)).toMatchObject({ outcome: "allowed" });
    expect(await authorizer.call("eve", "read_invoice", bill)).toMatchObject({ code: "user_unknown" });
    expect(authorizer.audit.records[0]).toMatchObject({ via: "user" });
  });
});

describe("a chain", () => {
  it("hands over every tool of the map, and no template of a URI, which is none", async () => {
    const tools = {
      read: { kind: "note", action: "read" },
      "notes://{id}": { kind: "note", action: "read", id: "id" },
    };
    const { grant: handed } = await (await createCompany({ tools })).chain("alice", "planner");
    expect(Object.keys(handed)).toEqual(["read"]);
  });

  it("gives each hop what it is said to get, and what the hop before it has where nothing is said", async () => {
    const company = await createCompany({ agents: { planner: {}, researcher: {}, clerk: {} } });
    const handed = grant({ read_invoice: { id: exact("INV-7") } });
    const clerk = await company.chain(
      "alice",
      "planner",
      { to: "researcher", grant: handed, lifetimeSeconds: 60 },
      "clerk",
    );
    expect(clerk.grant).toEqual(handed);
    expect(clerk.agents).toEqual(["planner", "researcher", "clerk"]);
    const authorizer = company.authorizer();
    expect(await authorizer.call(clerk, "read_invoice", bill)).toMatchObject({ outcome: "allowed" });
    expect(await authorizer.call(clerk, "read_invoice", { id: "INV-9" })).toMatchObject({
      code: "grant_argument_refused",
      hop: 2,
    });
  });

  it("goes on from one that was made before, also to a sub-agent by its class", async () => {
    const company = await createCompany({ agents: { planner: { classes: { reader: { roles: ["reader"] } } } } });
    const pdp = answeringPdp();
    const planner = await company.chain("alice", "planner");
    const reader = await company.delegate(planner, { to: { class: "reader" } });
    expect(await company.authorizer({ cerbos: pdp }).call(reader, "read_invoice", bill)).toMatchObject({
      outcome: "allowed",
    });
    const called = pdp.asked.filter(({ action }) => action === "read");
    expect(called.map(({ principal }) => principal.roles)).toEqual([["employee"], ["agent"], ["reader"]]);
  });

  it("refuses a hop that would get more than the one before it", async () => {
    const company = await createCompany();
    const narrow = grant({ read_invoice: { id: exact("INV-7") } });
    const wide = grant({ read_invoice: { id: wildcard() } });
    const planner = await company.chain("alice", { to: "planner", grant: narrow });
    expect((await errorOf(company.delegate(planner, { to: "researcher", grant: wide }))).code).toBe("chain_widened");
  });

  it("says where the tool map has more tools than a grant can name, or none", async () => {
    const many = Object.fromEntries(Array.from({ length: 257 }, (_, i) => [`t${i}`, { kind: "a", action: "b" }]));
    for (const [tools, problem] of [
      [many, "names 257 tools, and a token at most 256; say what the first agent gets"],
      [{ "*": { kind: "a", action: "b" } }, "names no tool; say what the first agent gets"],
    ] as const) {
      const company = await createCompany({ tools });
      const error = await errorOf(company.chain("alice", "planner"));
      expect([error.code, error.message]).toEqual(["config_invalid", expect.stringContaining(problem)]);
    }
  });

  it("names the agents that there are where one is misspelt, and takes a stranger by key", async () => {
    const company = await createCompany();
    const error = await errorOf(company.chain("alice", "plannner"));
    expect(error.code).toBe("config_invalid");
    expect(error.message).toContain('no agent "plannner"; it has planner, researcher');
    const deserted = await createCompany({ agents: {} });
    expect((await errorOf(deserted.chain("alice", "planner"))).message).toContain('"planner"; it has none. For');
    const mallory = await company.chain("alice", { to: "mallory", holder: await generateSigner() });
    expect(await company.authorizer().call(mallory, "read_invoice", bill)).toMatchObject({ code: "agent_unknown" });
  });

  it("begins with an agent by name, for a user whom the issuer may name, and with tools that the map names", async () => {
    const company = await createCompany();
    expect((await errorOf(company.chain("alice", { to: { class: "reader" } }))).code).toBe("config_invalid");
    expect((await errorOf(company.chain("eve", "planner"))).code).toBe("token_untrusted_issuer");
    const open = await createCompany({ tools: { "*": { kind: "tool", action: "call" } } });
    expect((await errorOf(open.chain("alice", "planner"))).message).toContain("{ to, grant }");
  });
});

describe("a company", () => {
  it("is as it is said to be: users, agents, keys, tools, names", async () => {
    const key = await generateSigner("ES256");
    const issuerKey = await generateSigner();
    const company = await createCompany({
      users: { bob: { roles: ["analyst"], attributes: { region: "EMEA" } } },
      agents: { clerk: { roles: ["clerk"], owner: "finance", key } },
      tools: { pay: { kind: "payment", action: "send" } },
      audience: "https://pay.example/mcp",
      issuer: "https://issuer.example",
      issuerKey,
    });
    const pdp = answeringPdp();
    const clerk = await company.chain("bob", "clerk");
    await company.authorizer({ cerbos: pdp }).call(clerk, "pay", { to: "Globex" });
    const bob = { id: "bob", roles: ["analyst"], attr: { region: "EMEA" } };
    expect(pdp.asked).toMatchObject([
      { principal: bob, resource: { kind: "payment" }, action: "send", args: { to: "Globex" } },
      { principal: bob, resource: { kind: "delegation", attr: { to: "agent:clerk" } }, action: "delegate" },
      { principal: { id: "agent:clerk", roles: ["clerk"], attr: { owner: "finance" } }, action: "send" },
    ]);
    expect(company.keys.clerk).toBe(key);
    expect(company.issuer.trustAnchor).toMatchObject({
      issuer: "https://issuer.example",
      keys: [{ jwk: issuerKey.publicJwk }],
      audiences: ["https://pay.example/mcp"],
      subjects: ["bob"],
    });
  });

  it("takes a directory of one's own", async () => {
    const users = inMemoryUsers({ "https://id.acme.example": { carol: { roles: ["employee"] } } });
    const company = await createCompany({ users });
    const authorizer = company.authorizer();
    const of = async (user: string) => authorizer.call(await company.chain(user, "planner"), "read_invoice", bill);
    expect(await of("carol")).toMatchObject({ outcome: "allowed" });
    expect(await of("dave")).toMatchObject({ code: "user_unknown" });
    const pinned = await createCompany({ users, subjects: ["carol"] });
    expect((await errorOf(pinned.chain("dave", "planner"))).code).toBe("token_untrusted_issuer");
  });

  it("has two authorizers that know nothing of each other, and all options of createAuthorizer", async () => {
    const company = await createCompany();
    const planner = await company.chain("alice", "planner");
    const [open, closed] = [company.authorizer(), company.authorizer({ cerbos: denyAll("closed") })];
    open.revocations.revoke({ agent: "planner" });
    expect(await open.call(planner, "read_invoice", bill)).toMatchObject({ code: "revoked" });
    expect(await closed.call(planner, "read_invoice", bill)).toMatchObject({ code: "policy_denied", reason: "closed" });
    expect(open.audit.unverifiedCounts.size + open.audit.records.length).toBe(1);
    expect(closed.audit.records).toHaveLength(1);

    const audit = memoryAudit();
    const own = company.authorizer({ audit, state: memoryState({ since: 0 }), tools: {}, clock: Date.now });
    expect(await own.call(planner, "read_invoice", bill)).toMatchObject({ code: "tool_unmapped" });
    expect([audit.records.length, own.audit.records.length]).toEqual([1, 0]);
    expect(own.clock).toBe(Date.now);
    const nonces = company.authorizer({ nonces: createNonces() });
    expect(await nonces.call(planner, "read_invoice", bill)).toMatchObject({ code: "proof_nonce_required" });
  });

  it("goes by one clock: its chains, proofs, authorizers and their memories", async () => {
    const company = await createCompany();
    company.clock.set("2020-01-01T00:00:00Z");
    const planner = await company.chain("alice", { to: "planner", lifetimeSeconds: 60 });
    expect(planner.expiresAt).toBe(Date.parse("2020-01-01T00:01:00Z") / 1000);
    const authorizer = company.authorizer();
    authorizer.revocations.revoke(
      { key: await thumbprintOf(company.keys.planner.publicJwk) },
      company.clock() / 1000 + 1,
    );
    expect(await authorizer.call(planner, "read_invoice", bill)).toMatchObject({ code: "revoked" });
    company.clock.advance(1);
    expect(await authorizer.call(planner, "read_invoice", bill)).toMatchObject({
      outcome: "allowed",
      time: "2020-01-01T00:00:01.000Z",
    });
    company.clock.advance(60);
    expect(await authorizer.call(planner, "read_invoice", bill)).toMatchObject({ code: "token_expired" });
  });

  it("proves a call for a server or an authorizer of one's own, by the company's clock", async () => {
    const company = await createCompany();
    company.clock.set("2020-01-01T00:00:00Z");
    const { audience, clock, agents, users, tools } = company;
    const trust = [company.issuer.trustAnchor];
    const state = memoryState({ since: 0, clock });
    const own = createAuthorizer({
      ...{ audience, clock, agents, users, tools, trust, state },
      cerbos: allowAll(),
      audit: memoryAudit(),
    });
    const planner = await company.chain("alice", "planner");
    const call = { tool: "read_invoice", arguments: bill };
    const credential = await company.credential(planner, "read_invoice", bill);
    expect(await own.authorize({ ...call, credential })).toMatchObject({ outcome: "allowed" });
    expect(await own.authorize({ ...call, credential })).toMatchObject({ code: "proof_replayed" });
    const other = await company.credential(planner, "read_invoice", { id: "INV-9" });
    expect(await own.authorize({ ...call, credential: other })).toMatchObject({ code: "proof_arguments_mismatch" });
  });

  it("shows what policies want changed in a result", async () => {
    const company = await createCompany();
    const cerbos = answeringPdp({ effect: "allow", outputs: [{ redact: ["/iban"] }] });
    const decision = await company.authorizer({ cerbos }).call("alice", "read_invoice", bill);
    expect(decision).toMatchObject({ outcome: "allowed", obligations: { redact: ["/iban"] } });
  });
});
