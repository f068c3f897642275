/** Clients: the official SDK's with a chain, and a raw one for whoever does not keep to the rules. */
import type { DelegationSource, HeldDelegation } from "@hopwise/core";
import { prove } from "@hopwise/core/tokens";
import { carryingFetch, carryOver, type JsonRpcMessage } from "@hopwise/mcp";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { SSEClientTransport } from "@modelcontextprotocol/sdk/client/sse.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { onTestFinished } from "vitest";
import { PAY_SERVER } from "../../../examples/finance-team/company.ts";

/** What any call of a tool answers, as far as the tests look at it. */
export interface ToolAnswer {
  readonly content: readonly { readonly text?: string }[];
  readonly isError?: boolean;
  readonly _meta?: { readonly [key: string]: unknown };
}

/** An SDK client over Streamable HTTP, with a chain or without. */
export async function clientOf(url: string, delegation?: DelegationSource, headers = {}): Promise<Client> {
  const fetch = delegation && carryingFetch({ delegation, audience: PAY_SERVER });
  return connected(
    new StreamableHTTPClientTransport(new URL(url), { ...(fetch && { fetch }), requestInit: { headers } }),
  );
}

/** The same over the legacy SSE endpoint. */
export async function sseClientOf(url: string, delegation: HeldDelegation): Promise<Client> {
  return connected(carrying(new SSEClientTransport(new URL(url)), delegation));
}

/** Any transport object that carries a chain. */
export function carrying(transport: Transport, delegation: HeldDelegation): Transport {
  return carryOver(transport, { delegation, audience: PAY_SERVER });
}

export async function connected(transport: Transport, client = newClient()): Promise<Client> {
  await client.connect(transport);
  return client;
}

export function newClient(capabilities = {}): Client {
  return new Client({ name: "test", version: "1.0.0" }, { capabilities });
}

export async function callTool(client: Client, name: string, args: object = {}): Promise<ToolAnswer> {
  return (await client.callTool({ name, arguments: { ...args } })) as unknown as ToolAnswer;
}

/** The code of a denied tool result; undefined where the tool ran. */
export function codeOf(answer: object | undefined): string | undefined {
  const denial = (answer as Partial<ToolAnswer> | undefined)?._meta?.["dev.hopwise/denial"];
  return (denial as { readonly code?: string } | undefined)?.code;
}

/** What a tool said, from an SDK client's answer or from a result on the wire. */
export function textOf(answer: object | undefined): string {
  return (answer as Partial<ToolAnswer> | undefined)?.content?.map(({ text }) => text).join("\n") ?? "";
}

/** The code of a rejected request, as an SDK client or the wire gives it. */
export function errorCodeOf(error: unknown): string | undefined {
  return (error as { data?: { code?: string } } | undefined)?.data?.code;
}

/** What a promise rejects with. */
export async function failure(promise: Promise<unknown>): Promise<Error & { code?: unknown; data?: unknown }> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error("it did not fail");
}

const ACCEPT = { "content-type": "application/json", accept: "application/json, text/event-stream" };

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly messages: readonly JsonRpcMessage[];
}

/** Posts a body as it is, and waits until the answer's stream ends. */
export async function post(url: string, body: unknown, headers: Record<string, string> = {}): Promise<Reply> {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const response = await fetch(url, { method: "POST", headers: { ...ACCEPT, ...headers }, body: text });
  const answer = await response.text();
  return { status: response.status, headers: response.headers, text: answer, messages: messagesIn(answer) };
}

function messagesIn(text: string): JsonRpcMessage[] {
  if (!text.includes("data:")) return text.startsWith("{") || text.startsWith("[") ? [JSON.parse(text)].flat() : [];
  return text
    .split("\n")
    .filter((line) => line.startsWith("data: {"))
    .map((line) => JSON.parse(line.slice(6)));
}

/** A stream that stays open, with what came over it so far. */
export interface OpenStream {
  readonly status: number;
  readonly messages: readonly JsonRpcMessage[];
  readonly text: string;
  /** The first message, also a later one, that this holds for. */
  find(matches: (message: JsonRpcMessage) => boolean): Promise<JsonRpcMessage>;
  close(): void;
}

export async function openStream(url: string, init: RequestInit = {}): Promise<OpenStream> {
  const abort = new AbortController();
  const headers = { ...(init.method === "POST" ? ACCEPT : { accept: "text/event-stream" }), ...init.headers };
  const response = await fetch(url, { ...init, headers, signal: abort.signal });
  let text = "";
  let waiting: (() => void)[] = [];
  const read = async (): Promise<void> => {
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) {
      text += decoder.decode(chunk, { stream: true });
      for (const wake of waiting.splice(0)) wake();
    }
  };
  const done = read().catch(() => {});
  void done.then(() => {
    for (const wake of waiting) wake();
    waiting = [];
  });
  onTestFinished(() => abort.abort());
  const stream: OpenStream = {
    status: response.status,
    get text() {
      return text;
    },
    get messages() {
      return messagesIn(text.slice(0, text.lastIndexOf("\n") + 1));
    },
    find: async (matches) => {
      for (;;) {
        const found = stream.messages.find(matches);
        if (found !== undefined) return found;
        await new Promise<void>((resolve) => waiting.push(resolve));
      }
    },
    close: () => abort.abort(),
  };
  return stream;
}

const INITIALIZE = {
  protocolVersion: "2025-06-18",
  capabilities: { elicitation: {}, sampling: {} },
  clientInfo: { name: "raw", version: "1" },
};

export function request(id: string | number, method: string, params?: unknown): JsonRpcMessage {
  return { jsonrpc: "2.0", id, method, ...(params !== undefined && { params }) } as JsonRpcMessage;
}

/** Begins a stateful session; gives the headers that belong to it. */
export async function session(url: string, headers: Record<string, string> = {}): Promise<Record<string, string>> {
  const { headers: answered } = await post(url, request("init", "initialize", INITIALIZE), headers);
  const id = { "mcp-session-id": answered.get("mcp-session-id") ?? "" };
  await post(url, { jsonrpc: "2.0", method: "notifications/initialized" }, { ...headers, ...id });
  return id;
}

/** A request with a chain and a proof, made by hand. */
export async function proven(held: HeldDelegation, message: JsonRpcMessage): Promise<JsonRpcMessage> {
  const { method = "", params = {} } = message;
  const { _meta, ...given } = params as { _meta?: object } & Record<string, unknown>;
  const call =
    method === "tools/call"
      ? { tool: String(given["name"]), arguments: given["arguments"] ?? {} }
      : { tool: `mcp:${method}`, arguments: method.endsWith("/list") ? {} : given };
  const { chain, proof } = await prove(held, { ...call, audience: PAY_SERVER });
  return {
    ...message,
    params: { ...params, _meta: { ..._meta, "dev.hopwise/chain": chain, "dev.hopwise/proof": proof } },
  };
}

/** {@link proven} for a tool call. */
export function provenCall(
  held: HeldDelegation,
  id: string | number,
  name: string,
  args: object = {},
): Promise<JsonRpcMessage> {
  return proven(held, request(id, "tools/call", { name, arguments: args }));
}
