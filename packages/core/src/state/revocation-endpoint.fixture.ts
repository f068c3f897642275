import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export type Handler = (request: Request) => Promise<Response>;
/** What the server does in the place of its handler. */
export type Fault = (response: ServerResponse, request: IncomingMessage) => void;

/** An endpoint behind real HTTP, whose answers can be made to fail. */
export interface Served {
  readonly url: string;
  /** What it does instead of answering; undefined: it answers. */
  fault: Fault | undefined;
  /** Every answer that went out, the last one last. */
  readonly answers: string[];
  /** The queries that came. */
  readonly asked: string[];
  close(): Promise<void>;
}

/** Serves a handler as `node:http` does. */
export async function serve(handler: () => Handler): Promise<Served> {
  const server: Server = createServer();
  const served: Served = {
    url: "",
    fault: undefined,
    answers: [],
    asked: [],
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  server.on("request", (request, response) => {
    served.asked.push(new URL(request.url ?? "/", "http://host").search);
    if (served.fault !== undefined) served.fault(response, request);
    else void respond(handler(), request, response, served);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return Object.assign(served, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/revocations` });
}

async function respond(
  handler: Handler,
  request: IncomingMessage,
  response: ServerResponse,
  { answers }: Served,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const { method = "GET" } = request;
  const answer = await handler(
    new Request(`http://127.0.0.1${request.url}`, {
      method,
      headers: request.headers as Record<string, string>,
      ...(method === "POST" && { body: Buffer.concat(chunks) }),
    }),
  );
  const body = await answer.text();
  answers.push(body);
  response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(body);
}
