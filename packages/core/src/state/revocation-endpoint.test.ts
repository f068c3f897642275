import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { parseDelegation, type SignedRevocation, signRevocation } from "../token/index.ts";
import { createWorld, hashOf, NOW, type World } from "../world.fixture.ts";
import { acceptRevocations } from "./accept-revocations.ts";
import { type MemoryState, memoryState } from "./memory.ts";
import { type Served, serve } from "./revocation-endpoint.fixture.ts";
import { revocationEndpoint } from "./revocation-endpoint.ts";

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

  it("does not wait for a body that never comes", async () => {
    const impatient = revocationEndpoint({ accept: async () => ({}) as never, deadlineMs: 20 });
    const body = new ReadableStream({ pull: () => new Promise(() => {}) });
    const headers = { "content-type": "application/json" };
    const request = new Request("http://h/", { method: "POST", body, headers, duplex: "half" } as RequestInit);
    expect((await impatient(request)).status).toBe(503);
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
