/** Users without agents, who come with an ordinary OAuth token: each request speaks for itself. */
import { connect as connectSocket } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { accessTokenFor, userFromAuth } from "../../examples/finance-team/bob.ts";
import { ISSUER } from "../../examples/finance-team/company.ts";
import {
  callTool,
  clientOf,
  codeOf,
  openStream,
  post,
  provenCall,
  request,
  session,
  textOf,
} from "../support/mcp/client.ts";
import { loosely } from "../support/mcp/loose-transport.ts";
import { emptyServer, type Served, serve, serveHere } from "../support/mcp/server.ts";
import { quietConsole } from "../support/quiet.ts";
import { worldHere } from "../support/world.ts";

const world = await worldHere();
let stateful: Served;
let stateless: Served;
let alice: Record<string, string>;
let bob: Record<string, string>;

quietConsole("log");
beforeAll(async () => {
  const byToken = { userFromAuth: userFromAuth(world.issuerKey) };
  stateful = await serve(world, byToken);
  stateless = await serve(world, { ...byToken, stateless: true });
  alice = { authorization: `Bearer ${await accessTokenFor("alice", world.issuerKey)}` };
  bob = { authorization: `Bearer ${await accessTokenFor("bob", world.issuerKey)}` };
});
afterAll(async () => {
  await Promise.all([stateful.stop(), stateless.stop()]);
});

const read = (id: number, invoice = "INV-9") =>
  request(id, "tools/call", { name: "read_invoice", arguments: { id: invoice } });
const pay = (id: number) =>
  request(id, "tools/call", { name: "send_payment", arguments: { to: "Globex", amount: id, currency: "EUR" } });

describe("a user with an OAuth token", () => {
  it("is decided by the same policies, and recorded as a chain of one", async () => {
    const client = await clientOf(stateless.url, undefined, bob);
    expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(["read_invoice"]);
    expect(textOf(await callTool(client, "read_invoice", { id: "INV-9" }))).toContain("toner");
    expect(codeOf(await callTool(client, "read_invoice", { id: "INV-21" }))).toBe("policy_denied");
    expect((await client.listPrompts()).prompts).toEqual([]);
    expect(stateless.audit.records.at(-2)).toMatchObject({ via: "user", chain: { hops: [{ id: "bob" }] }, tokens: [] });
    await client.close();
  });

  it("never lends a request to another user on the same session, whatever the order", async () => {
    const own = await session(stateful.url, alice);
    const replies = await Promise.all(
      Array.from({ length: 40 }, (_, i) =>
        post(stateful.url, pay(i + 1), { ...own, ...(i % 2 === 0 ? alice : bob) }).then(({ messages }) => messages),
      ),
    );
    for (const [i, [message]] of replies.entries()) {
      expect([i, codeOf(message?.result)]).toEqual([i, i % 2 === 0 ? undefined : "policy_denied"]);
    }
    expect(stateful.payments.map(({ amount }) => amount).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 20 }, (_, i) => i * 2 + 1),
    );
    // The session was alice's; a request without a token is nobody's.
    expect((await post(stateful.url, read(99), own)).messages[0]).toMatchObject({ error: { code: 4301 } });
  });

  it("is told by the headers of each message on the legacy SSE endpoint, not by who opened the stream", async () => {
    const stream = await openStream(stateful.sseUrl, { headers: alice });
    await stream.find(() => true);
    const messages = new URL(/data: (\/messages\S*)/.exec(stream.text)?.[1] ?? "", stateful.sseUrl).href;
    await post(messages, pay(1001), bob);
    await post(messages, pay(1002));
    const before = stateful.payments.length;
    expect(codeOf((await stream.find(({ id }) => id === 1001)).result)).toBe("policy_denied");
    expect(await stream.find(({ id }) => id === 1002)).toMatchObject({ error: { code: 4301 } });
    await post(messages, pay(1), alice);
    expect(textOf((await stream.find(({ id }) => id === 1)).result)).toContain("paid 1 EUR");
    expect(stateful.payments).toHaveLength(before + 1);
    stream.close();
  });
});

describe("a token and a chain in one request", () => {
  const both = async (url: string, user: Record<string, string>) =>
    (await post(url, await provenCall(world.planner, 1, "read_invoice", { id: "INV-9" }), user)).messages[0]?.result;

  it("pass where they speak of the same user, and are refused where they do not", async () => {
    expect(textOf(await both(stateless.url, alice))).toContain("toner");
    expect(codeOf(await both(stateless.url, bob))).toBe("subject_mismatch");
  });

  it("do not turn into the user alone where the chain is broken, lacks its proof, or was used before", async () => {
    const whole = await provenCall(world.researcher, 1, "read_invoice", { id: "INV-9" });
    const meta = whole.params?.["_meta"] as Record<string, string>;
    const { "dev.hopwise/chain": chain, "dev.hopwise/proof": proof } = meta;
    const send = async (_meta: object) =>
      (await post(stateless.url, { ...whole, params: { ...whole.params, _meta } }, alice)).messages[0];
    expect(await send({ "dev.hopwise/chain": chain })).toMatchObject({ error: { code: 4301 } });
    expect(await send({ "dev.hopwise/proof": proof })).toMatchObject({ error: { code: 4301 } });
    expect(await send({ "dev.hopwise/chain": 7, "dev.hopwise/proof": proof })).toMatchObject({ error: { code: 4301 } });
    expect(codeOf((await send({ ...meta, "dev.hopwise/chain": `${chain}x` }))?.result)).toMatch(/^token_/);
    expect(textOf((await send(meta))?.result)).toContain("toner");
    expect(codeOf((await send(meta))?.result)).toBe("proof_replayed");
  });

  it("are refused on the legacy SSE endpoint by a request that hides its headers", async () => {
    const stream = await openStream(stateful.sseUrl);
    await stream.find(() => true);
    const { host, port, pathname, search } = new URL(
      /data: (\/messages\S*)/.exec(stream.text)?.[1] ?? "",
      stateful.sseUrl,
    );
    const body = JSON.stringify(await provenCall(world.planner, 7, "read_invoice", { id: "INV-9" }));
    const socket = connectSocket(Number(port), "127.0.0.1");
    // HTTP/1.0 needs no Host, and mcp-proxy tells the headers only where it has one.
    socket.write(
      `POST ${pathname}${search} HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nAuthorization: ${bob["authorization"]}\r\n\r\n${body}`,
    );
    expect(host).toBeTruthy();
    expect(codeOf((await stream.find(({ id }) => id === 7)).result)).toBe("authentication_failed");
    socket.destroy();
    stream.close();
  });
});

describe("without userFromAuth, or without a request to ask about", () => {
  it("a token is not looked at", async () => {
    const served = await serveHere(world, { stateless: true });
    expect((await post(served.url, read(1), alice)).messages[0]).toMatchObject({ error: { code: 4301 } });
  });

  it("it is not asked: on a transport that has no headers there is no user", async () => {
    const { authorizer } = world.authorizer();
    let asked = 0;
    const server = emptyServer(authorizer, {
      userFromAuth: () => {
        asked++;
        return { issuer: ISSUER, subject: "alice" };
      },
    });
    const loose = await loosely(server);
    loose.say(request(1, "tools/list"));
    expect((await loose.answer(1)).error).toMatchObject({ code: 4301 });
    expect(asked).toBe(0);
  });
});

describe("where userFromAuth", () => {
  const answering = (answer: (request: { headers: Headers }) => unknown) =>
    serveHere(world, { stateless: true, userFromAuth: answer as never });

  it("throws or rejects, the request is denied, and what it threw stays inside", async () => {
    for (const fault of [
      () => {
        throw new Error("the secret of it");
      },
      () => Promise.reject(new Error("the secret of it")),
      () => Promise.reject("the secret of it"),
    ]) {
      const { url } = await answering(fault);
      const call = await post(url, read(1), alice);
      expect(codeOf(call.messages[0]?.result)).toBe("authentication_failed");
      const list = await post(url, request(2, "tools/list"), alice);
      expect(list.messages[0]).toMatchObject({ error: { code: 4303, data: { code: "authentication_failed" } } });
      expect(call.text + list.text).not.toContain("secret");
      // A good chain does not help: who authenticated the request cannot be told.
      const proven = await post(url, await provenCall(world.planner, 1, "read_invoice", { id: "INV-9" }));
      expect(codeOf(proven.messages[0]?.result)).toBe("authentication_failed");
    }
  });

  it("gives nothing, null, or something that is no user, the request is denied", async () => {
    for (const nobody of [undefined, null]) {
      const { url } = await answering(() => nobody);
      expect((await post(url, read(1), alice)).messages[0]).toMatchObject({ error: { code: 4301 } });
    }
    for (const strange of [{}, { subject: "alice" }, { issuer: ISSUER, subject: "" }, "alice", true, [], () => {}]) {
      const { url } = await answering(() => strange);
      expect(JSON.stringify((await post(url, read(1), alice)).messages)).toContain("authentication_failed");
    }
    const { url } = await answering(() => ({ issuer: ISSUER, subject: "mallory" }));
    expect((await post(url, read(1), alice)).messages[0]?.result?.["isError"]).toBe(true);
  });

  it("never answers, the request is denied within the deadline", async () => {
    const { url } = await answering(() => new Promise(() => {}));
    expect(JSON.stringify((await post(url, read(1), alice)).messages)).toContain("guard_failed");
  });

  it("changes the headers it was given, the next request is judged by its own all the same", async () => {
    const held: (string | null)[] = [];
    const { url } = await answering(({ headers }) => {
      held.push(headers.get("authorization"));
      headers.set("authorization", "changed");
      return undefined;
    });
    await post(url, [read(1), read(2)], alice);
    expect(held).toEqual([alice["authorization"], alice["authorization"]]);
  });
});
