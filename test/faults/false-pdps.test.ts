import { connectPdp, resilient } from "@hopwise/cerbos";
import { describe, expect, it } from "vitest";
import { freePort } from "../../packages/cerbos/src/testing/free-port.ts";
import { plainClient } from "../../packages/cerbos/src/testing/remote-pdp.ts";
import { denied } from "../support/calls.ts";
import { worldHere } from "../support/world.ts";
import { answeringHttp2, babbling, frame, withMessage } from "./false-pdps.ts";
import { callMany, company, pay, QUICK, sessionsIn } from "./remote.ts";

const world = await worldHere();

const sessionOn = sessionsIn(() => world);

/** Whatever is not a PDP. A frame says how long it is; the last one says four gigabytes and holds nothing. */
const NO_PDP: readonly (readonly [what: string, start: () => Promise<string>])[] = [
  ["hangs up at once", () => babbling("")],
  ["speaks another protocol", () => babbling("220 mail.example.com ESMTP\r\n")],
  ["answers with a web page", () => babbling("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")],
  ["sends HTTP/2 frames that are none", () => babbling(Buffer.alloc(4096, 0xff))],
  ["sends an HTTP/2 frame without end", () => babbling(Buffer.from("ffffff0000000000", "hex"))],
  [
    "answers a call with a web page over HTTP/2",
    () =>
      answeringHttp2((stream) => {
        stream.respond({ ":status": 200, "content-type": "text/html" });
        stream.end("<h1>ok</h1>");
      }),
  ],
  [
    "redirects",
    () => answeringHttp2((stream) => stream.respond({ ":status": 302, location: "/" }, { endStream: true })),
  ],
  ["resets each call", () => answeringHttp2((stream) => stream.close(2))],
  ["never answers a call", () => answeringHttp2(() => {})],
  [
    "says that all is well, and nothing else",
    () => answeringHttp2(withMessage(Buffer.alloc(0), () => Buffer.alloc(0))),
  ],
  ["answers with an empty message", () => answeringHttp2(withMessage(Buffer.alloc(0)))],
  ["answers with bytes that are no message", () => answeringHttp2(withMessage(Buffer.alloc(64, 0xff)))],
  ["answers with half a frame", () => answeringHttp2(withMessage(Buffer.alloc(64), (it) => frame(it).subarray(0, 20)))],
  ["answers with a frame that is far too long", () => answeringHttp2(withMessage(Buffer.alloc(0), endless))],
  ["answers with a status that nobody knows", () => answeringHttp2(withMessage(Buffer.alloc(0), frame, "99"))],
];

function endless(): Buffer {
  return Buffer.from("00ffffffff", "hex");
}

describe("somebody at the address of the policy decision point who", () => {
  it.each(NO_PDP)("%s gets nothing allowed and nothing listed, and breaks nothing", async (_, start) => {
    const cerbos = resilient(plainClient(await start()), QUICK);
    const session = await sessionOn(cerbos, 300);
    const codes = new Set(await callMany(session, 8));
    for (const code of codes) expect(code).toMatch(/^policy_(unavailable|inconclusive)$/);
    const list = await session.list([{ tool: "send_payment" }]);
    expect(denied(list).code).toMatch(/^policy_(unavailable|inconclusive)$/);
  });

  it("answers one question with another one's answer gets nothing allowed", async () => {
    const remote = await company();
    const invoice = await recordAnswer(remote.port);
    const cerbos = resilient(plainClient(await answeringHttp2(withMessage(invoice))), QUICK);
    expect(denied(await (await sessionOn(cerbos)).authorize(pay))).toMatchObject({ code: "policy_inconclusive" });
  });

  it("answers in place of an absent one is refused at the start, too", async () => {
    const targets = await babbling("220 mail.example.com ESMTP\r\n");
    await expect(connectPdp({ targets, startTimeoutMs: 300 })).rejects.toMatchObject({ code: "pdp_missing" });
  });
});

describe("nobody at any address at the start", () => {
  it("is an error with the targets in it, within the time that was given", async () => {
    const targets = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`];
    const error = await connectPdp({ targets, startTimeoutMs: 200 }).catch((fault: unknown) => fault);
    expect(error).toMatchObject({ name: "HopwiseError", code: "pdp_missing" });
    for (const target of targets) expect((error as Error).message).toContain(target);
  });
});

/** The bytes that the real PDP answers when it is asked whether alice may read an invoice. */
async function recordAnswer(port: number): Promise<Buffer> {
  const client = plainClient(`127.0.0.1:${port}`);
  const inside = client as unknown as { client: { makeUnaryRequest(...args: unknown[]): unknown } };
  let recorded = Buffer.alloc(0);
  const call = inside.client.makeUnaryRequest.bind(inside.client);
  inside.client.makeUnaryRequest = (path, write, read, ...rest) =>
    call(
      path,
      write,
      (bytes: Buffer) => {
        recorded = Buffer.from(bytes);
        return (read as (bytes: Buffer) => unknown)(bytes);
      },
      ...rest,
    );
  const session = await sessionOn(client);
  await session.authorize({ tool: "read_invoice", arguments: { id: "INV-7" } });
  return recorded;
}
