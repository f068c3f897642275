/** A web server between an MCP client and a server: reads what passes, drops what it is told to, or answers itself. */
import type { IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import type { JsonRpcMessage } from "@hopwise/mcp";
import { claimsOf } from "../forge.ts";
import { webServer } from "../web-server.ts";

export interface Front {
  readonly url: string;
  /** Every message that came, in order. */
  readonly messages: readonly JsonRpcMessage[];
  /** The proofs of the calls of tools that came, as claims. */
  readonly proofs: () => readonly { readonly [claim: string]: unknown }[];
}

/**
 * What is done with a message: passed on, lost on the way there, lost on the way back (by a failure, a stream that ends, or one that
 * breaks), or answered here with a result.
 */
export type Fate = "pass" | "lose" | LostAnswer | { readonly result: object };
type LostAnswer = "lose the answer" | "end the stream" | "break the stream";

/** @param target the server that it leads to; empty where nobody is behind it */
export async function front(target: string, fateOf: (message: JsonRpcMessage) => Fate = () => "pass"): Promise<Front> {
  const messages: JsonRpcMessage[] = [];
  const { url } = await webServer((request, response) => {
    const answer = async (): Promise<void> => {
      if (request.method !== "POST") return void response.writeHead(405).end();
      const body = await text(request);
      const message = JSON.parse(body) as JsonRpcMessage;
      messages.push(message);
      if (target === "" && message.id === undefined) return void response.writeHead(202).end();
      const fate = fateOf(message);
      if (typeof fate === "object") {
        response.setHeader("content-type", "application/json");
        return void response.end(JSON.stringify({ jsonrpc: "2.0", id: message.id, result: fate.result }));
      }
      if (fate === "lose") return void response.writeHead(503).end();
      const passed = await fetch(target, { method: "POST", body, headers: headersOf(request) });
      const passedBody = await passed.text();
      if (fate === "lose the answer") return void response.writeHead(503).end();
      if (fate !== "pass") {
        const part = passedBody.slice(0, passedBody.indexOf("data:") + 20);
        response
          .writeHead(200, { "content-type": "text/event-stream" })
          .write(fate === "end the stream" ? ": so far\n\n" : part);
        return void setTimeout(() => (fate === "end the stream" ? response.end() : response.destroy()), 20);
      }
      for (const name of ["content-type", "mcp-session-id"]) {
        const value = passed.headers.get(name);
        if (value !== null) response.setHeader(name, value);
      }
      response.writeHead(passed.status).end(passedBody);
    };
    answer().catch((error: unknown) => response.writeHead(500).end(String(error)));
  });
  return {
    url: `${url}/mcp`,
    messages,
    proofs: () =>
      messages
        .filter(({ method }) => method === "tools/call")
        .map(({ params }) => (params?.["_meta"] ?? {}) as { readonly "dev.hopwise/proof"?: string })
        .map((meta) => claimsOf(meta["dev.hopwise/proof"] ?? "")),
  };
}

function headersOf({ headers }: IncomingMessage): Record<string, string> {
  const kept = ["accept", "content-type", "mcp-protocol-version", "mcp-session-id", "authorization"];
  return Object.fromEntries(kept.flatMap((name) => (typeof headers[name] === "string" ? [[name, headers[name]]] : [])));
}
