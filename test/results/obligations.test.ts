/** The policy takes a reader's chain the account of an invoice: what reaches it, by every way that data can leave. */
import { authorizeTools, ToolDenied } from "@hopwise/ai-sdk";
import { delegate, type HeldDelegation } from "@hopwise/core";
import { anyArguments, grant } from "@hopwise/core/grant";
import type { Client } from "@modelcontextprotocol/sdk/client/index.js";
import type { FastMCP } from "fastmcp";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { tools as toolMap } from "../../examples/finance-team/company.ts";
import { callTool, clientOf, codeOf, textOf } from "../support/mcp/client.ts";
import { plannerWith, type Served, serve } from "../support/mcp/server.ts";
import { worldHere } from "../support/world.ts";

const IBAN = "DE02500105170137075030";
const parameters = z.object({ id: z.string() });
const asInvoice = toolMap["read_invoice"] as (typeof toolMap)[string];
const NAMES = ["structured", "plain_text", "picture", "failing", "throwing", "talkative", "asking"] as const;

const world = await worldHere();
let served: Served;
let planner: HeldDelegation;
let reader: HeldDelegation;
/** A client for each: FastMCP lets a new session wait for a second. */
let plannerClient: Client;
let readerClient: Client;

function addTools(server: FastMCP): void {
  const add = (name: (typeof NAMES)[number], execute: Parameters<FastMCP["addTool"]>[0]["execute"]): void =>
    server.addTool({ name, parameters, execute: execute as never });
  add(
    "structured",
    async () =>
      ({
        content: [{ type: "text", text: JSON.stringify({ iban: IBAN, id: 1 }) }],
        structuredContent: { iban: IBAN, id: 1 },
        _meta: { hidden: IBAN },
      }) as never,
  );
  add("plain_text", async () => `the account is ${IBAN}`);
  add("picture", async () => ({ type: "image", data: Buffer.from(IBAN).toString("base64"), mimeType: "image/png" }));
  add("failing", async () => ({ content: [{ type: "text", text: `no money on ${IBAN}` }], isError: true }));
  add("throwing", async () => {
    throw new Error(`no money on ${IBAN}`);
  });
  add("talkative", async (_, { log, reportProgress, streamContent }) => {
    log.info(`looking at ${IBAN}`);
    await reportProgress({ progress: 1, total: 2 });
    await streamContent({ type: "text", text: `partly ${IBAN}` });
    return JSON.stringify({ iban: IBAN });
  });
  add("asking", async (_, { elicit }) => {
    await elicit({ message: `is ${IBAN} right?`, requestedSchema: { type: "object", properties: {} } });
    return "{}";
  });
}

beforeAll(async () => {
  const map = Object.fromEntries(NAMES.map((name) => [name, asInvoice]));
  served = await serve(world, { map, add: addTools });
  planner = await plannerWith(world, ...NAMES);
  const all = Object.fromEntries(["read_invoice", ...NAMES].map((name) => [name, anyArguments]));
  reader = await delegate(planner, {
    to: "researcher",
    holder: world.keys.researcher,
    grant: grant({ ...all, read_invoice: { id: { constraint_type: "wildcard" } } }),
  });
  [plannerClient, readerClient] = await Promise.all([clientOf(served.url, planner), clientOf(served.url, reader)]);
});
afterAll(async () => {
  await Promise.all([plannerClient.close(), readerClient.close()]);
  await served.stop();
});

const outcomeOf = async (tool: string) => {
  const decision = served.audit.records.findLast((record) => record.tool === tool);
  return vi.waitFor(() => {
    const found = served.audit.outcomes.find(({ invocation }) => invocation === decision?.invocation);
    expect(found).toBeDefined();
    return found;
  });
};

describe("over MCP, what policies want taken out of a result", () => {
  it("is not in what a reader's chain gets, is in what its delegator gets, and the record says where it was", async () => {
    const own = await callTool(plannerClient, "read_invoice", { id: "INV-9" });
    expect(JSON.parse(textOf(own))).toMatchObject({ supplier: "Initech", iban: IBAN });
    expect(await outcomeOf("read_invoice")).toMatchObject({ outcome: "returned", resultHash: expect.any(String) });
    expect(await outcomeOf("read_invoice")).not.toHaveProperty("redacted");

    const handed = await callTool(readerClient, "read_invoice", { id: "INV-9" });
    expect(JSON.parse(textOf(handed))).toMatchObject({ supplier: "Initech", iban: "[redacted]" });
    expect(await outcomeOf("read_invoice")).toMatchObject({ outcome: "returned", redacted: ["/iban"] });
    expect(served.audit.records.at(-1)).toMatchObject({ obligations: { redact: ["/iban"] } });
    expect(JSON.stringify([served.audit.records, served.audit.outcomes])).not.toContain(IBAN);
  });

  it("is in no part of a structured result", async () => {
    const own = await callTool(plannerClient, "structured", { id: "INV-9" });
    expect(own).toMatchObject({ structuredContent: { iban: IBAN } });
    const answer = await callTool(readerClient, "structured", { id: "INV-9" });
    expect(answer).toMatchObject({ structuredContent: { iban: "[redacted]", id: 1 } });
    expect(JSON.stringify(answer)).not.toContain(IBAN);
  });

  it.each(["plain_text", "picture"] as const)("withholds the whole of a result that is %s", async (name) => {
    const answer = await callTool(readerClient, name, { id: "INV-9" });
    expect(codeOf(answer)).toBe("result_withheld");
    expect(JSON.stringify(answer)).not.toMatch(/DE02|REUwMg/);
    expect(await outcomeOf(name)).toMatchObject({ outcome: "returned", withheld: true });
  });

  it.each(["failing", "throwing"] as const)("is not in the error of a tool that is %s", async (name) => {
    const answer = await callTool(readerClient, name, { id: "INV-9" });
    expect(answer).toMatchObject({ isError: true, content: [{ text: "The tool failed." }] });
    expect(await outcomeOf(name)).toMatchObject({ outcome: "failed" });
    const own = await callTool(plannerClient, name, { id: "INV-9" });
    expect(textOf(own)).toContain(IBAN);
  });

  it("is not in what a tool says while it runs: only how far it has come leaves", async () => {
    for (const [client, said] of [
      [plannerClient, true],
      [readerClient, false],
    ] as const) {
      const seen: object[] = [];
      client.fallbackNotificationHandler = async (notification) => void seen.push(notification);
      const answer = await client.callTool({ name: "talkative", arguments: { id: "INV-9" } }, undefined, {
        onprogress: (progress) => seen.push({ progress }),
      });
      expect(JSON.stringify([seen, answer]).includes(IBAN)).toBe(said);
      expect(seen).toContainEqual({ progress: { progress: 1, total: 2 } });
    }
  });

  it("cannot leave in a question to the caller", async () => {
    const answer = await callTool(readerClient, "asking", { id: "INV-9" });
    expect(answer).toMatchObject({ isError: true, content: [{ text: "The tool failed." }] });
  });
});

describe("in an AI SDK loop, what policies want taken out of a result", () => {
  const loopTools = {
    structured: { execute: async () => ({ iban: IBAN, id: 1 }) },
    plain_text: { execute: async () => `the account is ${IBAN}` },
    throwing: {
      execute: async () => {
        throw new Error(`no money on ${IBAN}`);
      },
    },
    talkative: {
      execute: async function* () {
        yield { iban: IBAN, part: 1 };
        yield { iban: IBAN, part: 2 };
      },
    },
  };
  type Execute = (input: object, options: object) => unknown;
  const loopAs = async (delegation: HeldDelegation) => {
    const map = Object.fromEntries(NAMES.map((name) => [name, asInvoice]));
    const { authorizer, audit } = world.authorizer({ tools: map });
    const tools = await authorizeTools(loopTools, { authorizer, delegation });
    const run = (name: keyof typeof loopTools): unknown =>
      (tools[name].execute as Execute)({ id: "INV-9" }, { toolCallId: "1", messages: [] });
    return { run, audit };
  };

  it("is not in what a reader's model sees, and is in what its delegator's sees", async () => {
    const own = await loopAs(planner);
    expect(await own.run("structured")).toEqual({ iban: IBAN, id: 1 });
    const { run, audit } = await loopAs(reader);
    expect(await run("structured")).toEqual({ iban: "[redacted]", id: 1 });
    await vi.waitFor(() => expect(audit.outcomes).toMatchObject([{ outcome: "returned", redacted: ["/iban"] }]));
  });

  it("is in none of the parts of a streamed result", async () => {
    const { run, audit } = await loopAs(reader);
    const parts: unknown[] = [];
    for await (const part of run("talkative") as AsyncIterable<unknown>) parts.push(part);
    expect(parts).toEqual([
      { iban: "[redacted]", part: 1 },
      { iban: "[redacted]", part: 2 },
    ]);
    await vi.waitFor(() => expect(audit.outcomes).toMatchObject([{ outcome: "returned", redacted: ["/iban"] }]));
  });

  it("withholds a result in which nothing can be found, and errors that may quote it", async () => {
    const { run, audit } = await loopAs(reader);
    const told = await Promise.resolve(run("plain_text")).catch((error: unknown) => error);
    expect(told).toBeInstanceOf(ToolDenied);
    expect(told).toMatchObject({
      code: "result_withheld",
      retryable: false,
      invocation: audit.records.at(-1)?.invocation,
      message:
        "Not allowed (result_withheld). The tool ran, or may still run, and its result may not be shown. Do not call it again; report it.",
    });
    await expect(run("throwing")).rejects.toThrow("The tool failed.");
    await vi.waitFor(() =>
      expect(audit.outcomes).toMatchObject([{ outcome: "returned", withheld: true }, { outcome: "failed" }]),
    );
  });

  it("leaves a call that its model does not wait for as withdrawn", async () => {
    const { run, audit } = await loopAs(reader);
    for await (const _ of run("talkative") as AsyncIterable<unknown>) break;
    await vi.waitFor(() => expect(audit.outcomes).toMatchObject([{ outcome: "withdrawn" }]));
  });
});
