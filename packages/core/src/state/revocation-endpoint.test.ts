import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { HopwiseError } from "../errors.ts";
import { parseDelegation, type SignedRevocation, signRevocation } from "../token/index.ts";
import { createWorld, errorOf, hashOf, NOW, type World } from "../world.fixture.ts";
import { acceptRevocations } from "./accept-revocations.ts";
import { type MemoryState, memoryState } from "./memory.ts";
import { type Served, serve } from "./revocation-endpoint.fixture.ts";
import { type FeedOptions, type RevocationEndpointOptions, revocationEndpoint } from "./revocation-endpoint.ts";

const LOG = "https://revocations.acme.example";
const clock = (): number => NOW * 1000;

let world: World;
let served: Served;
let state: MemoryState;
let handler: ReturnType<typeof revocationEndpoint>;
beforeAll(async () => {
  world = await createWorld();
  served = await serve(() => handler);
});
afterAll(() => served.close());
beforeEach(() => {
  state = memoryState({ since: 0, clock });
  handler = revocationEndpoint({
    accept: acceptRevocations({ trust: [world.anchor], audience: LOG, state, clock }),
    feed: { state, signer: world.issuer, audience: LOG, clock, mayRead: (request) => request.headers.get("x") === "1" },
    maxBytes: 16_384,
  });
});

async function signed(): Promise<SignedRevocation> {
  const delegation = await parseDelegation(await world.root());
  return signRevocation({ signer: world.planner, of: { delegation }, audience: LOG, clock });
}

async function post(body: string, headers: Record<string, string> = { "content-type": "application/json" }) {
  const response = await fetch(served.url, { method: "POST", body, headers });
  return { status: response.status, body: (await response.json()) as unknown };
}

describe("the endpoint", () => {
  it("takes a signed revocation, once it is kept, and knows it a second time", async () => {
    const sent = JSON.stringify(await signed());
    const token = await hashOf(await world.root());
    expect(await post(sent)).toEqual({ status: 200, body: { outcome: "revoked", target: { token } } });
    expect(state.revocations.list()).toHaveLength(1);
    expect(await post(sent)).toEqual({ status: 409, body: { code: "proof_replayed" } });
  });

  it("signs no page by a clock that gives no time: that is an outage, and no fault of who asks", async () => {
    const feed = { state, signer: world.issuer, audience: LOG, mayRead: () => true, clock: () => Number.NaN };
    const answer = await revocationEndpoint({ feed })(new Request(served.url));
    expect([answer.status, await answer.json()]).toEqual([503, { code: "state_unavailable" }]);
  });

  it.each<[string, string, Record<string, string>, number]>([
    ["a form", "revocation=x", { "content-type": "application/x-www-form-urlencoded" }, 415],
    ["plain text, as any page may send it", "{}", { "content-type": "text/plain" }, 415],
    ["no JSON", "{", { "content-type": "application/json" }, 400],
    ["JSON that is none of it", "[]", { "content-type": "application/json; charset=utf-8" }, 400],
    ["nothing", "null", { "content-type": "application/json" }, 400],
    ["a member more", '{"revocation":"x","more":1}', { "content-type": "application/json" }, 400],
    ["a statement that is none", '{"revocation":"x"}', { "content-type": "application/json" }, 400],
    ["too much", JSON.stringify({ revocation: "x".repeat(20_000) }), { "content-type": "application/json" }, 413],
  ])("refuses %s, by a code", async (_, body, headers, status) => {
    const answer = await post(body, headers);
    expect(answer).toMatchObject({ status, body: { code: expect.stringMatching(/^token_/) } });
  });

  it("says what a request must be like to whom sends another form, and nothing of what came", async () => {
    const form = { code: "token_malformed", expected: expect.stringMatching(/application\/json.*signRevocation/) };
    expect(await post("hunter2", {})).toEqual({ status: 415, body: form });
    for (const body of ["hunter2", "[]", '{"hunter2":1}', JSON.stringify((await signed()).revocation)]) {
      expect(await post(body)).toEqual({ status: 400, body: form });
    }
  });

  it("stops reading a body that does not say how long it is", async () => {
    let pulled = 0;
    const body = new ReadableStream({
      pull: (controller) => {
        pulled++;
        controller.enqueue(new Uint8Array(4096).fill(32));
      },
    });
    const request = new Request("http://h/", {
      method: "POST",
      body,
      headers: { "content-type": "application/json" },
      duplex: "half",
    } as RequestInit);
    expect((await handler(request)).status).toBe(413);
    expect(pulled).toBeLessThan(10);
  });

  it.each([
    ["POST", "application/json", 503],
    ["POST", "text/plain", 415],
    ["PUT", "application/json", 405],
  ])("does not wait for a body that never comes, and lets it go: %s of %s", async (method, type, status) => {
    const impatient = revocationEndpoint({ accept: async () => ({}) as never, deadlineMs: 20 });
    let left = 0;
    const body = new ReadableStream({ pull: () => new Promise(() => {}), cancel: () => void left++ });
    const headers = { "content-type": type };
    const request = new Request("http://h/", { method, body, headers, duplex: "half" } as RequestInit);
    expect([(await impatient(request)).status, left]).toEqual([status, 1]);
  });

  it("tells a stranger apart from a fault, and neither what is wrong in words", async () => {
    const { revocation } = await signed();
    const mallory = await signRevocation({
      signer: world.mallory,
      as: { issuer: world.anchor.issuer, kid: "k1" },
      of: { agent: "planner" },
      audience: LOG,
      clock,
    });
    expect((await post(JSON.stringify({ revocation }))).status).toBe(403);
    expect(await post(JSON.stringify(mallory))).toEqual({ status: 400, body: { code: "token_signature_invalid" } });
    await state.close();
    expect(await post(JSON.stringify(await signed()))).toEqual({ status: 503, body: { code: "state_unavailable" } });
  });

  it("gives the log to who may read it, and to nobody else", async () => {
    const get = (headers: Record<string, string>, query = "") => fetch(`${served.url}${query}`, { headers });
    expect((await get({})).status).toBe(403);
    const page = await get({ x: "1" });
    expect([page.status, page.headers.get("content-type"), page.headers.get("cache-control")]).toEqual([
      200,
      "application/jwt",
      "no-store",
    ]);
    expect((await get({ x: "1" }, `?since=${"h".repeat(513)}`)).status).toBe(400);
    handler = revocationEndpoint({
      feed: {
        state,
        signer: world.issuer,
        audience: LOG,
        mayRead: () => {
          throw new Error("hunter2");
        },
      },
    });
    const failed = await get({ x: "1" });
    expect([failed.status, await failed.text()]).toEqual([503, '{"code":"state_unavailable"}']);
  });

  it("serves nothing that it was not given", async () => {
    for (const [made, method] of [
      [revocationEndpoint({}), "POST"],
      [revocationEndpoint({}), "GET"],
    ] as const) {
      handler = made;
      const response = await fetch(served.url, { method });
      expect([response.status, response.headers.get("allow")]).toEqual([405, ""]);
    }
  });
});

describe("the endpoint, without a server", () => {
  const never = new Promise<never>(() => {});
  const feedOf = (more: Partial<FeedOptions> = {}): FeedOptions => ({
    state,
    signer: world.issuer,
    audience: LOG,
    mayRead: () => true,
    clock,
    ...more,
  });
  const ask = async (options: RevocationEndpointOptions, query = "", method = "GET", body?: object) => {
    const request = new Request(`http://h/${query}`, {
      method,
      headers: { "content-type": "application/json" },
      ...(body && { body: JSON.stringify(body) }),
    });
    const response = await revocationEndpoint(options)(request);
    const text = await response.text();
    const { status, headers } = response;
    return { status, allow: headers.get("allow"), text, body: text.startsWith("{") ? JSON.parse(text) : undefined };
  };
  const payloadOf = (text: string) => JSON.parse(Buffer.from(text.split(".")[1] as string, "base64url").toString());
  const post = (accept: RevocationEndpointOptions["accept"], body: object = { revocation: "x" }, deadlineMs = 5000) =>
    ask({ accept: accept as never, deadlineMs }, "", "POST", body);

  it("says by which methods it is asked", async () => {
    const accept = async () => never;
    for (const [options, allow] of [
      [{ accept }, "POST"],
      [{ feed: feedOf() }, "GET"],
      [{ accept, feed: feedOf() }, "GET, POST"],
      [{}, ""],
    ] as const) {
      expect(await ask(options, "", "PUT")).toMatchObject({ status: 405, allow, body: { code: "method_unguarded" } });
    }
    expect((await ask({ accept })).status).toBe(405);
    expect((await ask({ feed: feedOf() }, "", "POST", {})).status).toBe(405);
  });

  it("hands on what was sent, and answers with what came of it and nothing more", async () => {
    const sent: unknown[] = [];
    const accept = async (one: unknown) => {
      sent.push(one);
      return { outcome: "known", target: { agent: "planner" }, by: { operator: "hunter2" } } as const;
    };
    for (const body of [{ revocation: "x" }, { revocation: "x", evidence: "y" }]) {
      expect(await post(accept, body)).toMatchObject({ status: 200 });
      expect((await post(accept, body)).body).toStrictEqual({ outcome: "known", target: { agent: "planner" } });
      expect(sent.at(-1)).toStrictEqual(body);
    }
    for (const body of [{ evidence: "y" }, { revocation: 7 }, { revocation: "x", evidence: "y", more: 1 }]) {
      expect((await post(accept, body)).status).toBe(400);
    }
    expect(sent).toHaveLength(4);
  });

  it.each([
    ["state_unavailable", 503],
    ["guard_failed", 503],
    ["issuer_keys_unavailable", 503],
    ["issuer_key_unknown", 503],
    ["signing_failed", 503],
    ["proof_replayed", 409],
    ["revocation_refused", 403],
    ["audience_mismatch", 403],
    ["token_untrusted_issuer", 403],
    ["token_expired", 400],
  ] as const)("answers what is refused with %s by that code alone, and %d", async (code, status) => {
    const answer = await post(() => Promise.reject(new HopwiseError(code, "hunter2", { pointer: "/hunter2" })));
    expect([answer.status, answer.body]).toEqual([status, { code }]);
  });

  it("answers 503 where something fails, or takes longer than its deadline", async () => {
    const unavailable = [503, { code: "state_unavailable" }];
    for (const accept of [() => Promise.reject(new Error("hunter2")), () => never]) {
      const { status, body } = await post(accept, undefined, 20);
      expect([status, body]).toEqual(unavailable);
    }
    const { status, body } = await ask({ feed: feedOf({ mayRead: () => never }), deadlineMs: 20 });
    expect([status, body]).toEqual(unavailable);
  });

  it("lets nobody read by anything but true", async () => {
    for (const yes of [false, 1, "true", undefined]) {
      const { status, body } = await ask({ feed: feedOf({ mayRead: async () => yes as never }) });
      expect([status, body]).toEqual([403, { code: "authentication_failed" }]);
    }
  });

  it("gives a page from the head that is asked for, or all of it where the log has no such head", async () => {
    state.revocations.revoke({ agent: "planner" });
    const feed = feedOf({ clock: () => NOW * 1000 + 0.5 });
    const first = payloadOf((await ask({ feed })).text);
    const entries = [{ id: expect.any(String), at: NOW, target: { agent: "planner" } }];
    expect(first).toMatchObject({ aud: LOG, iat: NOW, since: "", complete: true, entries });
    state.revocations.revoke({ agent: "clerk" });
    const next = payloadOf((await ask({ feed }, `?since=${encodeURIComponent(first.head)}`)).text);
    expect(next).toMatchObject({ epoch: first.epoch, since: first.head, entries: [{ target: { agent: "clerk" } }] });
    const anew = payloadOf((await ask({ feed }, `?since=${"h".repeat(512)}`)).text);
    expect(anew).toMatchObject({ since: "", head: next.head });
    expect(anew.entries).toHaveLength(2);
    const long = await ask({ feed }, `?since=${"h".repeat(513)}`);
    expect([long.status, long.body]).toEqual([400, { code: "token_malformed" }]);
  });

  it.each<[object, string, string]>([
    [{ accept: {} }, "/accept", "what acceptRevocations gave"],
    [{ feed: {} }, "/feed/state", "a state, as memoryState or openedState gave it"],
    [{ feed: { state: { revocations: { find: () => {} } } } }, "/feed/state", "as memoryState or openedState gave it"],
    [{ feed: true }, "/feed", "{ state, signer, audience, mayRead }"],
    [{ maxBytes: 1023 }, "/maxBytes", "1024 to 16777216"],
    [{ deadlineMs: 0 }, "/deadlineMs", "1 to 600000"],
    [{ deadline: 1 }, "/deadline", 'did you mean "deadlineMs"?'],
  ])("is not made of %j", async (options, pointer, words) => {
    const error = await errorOf(() => revocationEndpoint(options as never));
    expect(error).toMatchObject({ code: "config_invalid", pointer, message: expect.stringContaining(words) });
  });

  it.each<[keyof FeedOptions, unknown, string]>([
    ["signer", {}, "signer"],
    ["audience", "log", "audience"],
    ["mayRead", true, "a function that says who may read the log"],
    ["clock", NOW, "clock"],
  ])("gives no log whose %s is %j", async (name, value, words) => {
    const error = await errorOf(() => revocationEndpoint({ feed: feedOf({ [name]: value }) }));
    expect(error.code).toBe("config_invalid");
    expect(error.pointer).toMatch(new RegExp(`^/feed/${name}`));
    expect(error.message).toContain(words);
  });
});
