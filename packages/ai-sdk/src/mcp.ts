/**
 * An MCP client of the AI SDK that carries a delegation chain, and a proof for each request, to a guarded server.
 *
 * @packageDocumentation
 */
import { createMCPClient, type MCPClient, type MCPClientConfig, type MCPTransport } from "@ai-sdk/mcp";
import { type DelegationSource, HopwiseError } from "@hopwise/core";
import { currentDelegation, isToolGranted, quietly } from "@hopwise/core/adapter";
import {
  AUDIENCE,
  atLeast,
  DELEGATION_SOURCE,
  either,
  flag,
  func,
  jsonObject,
  LIMITS,
  maybe,
  optionsOf,
  such,
  text,
  whole,
} from "@hopwise/core/options";
import type { Limits } from "@hopwise/core/tokens";
import { type CarryOptions, carryOver, type McpTransport, TRANSPORT } from "@hopwise/mcp";
import { type CallOnce, tellingOfAnswers } from "./answered-calls.ts";
import { carryingHttp, HTTP_TRANSPORT, type HttpTransport, TRANSPORT_OPTION } from "./http-transport.ts";
import { bindExecute, bindingOf } from "./own-execute.ts";
import { refuseStricter } from "./refuse-stricter.ts";
import { returnedResult } from "./remote-result.ts";
import { ToolDenied } from "./tool-denied.ts";
import { ToolPending } from "./tool-pending.ts";
import { type NameApproval, type WaitingCalls, waitingCalls } from "./waiting-calls.ts";

export interface DelegatedMcpClientOptions extends Omit<MCPClientConfig, "transport" | "experimental_events"> {
  /** Streamable HTTP by its URL, or a transport object such as that of `@ai-sdk/mcp/mcp-stdio`. */
  readonly transport: HttpTransport | MCPTransport;
  /**
   * On whose behalf this client calls, for its whole life: a delegation, or a function that keeps one alive
   * (`renewing`).
   */
  readonly delegation: DelegationSource;
  /** The server's name, from your own configuration, never from the server's messages. */
  readonly audience: string;
  /**
   * Names the request of a call that waited, to be told what became of that one: a call that names none finds what waits, or
   * was approved, by itself. What waits under this client is named, once the model makes the same call again.
   */
  readonly approvals?: NameApproval;
  /** Those of the server, where it takes longer or deeper arguments than by default. */
  readonly limits?: Partial<Limits>;
}

/** By default the AI SDK waits without end for a server that starts and says nothing. As long as the official SDK waits. */
const START_MS = 60_000;
interface Server {
  readonly name: string;
  readonly version: string;
}
interface InitializeResult {
  readonly protocolVersion: string;
  readonly capabilities: object;
  readonly serverInfo: Server;
}
const NAME = text("a name or version that the server is told");

/** Those of the AI SDK's own, too: one that a later version adds does not compile before it has its row. */
const readOptions = optionsOf<DelegatedMcpClientOptions>("createMcpClient", {
  transport: either(TRANSPORT_OPTION, TRANSPORT, HTTP_TRANSPORT),
  delegation: DELEGATION_SOURCE,
  audience: AUDIENCE,
  approvals: maybe(func("a function that names the request which was approved for a call")),
  limits: maybe(LIMITS),
  protocolVersionDiscovery: maybe(flag()),
  initializationOptions: maybe(
    atLeast<{ signal: AbortSignal }>(
      { signal: maybe(such("an AbortSignal", (value) => value instanceof AbortSignal)) },
      "options of requests, such as { signal }",
    ),
  ),
  onUncaughtError: maybe(func("a function that takes an error")),
  maxRetries: maybe(whole({ min: 0, max: 100, example: 2 })),
  initialInitializeResult: maybe(
    atLeast<InitializeResult>(
      {
        protocolVersion: text("a version of MCP, such as 2025-06-18"),
        capabilities: jsonObject("a server's capabilities"),
        serverInfo: atLeast<Server>({ name: NAME, version: NAME }, "a server, { name, version }"),
      },
      "what an earlier client was told by initialize",
    ),
  ),
  clientName: maybe(NAME),
  name: maybe(NAME),
  version: maybe(NAME),
  capabilities: maybe(jsonObject("a client's capabilities")),
});

/**
 * Makes an MCP client bound to one delegation. `tools()` gives only the tools that were handed over;
 * `toolsFromDefinitions` gives those of its definitions, of which `authorizeTools` shows only those. The client signs each
 * call; the server decides and records it. In a loop a denied call is an error (`ToolDenied`), and so is one that failed; where
 * a result is not what your own `schemas` allow, the error says that the tool ran.
 *
 * @throws {HopwiseError} `config_invalid` for options that cannot be right; `audience_mismatch` where the delegation is not for that audience, at the first request where a source gives it;
 *   `config_invalid` from `tools()` for an output schema that is stricter than what the server announces
 */
export async function createMcpClient(options: DelegatedMcpClientOptions): Promise<MCPClient> {
  const { transport, delegation, audience, approvals, limits, onUncaughtError, initializationOptions, ...config } =
    readOptions(options);
  checkAudience(delegation, audience);
  const waiting = waitingCalls(approvals);
  const carry = { delegation, audience, approvals: waiting.named, ...(limits !== undefined && { limits }) };
  const carrying: MCPClientConfig["transport"] =
    "start" in transport
      ? (carryOver(transport as unknown as McpTransport, carry) as unknown as MCPTransport)
      : carryingHttp(transport, carry);
  const client = await createMCPClient({
    ...config,
    transport: carrying,
    initializationOptions: { timeout: START_MS, ...initializationOptions },
    ...(onUncaughtError && { onUncaughtError: (error: unknown) => quietly(() => onUncaughtError(error)) }),
  });
  const { tools, toolsFromDefinitions } = client;
  const callOnce = tellingOfAnswers(client);
  // Whether or not one of these uses the other, each tool gets one function of its own.
  const bound = <Set extends object>(set: Set): Set => {
    for (const [name, tool] of Object.entries(set)) bindTool(name, tool, { carry, waiting, callOnce });
    return set;
  };
  client.toolsFromDefinitions = ((...args) =>
    bound(toolsFromDefinitions.apply(client, args))) as MCPClient["toolsFromDefinitions"];
  client.tools = (async (options) => {
    const listed = bound(await tools.call(client, options));
    const current = await currentDelegation(delegation);
    for (const [name, tool] of Object.entries(listed)) {
      if (isToolGranted(current, name, audience)) await refuseStricter(name, tool);
      else delete listed[name as keyof typeof listed];
    }
    return listed;
  }) as MCPClient["tools"];
  return client;
}

/** Without this the client would be made, and each of its calls would fail. What a source gives is told of by the first call. */
function checkAudience(held: DelegationSource, audience: string): void {
  if (typeof held === "function" || !Array.isArray(held.audience) || held.audience.includes(audience)) return;
  throw new HopwiseError(
    "audience_mismatch",
    `createMcpClient: the delegation is not for "${audience}"; it is for ${held.audience.join(", ")}: give the server's name as the chain has it, or a delegation for this server`,
  );
}

interface OfClient {
  readonly carry: CarryOptions;
  readonly waiting: WaitingCalls;
  readonly callOnce: CallOnce;
}

/** Gives a tool the function by which `authorizeTools` knows that its server decides. */
function bindTool(name: string, tool: RemoteTool, { carry, waiting, callOnce }: OfClient): void {
  const { execute } = tool;
  if (bindingOf(execute) !== undefined) return;
  const { delegation, audience } = carry;
  const run = async (input: never, options: never): Promise<unknown> => {
    const result = await callOnce(execute, input, options);
    const call = { tool: name, arguments: input };
    try {
      const returned = returnedResult(result);
      waiting.used(call);
      return returned;
    } catch (error) {
      if (error instanceof ToolPending) waiting.waits(call, error.request);
      // It ran, or what was named was used before. Of another denial, the approval is still there.
      else if (!(error instanceof ToolDenied) || error.code === "approval_used") waiting.used(call);
      else if (error.code === "arguments_malformed") waiting.misnamed(call);
      throw error;
    }
  };
  tool.execute = bindExecute(run, { delegation, audience, tool: name });
}

interface RemoteTool {
  execute: (input: never, options: never) => unknown;
}
