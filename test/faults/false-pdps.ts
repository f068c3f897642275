/** What stands at a PDP's address and is none, or only half of one. */
import { createServer as createHttp2, type IncomingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import { type AddressInfo, connect as connectTcp, createServer, type Server, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { onTestFinished } from "vitest";

/** Listens until the test ends, and says where. */
async function listen(server: Server, open: ReadonlySet<{ destroy(): void }>): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    for (const connection of open) connection.destroy();
    server.close();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Says these bytes to whoever connects, and again to whatever they say; with nothing to say it hangs up. */
export function babbling(bytes: string | Buffer): Promise<string> {
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket.on("error", () => {}));
    if (bytes.length === 0) socket.destroy();
    else socket.on("data", () => socket.write(bytes)).write(bytes);
  });
  return listen(server, open);
}

/** Speaks HTTP/2, and answers every call with this. */
export async function answeringHttp2(answer: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void) {
  const open = new Set<{ destroy(): void }>();
  const server = createHttp2().on("session", (session) => open.add(session.on("error", () => {})));
  server.on("stream", (stream, headers) => {
    stream.on("error", () => {});
    answer(stream, headers);
  });
  return listen(server as unknown as Server, open);
}

const GRPC_HEADERS = { ":status": 200, "content-type": "application/grpc+proto" };

/** A gRPC answer with this message, well framed unless `framed` frames it otherwise. */
export const withMessage =
  (message: Buffer, framed: (message: Buffer) => Buffer = frame, status = "0") =>
  (stream: ServerHttp2Stream): void => {
    stream.respond(GRPC_HEADERS, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": status }));
    stream.end(framed(message));
  };

/** Five bytes before a message: not compressed, and how long it is. */
export function frame(message: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

/** The way to a PDP, which takes its time: each piece of an answer is this late. */
export interface SlowWay {
  readonly target: string;
  lateMs: number;
  /** Where the next connection leads. */
  port: number;
}

export async function slowWay(port: number): Promise<SlowWay> {
  const open = new Set<Socket>();
  const server = createServer((inner) => {
    const outer = connectTcp(way.port, "127.0.0.1");
    for (const socket of [inner, outer]) open.add(socket.on("error", () => {}));
    inner.pipe(outer).on("close", () => inner.destroy());
    let order = Promise.resolve();
    outer.on("data", (piece) => {
      order = order.then(() => delay(way.lateMs)).then(() => void inner.write(piece));
    });
  });
  const way = { target: await listen(server, open), lateMs: 0, port };
  return way;
}
