import { HopwiseError } from "@hopwise/core";
import { anyArguments, grant, oneOf } from "@hopwise/core/grant";
import { answeringPdp, type Company, createCompany, denyAll } from "@hopwise/core/testing";
import { prove } from "@hopwise/core/tokens";
import { FastMCP } from "fastmcp";
import { beforeAll, describe, expect, it } from "vitest";
import { guard } from "../guard.ts";
import { guardedServer } from "./index.ts";

const bill = { id: "INV-7" };
const tools = { read_invoice: ({ id = null }) => ({ id, iban: "DE02" }), send_payment: () => "paid" };
let company: Company<"planner" | "researcher">;

beforeAll(async () => {
  company = await createCompany();
});

describe.each([
  ["in memory", {}],
  ["over HTTP, a session a request", { http: { stateless: true } }],
])("a guarded server %s", (_, transport) => {
  it("runs what is allowed, with the arguments of the call, and denies what is not, on record", async () => {
    const authorizer = company.authorizer();
    await using server = await guardedServer(authorizer, { tools, ...transport });
    const researcher = await company.chain("alice", "planner", {
      to: "researcher",
      grant: grant({ read_invoice: { id: oneOf("INV-7", "INV-9") } }),
    });
    const answer = await server.call(researcher, "read_invoice", bill);
    expect(answer).toMatchObject({ text: '{"id":"INV-7","iban":"DE02"}', isError: false });
    expect(answer).not.toHaveProperty("code");
    expect(await server.call(researcher, "read_invoice", { id: "INV-21" })).toMatchObject({
      code: "grant_argument_refused",
      denial: { hop: 2 },
      isError: true,
      text: expect.stringContaining("Not allowed"),
    });
    expect(authorizer.audit.records.map(({ outcome, tool }) => `${tool} ${outcome}`)).toEqual([
      "read_invoice allowed",
      "read_invoice denied",
    ]);
  });

  it.each([
    ["a text", '{"id":"INV-7"}'],
    ["a list", ["INV-7"]],
  ])("runs nothing with %s for arguments", async (_, args) => {
    await using server = await guardedServer(company.authorizer(), { tools, ...transport });
    const planner = await company.chain("alice", "planner");
    const call = server.call(planner, "send_payment", args as object);
    await expect(call).rejects.toThrow("the arguments of a call must be a JSON object");
  });

  it("lists to each client what its chain covers, and to one without a chain nothing at all", async () => {
    await using server = await guardedServer(company.authorizer(), { tools, ...transport });
    const planner = await company.chain("alice", "planner");
    const reader = await company.delegate(planner, { to: "researcher", grant: grant({ read_invoice: anyArguments }) });
    expect(await server.tools(planner)).toEqual(["read_invoice", "send_payment"]);
    expect(await server.tools(reader)).toEqual(["read_invoice"]);
    await expect(server.tools(undefined)).rejects.toThrow("proof_missing");
    expect(await server.call(undefined, "send_payment")).toMatchObject({ code: "proof_missing" });
  });

  it("goes by the clock of the company, with its clients", async () => {
    const past = await createCompany();
    past.clock.set("2020-01-01T00:00:00Z");
    await using server = await guardedServer(past.authorizer(), { tools, ...transport });
    const planner = await past.chain("alice", "planner");
    expect(await server.call(planner, "send_payment", { to: "Globex" })).toMatchObject({ text: "paid" });
  });
});

describe("a guarded server", () => {
  it("keeps a session for each client over HTTP, and answers in JSON where it was told to", async () => {
    await using server = await guardedServer(company.authorizer(), { tools, http: { enableJsonResponse: true } });
    const planner = await company.chain("alice", "planner");
    expect(await server.call(planner, "read_invoice", bill)).toMatchObject({ isError: false });
    expect(server.server.sessions).toHaveLength(1);
  });

  it("runs a call that waited once an approver of the company said yes", async () => {
    const own = await createCompany({ approvers: ["alice"] });
    const cerbos = answeringPdp(({ resource: { kind } }) =>
      kind === "payment" ? { effect: "allow", outputs: [{ approval: "large" }] } : "allow",
    );
    const authorizer = own.authorizer({ cerbos });
    await using server = await guardedServer(authorizer, { tools });
    const planner = await own.chain("alice", "planner");
    const { pending } = await server.call(planner, "send_payment", { to: "Globex" });
    expect(pending).toMatchObject({ reason: "large" });
    await authorizer.answer("alice", "yes", pending?.request ?? "");
    expect(await server.call(planner, "send_payment", { to: "Globex" })).toMatchObject({ text: "paid" });
  });

  it("follows policies that change their answer", async () => {
    const pdp = answeringPdp();
    await using server = await guardedServer(company.authorizer({ cerbos: pdp }), { tools });
    const planner = await company.chain("alice", "planner");
    expect(await server.call(planner, "read_invoice", bill)).toMatchObject({ isError: false });
    pdp.tell({ effect: "deny", outputs: ["closed"] });
    expect(await server.call(planner, "read_invoice", bill)).toMatchObject({ code: "policy_denied" });
    pdp.tell({ effect: "allow", outputs: [{ redact: ["/iban"] }] });
    expect((await server.call(planner, "read_invoice", bill)).text).toBe('{"id":"INV-7","iban":"[redacted]"}');
  });

  it("serves tools and resources of one's own beside them", async () => {
    const own = await createCompany({ tools: { ping: { kind: "server", action: "ping" } } });
    await using server = await guardedServer(own.authorizer(), {
      add: (it) => {
        it.addTool({ name: "ping", execute: async () => "pong" });
        it.addResource({ uri: "policy://payments", name: "handbook", load: async () => ({ text: "Pay on time." }) });
      },
    });
    const planner = await own.chain("alice", {
      to: "planner",
      grant: grant({ ping: anyArguments, "mcp:resources/read": anyArguments }),
    });
    expect(await server.call(planner, "ping")).toMatchObject({ text: "pong" });
    const { contents } = await (await server.client(planner)).readResource({ uri: "policy://payments" });
    expect(contents).toMatchObject([{ text: "Pay on time." }]);
  });

  it("takes a server that was guarded elsewhere, and none without a guard", async () => {
    const authorizer = company.authorizer({ cerbos: denyAll() });
    const own = (): FastMCP => new FastMCP({ name: "own", version: "1.0.0" });
    await using server = await guardedServer(authorizer, { server: guard(own(), authorizer), tools });
    const planner = await company.chain("alice", "planner");
    expect(await server.call(planner, "read_invoice", bill)).toMatchObject({ code: "policy_denied" });
    await expect(guardedServer(authorizer, { server: own() })).rejects.toMatchObject({ code: "config_invalid" });
    await expect(guardedServer(authorizer, { tools: { other: () => "x" } })).rejects.toThrow("no entry for");
  });

  it("lets users in by their headers, over HTTP, where it was told how", async () => {
    const authorizer = company.authorizer();
    await using server = await guardedServer(authorizer, {
      tools,
      http: { stateless: true },
      userFromAuth: ({ headers }) => ({
        issuer: "https://id.acme.example",
        subject: headers.get("authorization") ?? "eve",
      }),
    });
    const alice = await server.client(undefined, { headers: { authorization: "alice" } });
    expect((await alice.listTools()).tools).toHaveLength(2);
    await expect((await server.client()).listTools()).rejects.toThrow("Not allowed");
    expect(authorizer.audit.records.map(({ outcome, code }) => code ?? outcome)).toEqual(["allowed", "user_unknown"]);
  });

  it("tells where it serves, over HTTP only, and serves no longer once it is disposed of", async () => {
    const memory = await guardedServer(company.authorizer());
    expect(() => memory.url).toThrow(HopwiseError);
    await memory.close();
    const planner = await company.chain("alice", "planner");
    const server = await guardedServer(company.authorizer(), { tools, http: { stateless: true } });
    const client = await server.client(planner);
    expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/mcp$/);
    await server[Symbol.asyncDispose]();
    await expect(client.listTools()).rejects.toThrow();
    await expect(fetch(server.url, { method: "POST" })).rejects.toThrow();
    await server.close();
  });

  it("is behind the guard and not beside it: a proof for another call opens nothing", async () => {
    const authorizer = company.authorizer();
    await using server = await guardedServer(authorizer, { tools });
    const planner = await company.chain("alice", "planner");
    const { chain, proof } = await prove(planner, {
      tool: "read_invoice",
      arguments: bill,
      audience: company.audience,
    });
    const client = await server.client();
    const _meta = { "dev.hopwise/chain": chain, "dev.hopwise/proof": proof };
    const answer = await client.callTool({ name: "send_payment", arguments: bill, _meta });
    expect(JSON.stringify(answer)).toContain("proof_invalid");
  });
});
