import * as aiSdk from "@hopwise/ai-sdk";
import * as aiSdkMcp from "@hopwise/ai-sdk/mcp";
import * as aiSdkTesting from "@hopwise/ai-sdk/testing";
import { HopwiseError } from "@hopwise/core";
import { createCompany } from "@hopwise/core/testing";
import { describe, expect, it } from "vitest";
import {
  type DoorRows,
  NO_COUNT,
  NO_FLAG,
  NO_FUNCTION,
  NO_METHODS,
  NO_OBJECT,
  NO_TEXT,
  optionsRow,
  type Row,
  valueRow,
  walk,
  wrappedInPart,
} from "./row.ts";

const company = await createCompany();
const delegation = await company.chain("alice", "planner");
const authorizer = company.authorizer();
const tools = { send_payment: { execute: async () => "paid" } };
/** What is right gets as far as this transport. */
const transport = {
  start: () => Promise.reject(new HopwiseError("audit_unavailable", "nobody is there")),
  close: async () => {},
  send: async () => {},
};

const NO_DELEGATION = [
  ...NO_OBJECT.filter((value) => typeof value !== "function"),
  undefined,
  {},
  { ...delegation },
  Promise.resolve(delegation),
];
const HTTP = { type: "http", url: "https://pay.example/mcp" } as const;

const doors: DoorRows<typeof aiSdk & typeof aiSdkMcp & typeof aiSdkTesting> = {
  authorizeTools: optionsRow<aiSdk.AuthorizeToolsOptions>(
    { authorizer, delegation },
    {
      authorizer: [...NO_METHODS, undefined, { ...authorizer, openSession: undefined }, ...wrappedInPart(authorizer)],
      delegation: NO_DELEGATION,
      callbacks: ["before", "", true, null],
      approvals: NO_FUNCTION,
    },
    (options) => aiSdk.authorizeTools(tools, options),
  ),
  caller: "takes nothing",
  currentFilter: "takes nothing",
  nothingHappened: "takes nothing",
  scriptedModel: valueRow<aiSdkTesting.ScriptedTurn>(
    { tool: "pay", input: {} },
    [
      null,
      5,
      {},
      true,
      { tool: "pay" },
      { tool: 5, input: {} },
      { tool: "pay", input: {}, args: {} },
      [{}],
      () => "text",
    ],
    aiSdkTesting.scriptedModel,
  ),
  createMcpClient: optionsRow<aiSdkMcp.DelegatedMcpClientOptions>(
    { transport, delegation, audience: company.audience },
    {
      transport: [
        ...NO_OBJECT,
        undefined,
        {},
        HTTP.url,
        { start: transport.start },
        { ...HTTP, type: "sse" },
        ...["pay.example", "ftp://pay.example", ...NO_TEXT].map((url) => ({ ...HTTP, url })),
        ...[...NO_OBJECT, { authorization: 5 }, { "a b": "c" }, { a: "b\nc" }].map((headers) => ({ ...HTTP, headers })),
        { ...HTTP, url: "https://ann:hunter2@pay.example/mcp" },
        { ...HTTP, header: {} },
        { ...HTTP, redirect: "follow" },
        ...NO_OBJECT.map((authProvider) => ({ ...HTTP, authProvider })),
        ...NO_FUNCTION.flatMap((it) => [{ fetch: it }, { onSessionIdChange: it }, { onSessionExpired: it }]).map(
          (it) => ({ ...HTTP, ...it }),
        ),
        ...[...NO_TEXT, "a\nb"]
          .flatMap((it) => [{ initialSessionId: it }, { initialProtocolVersion: it }])
          .map((it) => ({ ...HTTP, ...it })),
        ...NO_FLAG.map((terminateSessionOnClose) => ({ ...HTTP, terminateSessionOnClose })),
      ],
      delegation: NO_DELEGATION,
      audience: ["", 5, null, {}, [], "pay", undefined],
      approvals: NO_FUNCTION,
      limits: [...NO_OBJECT, { argumentsSize: Number.NaN }, { argumentSize: 5 }],
      protocolVersionDiscovery: NO_FLAG,
      initializationOptions: [...NO_OBJECT, { signal: 5 }],
      onUncaughtError: NO_FUNCTION,
      maxRetries: [...NO_COUNT, 1000],
      initialInitializeResult: [...NO_OBJECT, {}, { protocolVersion: "1", capabilities: {}, serverInfo: {} }],
      clientName: NO_TEXT,
      name: NO_TEXT,
      version: NO_TEXT,
      capabilities: NO_OBJECT,
    },
    aiSdkMcp.createMcpClient,
  ),
};

describe.each(Object.entries<Row | string>(doors).filter(([, row]) => typeof row !== "string"))("%s", (name, row) => {
  walk(name, row as Row);
});

describe("a tool set", () => {
  walk(
    "authorizeTools' tools",
    valueRow<never>(
      tools as never,
      [...NO_OBJECT, undefined, [], new Map(), Promise.resolve(tools), { send_payment: null }, { send_payment: {} }],
      (given) => aiSdk.authorizeTools(given, { authorizer, delegation }),
    ),
  );
});

it.each([undefined, null, {}, { list: () => {} }])(
  "an authorizer whose openSession gives no session is named: %j",
  async (session) => {
    const wrapped = { ...authorizer, openSession: async () => session as never };
    await expect(aiSdk.authorizeTools(tools, { authorizer: wrapped, delegation })).rejects.toMatchObject({
      code: "config_invalid",
      message: expect.stringContaining("authorizer.openSession gave no session"),
    });
  },
);
