import { cpSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type ConnectedPdp, type ConnectPdpOptions, connectPdp, type PdpWarning, resilient } from "@hopwise/cerbos";
import type { PolicyDecisionPoint, Session } from "@hopwise/core";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { freePort } from "../../packages/cerbos/src/testing/free-port.ts";
import { plainClient, type RemotePdp, remotePdp } from "../../packages/cerbos/src/testing/remote-pdp.ts";
import { until } from "../../packages/cerbos/src/testing/until.ts";
import { denied, GOOD, paymentTool } from "../support/calls.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { createWorld, type World } from "../support/world.ts";
import { answeringHttp2, babbling, frame, slowWay, withMessage } from "./false-pdps.ts";

const COMPANY = fileURLToPath(new URL("../../policies", import.meta.url));
/** A binary of Cerbos 0.51.0, which .ci/run brings along: 90 MB that nobody else needs. */
const OLD_CERBOS = process.env["HOPWISE_CERBOS_0_51"];

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.pdp.close());

const pay = { tool: "send_payment", arguments: GOOD };
const company = (): Promise<RemotePdp> => remotePdp({ policies: COMPANY });

/** Quick to give up and quick to come back, so that tests are. */
const QUICK = { faultsInARow: 3, restMs: 50 } as const;

async function connected(...targets: readonly string[]): Promise<ConnectedPdp> {
  return connectedWith({ targets });
}

async function connectedWith(options: ConnectPdpOptions): Promise<ConnectedPdp> {
  const pdp = await connectPdp({ ...QUICK, ...options });
  onTestFinished(() => pdp.close());
  return pdp;
}

const sessionOn = (cerbos: PolicyDecisionPoint, deadlineMs = 5000): Promise<Session> =>
  world.authorizer({ cerbos, deadlineMs }).authorizer.openSession(world.planner);

/** Every one of some calls, in rows of four at once. */
async function callMany(session: Session, times: number): Promise<readonly string[]> {
  const codes: string[] = [];
  for (let i = 0; i < times; i += 4) {
    const decisions = await Promise.all([1, 2, 3, 4].map(() => session.authorize(pay)));
    codes.push(...decisions.map((it) => (it.outcome === "allowed" ? "allowed" : denied(it).code)));
  }
  return codes;
}

const recovers = (session: Session): Promise<void> =>
  until(async () => (await session.authorize(pay)).outcome === "allowed");

/** A list is an error here, and neither empty nor a guess. */
async function expectNoList(session: Session): Promise<void> {
  expect(denied(await session.list([{ tool: "send_payment" }]))).toMatchObject({
    code: "policy_unavailable",
    retryable: true,
  });
}

describe("one policy decision point elsewhere", () => {
  it("that is killed under load: each call is allowed, or denied as unavailable; after a restart all is as before", async () => {
    const remote = await company();
    const { client } = await connected(remote.target);
    const { authorizer } = world.authorizer({ cerbos: client });
    const payment = await paymentTool(authorizer, world.planner);
    const session = await sessionOn(client);
    const calls = Array.from({ length: 40 }, (_, i) => payment.call({ ...GOOD, amount: i + 1 }));
    await Promise.race(calls);
    await remote.signal("SIGKILL");
    const answers = await Promise.all([...calls, payment.call()]);
    const paid = answers.filter((answer) => answer === "paid").length;
    expect(answers.filter((answer) => answer.includes("policy_unavailable"))).toHaveLength(41 - paid);
    expect(payment.runs).toHaveLength(paid);
    expect(await callMany(session, 8)).toEqual(Array(8).fill("policy_unavailable"));
    await expectNoList(session);
    await remote.start();
    await recovers(session);
    expect(await session.list([{ tool: "send_payment" }])).toMatchObject({ outcome: "listed", shown: [true] });
  });

  it("that hangs is left alone after some calls, and asked again by itself when it goes on", async () => {
    const remote = await company();
    const changes: boolean[] = [];
    const { client } = await connectedWith({
      targets: remote.target,
      restMs: 300,
      patienceMs: 100,
      onChange: ({ up }) => changes.push(up),
    });
    const session = await sessionOn(client, 150);
    await remote.signal("SIGSTOP");
    expect(await callMany(session, 8)).toEqual(Array(8).fill("policy_unavailable"));
    expect(changes).toEqual([false]);
    expect(denied(await session.authorize(pay)).message).toContain("left alone");
    await expectNoList(session);
    await remote.signal("SIGCONT");
    await recovers(session);
    expect(changes.at(-1)).toBe(true);
  });

  it("that is slower than the deadline denies, and allows again when it is quicker", async () => {
    const way = await slowWay((await company()).port);
    const { client } = await connected(way.target);
    const session = await sessionOn(client, 200);
    await recovers(session);
    way.lateMs = 400;
    expect(await callMany(session, 4)).toEqual(Array(4).fill("policy_unavailable"));
    await expectNoList(session);
    way.lateMs = 0;
    await recovers(session);
  });

  it("that loses its policies is no policy that denies, nor an empty list, and is asked when it has them again", async () => {
    const policies = temporaryFolder();
    cpSync(COMPANY, policies, { recursive: true });
    const remote = await remotePdp({ policies });
    const { client } = await connected(remote.target);
    const session = await sessionOn(client);
    await recovers(session);
    for (const name of readdirSync(policies)) rmSync(join(policies, name), { recursive: true });
    await until(async () => (await session.authorize(pay)).outcome === "denied");
    await until(async () => denied(await session.authorize(pay)).code === "policy_unavailable");
    await expectNoList(session);
    cpSync(COMPANY, policies, { recursive: true });
    await recovers(session);
  });

  it("that has no policy for one kind still denies that kind by policy, and lists the rest", async () => {
    const { client } = await connected((await company()).target);
    const tools = {
      send_payment: { kind: "payment", action: "send" },
      read_invoice: { kind: "nowhere", action: "read" },
    };
    const { authorizer } = world.authorizer({ cerbos: client, tools, delegation: "grants-only" });
    const session = await authorizer.openSession(world.planner);
    const call = { tool: "read_invoice", arguments: { id: "INV-7" } };
    expect(denied(await session.authorize(call)).code).toBe("policy_denied");
    const list = await session.list([{ tool: "send_payment" }, { tool: "read_invoice" }]);
    expect(list).toMatchObject({ outcome: "listed", shown: [true, false] });
  });
});

describe("a policy decision point that is replaced", () => {
  it.skipIf(OLD_CERBOS === undefined)("by Cerbos 0.51.0 decides on, and what that version lacks is told", async () => {
    const remote = await company();
    const heard: PdpWarning[] = [];
    const { client } = await connectedWith({ targets: remote.target, onWarning: (it) => heard.push(it) });
    const session = await sessionOn(client);
    await recovers(session);
    await remote.signal("SIGKILL");
    await callMany(session, 8);
    await remote.start({ binary: OLD_CERBOS as string, strictEvaluation: false });
    await recovers(session);
    await until(() => heard.length > 0);
    expect(heard.map(({ code, target }) => [code, target])).toEqual([
      ["failed_rules_unseen", remote.target],
      ["strict_evaluation_off", remote.target],
    ]);
    const tooMuch = { tool: "send_payment", arguments: { ...GOOD, amount: 9000 } };
    expect(denied(await session.authorize(tooMuch))).toMatchObject({ code: "policy_denied", hop: 0 });
  });
});

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

describe("of two policy decision points", () => {
  it("one is killed under load, and no call is lost; both are gone, and each is denied; one is back, and all is well", async () => {
    const [first, second] = [await company(), await company()];
    const session = await sessionOn((await connected(first.target, second.target)).client);
    const calls = callMany(session, 60);
    await session.authorize(pay);
    await first.signal("SIGKILL");
    expect(await calls).toEqual(Array(60).fill("allowed"));
    expect(await callMany(session, 20)).toEqual(Array(20).fill("allowed"));
    expect(await session.list([{ tool: "send_payment" }])).toMatchObject({ outcome: "listed", shown: [true] });
    await second.signal("SIGKILL");
    expect(await callMany(session, 20)).toEqual(Array(20).fill("policy_unavailable"));
    await expectNoList(session);
    await first.start();
    await recovers(session);
  });

  it("one hangs, and no call is lost", async () => {
    const [first, second] = [await company(), await company()];
    const changes: string[] = [];
    const { client } = await connectedWith({
      targets: [first.target, second.target],
      onChange: ({ target, up }) => changes.push(`${target} ${up}`),
    });
    const session = await sessionOn(client, 10_000);
    await first.signal("SIGSTOP");
    expect(await callMany(session, 40)).toEqual(Array(40).fill("allowed"));
    expect(changes[0]).toBe(`${first.target} false`);
    await first.signal("SIGCONT");
    await until(async () => {
      await session.authorize(pay);
      return changes.at(-1) === `${first.target} true`;
    });
    await second.signal("SIGSTOP");
    expect(await callMany(session, 40)).toEqual(Array(40).fill("allowed"));
  });

  it("one after the other is restarted, as an update does, and no call is lost", async () => {
    const both = [await company(), await company()];
    const changes: string[] = [];
    const { client } = await connectedWith({
      targets: both.map(({ target }) => target),
      onChange: ({ target, up }) => changes.push(`${target} ${up}`),
    });
    const session = await sessionOn(client);
    let done = false;
    const codes = new Set<string>();
    const load = (async () => {
      while (!done) for (const code of await callMany(session, 4)) codes.add(code);
    })();
    for (const { signal, start, target } of both) {
      await signal("SIGTERM");
      await until(() => changes.at(-1) === `${target} false`);
      await start();
      await until(() => changes.at(-1) === `${target} true`);
    }
    done = true;
    await load;
    expect([...codes]).toEqual(["allowed"]);
  });

  it("one speaks nonsense, and no call is lost", async () => {
    const nonsense = await answeringHttp2(withMessage(Buffer.alloc(64, 0xff)));
    const session = await sessionOn((await connected(nonsense, (await company()).target)).client);
    expect(await callMany(session, 20)).toEqual(Array(20).fill("allowed"));
  });

  it("one never had policies, and no call is lost", async () => {
    const empty = temporaryFolder();
    const [bare, whole] = [await remotePdp({ policies: empty }), await company()];
    const session = await sessionOn((await connected(bare.target, whole.target)).client);
    expect(await callMany(session, 20)).toEqual(Array(20).fill("allowed"));
    expect(await session.list([{ tool: "send_payment" }])).toMatchObject({ outcome: "listed", shown: [true] });
  });

  it("one never had policies, and no list by listing actions is empty", async () => {
    const empty = temporaryFolder();
    const [bare, whole] = [await remotePdp({ policies: empty }), await company()];
    const { client } = await connected(bare.target, whole.target);
    const listed = { action: "get", id: "monthly-report", attributes: { args: { name: "monthly-report" } } };
    const tools = { send_payment: { kind: "mcp_prompt", action: "get", list: () => listed } };
    const { authorizer } = world.authorizer({ cerbos: client, tools });
    const session = await authorizer.openSession(world.planner);
    for (let i = 0; i < 8; i++) {
      expect(await session.list([{ tool: "send_payment" }])).toMatchObject({ outcome: "listed", shown: [true] });
    }
  });

  it("one was absent at the start, is told, and is asked when it is there", async () => {
    const [absent, present] = [await company(), await company()];
    await absent.signal("SIGKILL");
    const { client, warnings } = await connected(absent.target, present.target);
    expect(warnings.map(({ code, target }) => [code, target])).toEqual([["target_absent", absent.target]]);
    const session = await sessionOn(client);
    expect(await callMany(session, 8)).toEqual(Array(8).fill("allowed"));
    await absent.start();
    await present.signal("SIGKILL");
    await recovers(session);
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
