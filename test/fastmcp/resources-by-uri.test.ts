/** Resources of a server whose kinds follow from their URIs: what is decided, what the handlers get, and what is shown. */
import { memoryAudit, type ToolMap } from "@hopwise/core";
import { grant, wildcard } from "@hopwise/core/grant";
import { answeringPdp, createCompany } from "@hopwise/core/testing";
import { guard } from "@hopwise/fastmcp";
import { type GuardedServer, guardedServer } from "@hopwise/fastmcp/testing";
import type { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { FastMCP, FastMCPSession } from "fastmcp";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { PAY_SERVER, tools } from "../../examples/finance-team/company.ts";
import { errorCodeOf, failure } from "../support/mcp/client.ts";
import { OPEN_TO_ALICE, OPEN_TO_NOBODY, plannerWith } from "../support/mcp/server.ts";
import { quiet } from "../support/quiet.ts";
import { worldHere } from "../support/world.ts";

const READ = "mcp:resources/read";
/** An invoice, as `read_invoice` says: its id, and its region by the trusted loader, which policies look at. */
const invoice = {
  ...tools["read_invoice"],
  kind: "invoice",
  action: "read",
  attributes: ({ id }: { id?: unknown }) => ({
    region: String(id).startsWith("THEIRS") ? "AMER" : "EMEA",
    supplier: "Globex",
    amount: 400,
  }),
};
const MAP: ToolMap = {
  "shop://invoices/{id}": invoice,
  "shop://{name}/report": OPEN_TO_NOBODY,
  "doc://{name}": OPEN_TO_ALICE,
};

const world = await worldHere();
/** What the handlers were called with, in order. */
const got: unknown[] = [];

const held = await plannerWith(world, READ);

function shop(): FastMCP {
  const server = new FastMCP({ name: "shop", version: "1.0.0", logger: quiet });
  const template = (uriTemplate: string): void =>
    server.addResourceTemplate({
      uriTemplate,
      name: uriTemplate,
      arguments: [],
      load: async (values) => {
        got.push([uriTemplate, values]);
        return { text: "loaded" };
      },
    });
  for (const text of ["shop://invoices/{id}", "shop://{name}/report", "doc://{name}"]) template(text);
  server.addResource({
    uri: "doc://terms",
    name: "terms",
    load: async () => {
      got.push("terms");
      return { text: "loaded" };
    },
  });
  return server;
}

async function served(
  server = shop(),
  map = MAP,
): Promise<{ client: Client; guarded: GuardedServer; records(): unknown }> {
  const { authorizer, audit } = world.authorizer({ tools: map });
  const guarded = await guardedServer(authorizer, { server: guard(server, authorizer) });
  onTestFinished(guarded.close);
  got.length = 0;
  return { client: await guarded.client(held), guarded, records: () => audit.records.at(-1) };
}

it("a URI that is longer than any need be is refused before the server's own parser reads it", async () => {
  // FastMCP's takes time that grows with the square of the length for such a one.
  const server = new FastMCP({ name: "shop", version: "1.0.0" });
  const load = vi.fn(async () => ({ text: "loaded" }));
  server.addResourceTemplate({ uriTemplate: "doc://{name}{?q,r}", name: "search", arguments: [], load });
  const { client } = await served(server);
  // A session of its own, which no client sees, reads each URI first.
  const read = vi.spyOn(FastMCPSession.prototype as unknown as { addResourceTemplate(): void }, "addResourceTemplate");
  onTestFinished(() => read.mockRestore());
  const ofLength = (length: number) => ({ uri: "doc://x?q=".padEnd(length, "a&q=") });
  expect(errorCodeOf(await failure(client.readResource(ofLength(8193))))).toBe("arguments_malformed");
  expect([read.mock.calls.length, load.mock.calls.length]).toEqual([0, 0]);
  expect(errorCodeOf(await failure(client.readResource(ofLength(8192))))).not.toBe("arguments_malformed");
  expect(read).toHaveBeenCalledOnce();
});

/** The code of the refusal, or the text of the resource. */
async function read(client: Client, uri: string): Promise<string | undefined> {
  return client.readResource({ uri }).then(
    ({ contents }) => String((contents[0] as { text?: string }).text),
    (error: unknown) => errorCodeOf(error) ?? "failed",
  );
}

describe("a resource whose kind follows from its URI", () => {
  it("is decided as its tool is: by the id, the attributes and the policies of its kind", async () => {
    const { client, records } = await served();
    expect(await read(client, "shop://invoices/INV-7")).toBe("loaded");
    expect(got).toEqual([["shop://invoices/{id}", { id: "INV-7" }]]);
    expect(records()).toMatchObject({ tool: READ, outcome: "allowed", asked: { kind: "invoice", action: "read" } });
    expect(await read(client, "shop://invoices/THEIRS-1")).toBe("policy_denied");
    expect(await read(client, "shop://2026/report")).toBe("policy_denied");
    expect(got).toHaveLength(1);
  });

  it("that is fixed is read by the template that stands for it", async () => {
    const { client } = await served();
    expect(await read(client, "doc://terms")).toBe("loaded");
    expect(got).toEqual(["terms"]);
  });

  it.each([
    ["a space", "a%20b", "a b"],
    ["a letter beyond ASCII", "%C3%A9", "é"],
    ["a slash", "a%2Fb", "a/b"],
    ["an encoded code", "%252F", "%2F"],
    ["a comma", "a%2Cb", "a,b"],
    ["a plus", "a%2Bb", "a+b"],
    ["an equals sign", "a%3Db", "a=b"],
    ["a question mark", "a%3Fas%3Dadmin", "a?as=admin"],
    ["nothing but dots, three of them", "...", "..."],
  ])("gives its handler the value that was decided on: %s", async (_, written, value) => {
    const { client } = await served();
    expect(await read(client, `shop://invoices/${written}`)).toBe("loaded");
    expect(got).toEqual([["shop://invoices/{id}", { id: value }]]);
  });

  it.each([
    "shop://invoices/",
    "shop://invoices",
    "shop://invoices/1/lines",
    "shop://invoices/1?as=admin",
    "shop://invoices/1#x",
    "shop://invoices/..",
    "shop://invoices/%2E%2E",
    "shop://invoices/%41",
    "shop://invoices/a%2fb",
    "shop://invoices/%FF",
    "shop://invoices/%",
    "shop://invoices/a,b",
    "shop://invoices/a b",
    "SHOP://invoices/1",
    "policy://payments",
    "toString",
  ])("is refused where no template stands for its URI, and no handler is asked: %s", async (uri) => {
    const { client, records } = await served();
    // To its caller it is as if the policies denied it.
    expect(await read(client, uri)).toBe("policy_denied");
    expect(records()).toMatchObject({ outcome: "denied", code: "tool_unmapped" });
    expect(got).toEqual([]);
  });

  it("is a request at fault without a URI, with templates and without", async () => {
    for (const map of [MAP, { "mcp:resources/read": { kind: "page", action: "read" } }]) {
      const { client, records } = await served(shop(), map);
      expect(await read(client, "")).toBe("arguments_malformed");
      expect(records()).toMatchObject({ outcome: "denied", code: "arguments_malformed" });
    }
    expect(got).toEqual([]);
  });

  it("is refused where two templates stand for its URI", async () => {
    const { client, records } = await served(shop(), { ...MAP, "shop://{kind}/{id}": OPEN_TO_ALICE });
    expect(await read(client, "shop://invoices/INV-7")).toBe("policy_denied");
    expect(await read(client, "shop://2026/report")).toBe("policy_denied");
    expect(records()).toMatchObject({ code: "tool_unmapped" });
    expect(got).toEqual([]);
  });

  it("is not loaded by a template of the server that the map does not name, though it fits and comes first", async () => {
    const load = async (values: object): Promise<{ text: string }> => {
      got.push(values);
      return { text: "loaded" };
    };
    const withTemplates = (...templates: readonly string[]): FastMCP => {
      const server = new FastMCP({ name: "shop", version: "1.0.0" });
      for (const uriTemplate of templates) {
        server.addResourceTemplate({ uriTemplate, name: uriTemplate, arguments: [], load });
      }
      return server;
    };
    const { client, records, guarded } = await served(withTemplates("shop://{kind}/{id}", "shop://invoices/{id}"));
    expect(await read(client, "shop://invoices/INV-7")).toBe("policy_denied");
    expect(records()).toMatchObject({
      outcome: "denied",
      code: "tool_unmapped",
      message: expect.stringMatching(/handler would get it by "shop:\/\/\{kind\}/),
    });
    expect(got).toEqual([]);
    // The session follows what its server has.
    await vi.waitFor(() => expect(guarded.server.sessions).toHaveLength(1));
    guarded.server.removeResourceTemplate("shop://{kind}/{id}");
    expect(await read(client, "shop://invoices/INV-7")).toBe("loaded");
    expect(got.splice(0)).toEqual([{ id: "INV-7" }]);
    guarded.server.addResource({ uri: "shop://invoices/INV-8", name: "8", load: async () => ({ text: "fixed" }) });
    expect(await read(client, "shop://invoices/INV-8")).toBe("fixed");
    const alone = await served(withTemplates("shop://invoices/{id}"));
    expect(await read(alone.client, "shop://invoices/INV-7")).toBe("loaded");
    expect(got).toEqual([{ id: "INV-7" }]);
  });

  it("is shown by the rules of its kind: each URI by its id, and a template by its own entry", async () => {
    const { client, guarded } = await served();
    const names = async (): Promise<readonly string[]> => [
      ...(await client.listResources()).resources.map(({ name }) => name),
      ...(await client.listResourceTemplates()).resourceTemplates.map(({ name }) => name),
    ];
    expect((await names()).toSorted()).toEqual(["doc://{name}", "shop://invoices/{id}", "terms"]);
    guarded.server.addResource({ uri: "other://x", name: "other", load: async () => ({ text: "x" }) });
    expect((await names()).toSorted()).toEqual(["doc://{name}", "shop://invoices/{id}", "terms"]);
  });
});

describe("a resource that is judged by its text", () => {
  const BY_TEXT: ToolMap = { [READ]: { kind: "file", action: "read", id: "uri" } };
  /** Of the policies, which know it by one text. */
  const SECRETS = ["shop://invoices/secret", "shop://invoices/it's", "file:///private/secret"];

  async function byText(...templates: readonly string[]): Promise<{ client: Client; records(): unknown }> {
    const company = await createCompany({ audience: PAY_SERVER, tools: BY_TEXT });
    const cerbos = answeringPdp(({ resource }) => (SECRETS.includes(resource.id) ? "deny" : "allow"));
    const audit = memoryAudit();
    const authorizer = company.authorizer({ cerbos, audit });
    const server = new FastMCP({ name: "shop", version: "1.0.0" });
    for (const uriTemplate of templates) {
      const load = async (values: object): Promise<{ text: string }> => {
        got.push(values);
        return { text: "loaded" };
      };
      server.addResourceTemplate({ uriTemplate, name: uriTemplate, arguments: [], load });
    }
    server.addResource({ uri: "odd://%61", name: "odd", load: async () => ({ text: "fixed" }) });
    const guarded = await guardedServer(authorizer, { server: guard(server, authorizer) });
    onTestFinished(guarded.close);
    got.length = 0;
    const chain = await company.chain("alice", { to: "planner", grant: grant({ [READ]: { uri: wildcard() } }) });
    return { client: await guarded.client(chain), records: () => audit.records.at(-1) };
  }

  it.each([
    ["shop://invoices/{id}", "shop://invoices/%73ecret"],
    ["shop://invoices/{id}", "shop://invoices/it%27s"],
    ["shop://invoices/{id}", "shop://invoices/a/b"],
    ["shop://invoices/{id}", "shop://invoices/a%2fb"],
    ["file:///{+path}", "file:///public/../private/secret"],
    ["file:///private/{+path}", "file:///private/%73ecret"],
    ["file:///{path}", "file:///private/secret"],
    ["file:///{path}", "file:///public/..%2Fprivate/secret"],
    ["shop://{?id,as}", "shop://?as=1&id=secret"],
  ])("is not loaded by %s for another text of the same values: %s", async (template, uri) => {
    const { client, records } = await byText(template);
    expect(await read(client, uri)).toBe("policy_denied");
    expect(records()).toMatchObject({ outcome: "denied" });
    expect(got).toEqual([]);
  });

  it.each([
    ["shop://invoices/{id}", "shop://invoices/INV-7", { id: "INV-7" }],
    ["shop://invoices/{id}", "shop://invoices/a%2Fb%40c%20%C3%A9%2541", { id: "a/b@c é%41" }],
    ["file:///{+path}", "file:///public/a%20b/%C3%A9@1%2541", { path: "public/a%20b/%C3%A9@1%2541" }],
    ["shop://{?id,as}", "shop://?id=1&as=2", { id: "1", as: "2" }],
  ])("is loaded by %s for the one text of its values: %s", async (template, uri, values) => {
    const { client } = await byText(template);
    expect(await read(client, uri)).toBe("loaded");
    expect(got).toEqual([values]);
  });

  it("that is fixed has no other text, however it is written", async () => {
    const { client } = await byText("shop://invoices/{id}");
    expect(await read(client, "odd://%61")).toBe("fixed");
  });
});
