/** A call that waits for a person, through a real FastMCP server and its clients. */
import type { WaitingApproval } from "@hopwise/core";
import { anyArguments, grant } from "@hopwise/core/grant";
import { answeringPdp, createCompany } from "@hopwise/core/testing";
import { guardedServer } from "@hopwise/fastmcp/testing";
import { carryingFetch, META_APPROVAL, META_PENDING, type PendingData } from "@hopwise/mcp";
import type { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { ElicitRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { describe, expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import { PAY_SERVER } from "../../examples/finance-team/company.ts";
import { answerTo, carolsPlanner, LARGE, personOf } from "../support/approvals.ts";
import { clientOf, codeOf, failure, newClient, type ToolAnswer, textOf } from "../support/mcp/client.ts";
import { type ServeOptions, serveHere } from "../support/mcp/server.ts";
import { worldHere } from "../support/world.ts";

const world = await worldHere();

const dana = await personOf("dana");
const carols = await carolsPlanner(world);

const pay = (client: Client, approval?: unknown, args: object = LARGE): Promise<ToolAnswer> =>
  client.callTool({
    name: "send_payment",
    arguments: { ...args },
    ...(approval !== undefined && { _meta: { [META_APPROVAL]: approval } }),
  }) as unknown as Promise<ToolAnswer>;

const waitsFor = (answer: ToolAnswer): PendingData => answer._meta?.[META_PENDING] as PendingData;

async function served(options: ServeOptions = {}) {
  const approvals = { approvers: [dana.approver] };
  const one = await serveHere(world, { stateless: true, ...options, authorizer: { approvals, ...options.authorizer } });
  const client = await clientOf(one.url, carols);
  onTestFinished(() => client.close());
  return { ...one, client };
}

describe("a call that people must approve, over MCP", () => {
  it("waits with a typed result, is approved with a signature, runs once, and not again", async () => {
    const { authorizer, client, payments, audit } = await served();
    const first = await pay(client);
    const { request, until, ...more } = waitsFor(first);
    expect(first.isError).toBe(true);
    expect(more).toEqual({
      reason: "payments above 2000 need a second person",
      approvers: 1,
      invocation: audit.records[0]?.invocation,
    });
    expect(until).toBeGreaterThan(Date.now() / 1000);
    const words = textOf(first);
    for (const part of [
      /^Waits for a person \(approval_required\)\. Nothing ran\./,
      /Reason given: "payments above 2000/,
      /make exactly the same call again/,
      request,
    ]) {
      expect(words).toMatch(part);
    }
    expect(waitsFor(await pay(client, request)).request).toBe(request);
    expect(payments).toEqual([]);
    expect(await answerTo(authorizer, request, dana.signer)).toBe("approved");
    expect(textOf(await pay(client, request))).toBe("paid 5000 EUR to Globex");
    expect(codeOf(await pay(client, request))).toBe("approval_used");
    expect(payments).toEqual([LARGE]);
    expect(await authorizer.approvals.list()).toMatchObject([{ id: request, state: "used" }]);
  });

  it("tells its model that a person said no", async () => {
    const { authorizer, client, payments } = await served();
    const { request } = waitsFor(await pay(client));
    await answerTo(authorizer, request, dana.signer, "no");
    const refused = await pay(client, request);
    expect([codeOf(refused), textOf(refused)]).toEqual([
      "approval_denied",
      "Not allowed (approval_denied). A person refused this call. Do not ask for it again; report it.",
    ]);
    expect(payments).toEqual([]);
  });

  it("is named by the client's program, where its client cannot", async () => {
    const { authorizer, url, payments } = await served();
    const approved = new Map<string, string>();
    const fetch = carryingFetch({
      delegation: carols,
      audience: PAY_SERVER,
      approvals: async ({ tool, arguments: args }) => approved.get(JSON.stringify([tool, args])),
    });
    const client = newClient();
    await client.connect(new StreamableHTTPClientTransport(new URL(url), { fetch }));
    onTestFinished(() => client.close());
    const { request } = waitsFor(await pay(client));
    await answerTo(authorizer, request, dana.signer);
    approved.set(JSON.stringify(["send_payment", LARGE]), request);
    expect(textOf(await pay(client))).toBe("paid 5000 EUR to Globex");
    expect(payments).toEqual([LARGE]);
  });

  it.each([
    ["a number", 5],
    ["nothing", null],
    ["an object", { request: "x" }],
    ["a list", ["AAAAAAAAAAAAAAAAAAAAAA"]],
    ["an empty text", ""],
    ["a text that is too long", "A".repeat(23)],
    ["a very long text", "A".repeat(100_000)],
    ["a text with a line's end", "AAAAAAAAAAAAAAAAAAAAAA\n"],
  ])("that names %s as its approval is refused, and asks nobody", async (_, approval) => {
    const { authorizer, client, payments } = await served();
    const refused = await pay(client, approval);
    expect(codeOf(refused)).toBe("arguments_malformed");
    expect(await authorizer.approvals.list()).toEqual([]);
    expect(payments).toEqual([]);
  });

  it("that names a request which nobody made asks anew", async () => {
    const { client } = await served();
    const { request } = waitsFor(await pay(client, "AAAAAAAAAAAAAAAAAAAAAA"));
    expect(request).not.toBe("AAAAAAAAAAAAAAAAAAAAAA");
  });

  it("can never be made where the tool's own schema makes something else of it each time", async () => {
    const map = { order: { kind: "order", action: "place", adds: ["reference"] } };
    const company = await createCompany({
      users: { alice: { roles: ["employee"] }, dana: { roles: ["manager"] } },
      approvers: ["dana"],
      tools: map,
    });
    const cerbos = answeringPdp(({ resource: { kind } }) =>
      kind === "order" ? { effect: "allow", outputs: [{ approval: "large" }] } : "allow",
    );
    const authorizer = company.authorizer({ cerbos });
    const ran: unknown[] = [];
    const server = await guardedServer(authorizer, {
      add: (it) =>
        it.addTool({
          name: "order",
          parameters: z.object({ item: z.string(), reference: z.string().default(() => crypto.randomUUID()) }),
          execute: async (args) => {
            ran.push(args);
            return "ordered";
          },
        }),
    });
    onTestFinished(server.close);
    const client = await server.client(await company.chain("alice", "planner"));
    const order = (args: object, approval?: string): Promise<ToolAnswer> =>
      client.callTool({
        name: "order",
        arguments: { item: "paper", ...args },
        ...(approval !== undefined && { _meta: { [META_APPROVAL]: approval } }),
      }) as unknown as Promise<ToolAnswer>;
    const { request } = waitsFor(await order({}));
    await authorizer.answer("dana", "yes", request);
    expect(codeOf(await order({}, request))).toBe("approval_void");
    expect(ran).toEqual([]);
    // Sent, it stays the same.
    const sent = waitsFor(await order({ reference: "R-1" }));
    await authorizer.answer("dana", "yes", sent.request);
    expect(textOf(await order({ reference: "R-1" }, sent.request))).toBe("ordered");
    expect(ran).toEqual([{ item: "paper", reference: "R-1" }]);
  });
});

describe("a page on which people answer", () => {
  const approvalUrl = ({ request }: WaitingApproval): string => `https://approve.acme.example/${request}`;
  const company = createCompany({ users: { alice: { roles: ["employee"] } } });

  async function asking(
    capabilities: object | undefined,
    options: { approvalUrl?: (approval: WaitingApproval) => string; http?: object } = { approvalUrl },
  ) {
    const own = await company;
    const pdp = answeringPdp({ effect: "allow", outputs: [{ approval: "large" }] });
    const server = await guardedServer(own.authorizer({ cerbos: pdp }), {
      tools: { send_payment: () => "paid" },
      ...options,
    });
    onTestFinished(server.close);
    const planner = await own.chain("alice", "planner");
    const client = await server.client(planner, capabilities && { capabilities });
    const shown: object[] = [];
    if (capabilities !== undefined) {
      client.setRequestHandler(ElicitRequestSchema, async ({ params }) => {
        shown.push(params);
        return { action: "accept" };
      });
    }
    const answer = (await client.callTool({
      name: "send_payment",
      arguments: { to: "Globex", amount: 1 },
    })) as unknown as ToolAnswer;
    return { answer, shown, client };
  }

  it.each([["in memory"], ["over HTTP"]])(
    "is shown by a client that can, and the call waits as ever: %s",
    async (way) => {
      const http = way === "over HTTP" ? { http: {} } : {};
      const { answer, shown } = await asking({ elicitation: { url: {} } }, { approvalUrl, ...http });
      const { request, url } = waitsFor(answer);
      expect(url).toBe(`https://approve.acme.example/${request}`);
      const message = 'A person has to approve this call first. Reason given: "large"';
      expect(shown).toEqual([{ mode: "url", elicitationId: request, url, message }]);
    },
  );

  it.each([
    ["forms alone", { elicitation: {} }],
    ["forms alone, by name", { elicitation: { form: {} } }],
  ])("goes out with the call where a client can show %s", async (_, capabilities) => {
    const { answer, shown } = await asking(capabilities);
    expect(waitsFor(answer).url).toMatch(/^https:\/\/approve\.acme\.example\//);
    expect(shown).toEqual([]);
  });

  it.each<[string, (approval: WaitingApproval) => string]>([
    ["no address", () => "not an address"],
    ["the address of a script", () => "javascript:alert(1)"],
    [
      "an error",
      () => {
        throw new Error("hunter2");
      },
    ],
  ])("that is %s is none, and the call waits all the same", async (_, broken) => {
    const { answer, shown } = await asking({ elicitation: { url: {} } }, { approvalUrl: broken });
    expect(waitsFor(answer)).toMatchObject({ reason: "large" });
    expect(waitsFor(answer).url).toBeUndefined();
    expect(shown).toEqual([]);
    expect(JSON.stringify(answer)).not.toContain("hunter2");
  });

  it("is where a resource waits, too, as an error for programs", async () => {
    const own = await createCompany({ tools: { "mcp:resources/read": { kind: "doc", action: "read" } } });
    const pdp = answeringPdp({ effect: "allow", outputs: [{ approval: "secret" }] });
    const server = await guardedServer(own.authorizer({ cerbos: pdp }), {
      approvalUrl,
      add: (it) => it.addResource({ uri: "doc://1", name: "one", load: async () => ({ text: "read" }) }),
    });
    onTestFinished(server.close);
    const planner = await own.chain("alice", {
      to: "planner",
      grant: grant({ "mcp:resources/read": anyArguments }),
    });
    const client = await server.client(planner);
    const error = await failure(client.readResource({ uri: "doc://1" }));
    const { request, url } = error.data as PendingData;
    expect([error.code, url]).toEqual([4302, `https://approve.acme.example/${request}`]);
    expect(error.message).toContain("Waits for a person (approval_required)");
  });
});
