/** The inbox over HTTP, as people's programs reach it. */
import { type HeldDelegation, HopwiseError, memoryState } from "@hopwise/core";
import { inOwnWords } from "@hopwise/core/adapter";
import { type ApprovalEndpointOptions, approvalEndpoint } from "@hopwise/core/state";
import { signApproval } from "@hopwise/core/tokens";
import { beforeAll, describe, expect, it } from "vitest";
import { carolsPlanner, LARGE, type Person, personOf } from "../support/approvals.ts";
import { credentialFor } from "../support/forge.ts";
import { TOKEN_TEXT } from "../support/token-text.ts";
import { worldHere } from "../support/world.ts";

const world = await worldHere();
let dana: Person;
let bob: Person;
let carols: HeldDelegation;

beforeAll(async () => {
  [dana, bob] = [await personOf("dana"), await personOf("bob")];
  carols = await carolsPlanner(world);
});

const AT = "https://pay.acme.example/approvals";
const JSON_TYPE = { "content-type": "application/json" };

async function scene(more: Partial<ApprovalEndpointOptions> = {}) {
  const { authorizer } = world.authorizer({
    approvals: { approvers: [dana.approver, bob.approver] },
    state: memoryState(),
  });
  const mayRead = ({ headers }: Request): boolean => headers.get("authorization") === "Bearer dana";
  const endpoint = approvalEndpoint({ approvals: authorizer.approvals, mayRead, ...more });
  const credential = await credentialFor(carols, "send_payment", LARGE);
  const decision = await authorizer.authorize({ tool: "send_payment", arguments: LARGE, credential });
  if (decision.outcome !== "pending") throw new Error(`it was ${decision.outcome}`);
  const send = async (query: string, init: RequestInit = {}, login: string | undefined = "Bearer dana") => {
    const headers = { ...(login !== undefined && { authorization: login }), ...init.headers };
    const response = await endpoint(new Request(`${AT}${query}`, { ...init, headers } as RequestInit));
    const text = await response.text();
    expect(text).not.toMatch(TOKEN_TEXT);
    return { status: response.status, headers: response.headers, body: JSON.parse(text) };
  };
  const post = (body: unknown, headers: object = JSON_TYPE) =>
    send("", {
      method: "POST",
      headers: { ...headers } as Record<string, string>,
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
  return { authorizer, id: decision.approval.request, endpoint, send, post };
}

describe("the inbox over HTTP", () => {
  it("lists what waits, shows one, and takes its signed answer", async () => {
    const { id, send, post } = await scene();
    const listed = await send("");
    expect(listed.status).toBe(200);
    expect(listed.headers.get("cache-control")).toBe("no-store");
    expect(listed.body.requests).toMatchObject([{ id, state: "waiting", user: "carol" }]);
    const { request } = (await send(`?request=${id}`)).body;
    expect(request).toMatchObject({ id, request: { tool: "send_payment" } });
    const answer = await signApproval({ signer: dana.signer, request: request.request, answer: "yes" });
    expect(await post({ request: id, answer })).toMatchObject({
      status: 200,
      body: { request: { state: "approved" } },
    });
    expect(await post({ request: id, answer })).toMatchObject({ status: 409, body: { code: "proof_replayed" } });
    const again = await signApproval({ signer: dana.signer, request: request.request, answer: "yes" });
    expect(await post({ request: id, answer: again })).toMatchObject({
      status: 403,
      body: { code: "approval_refused" },
    });
  });

  it("says to who is logged in why an answer is not taken", async () => {
    const { authorizer, id, post } = await scene();
    const found = await authorizer.approvals.find(id);
    const answer = await signApproval({ signer: bob.signer, request: found?.request as never, answer: "yes" });
    const refused = await post({ request: id, answer });
    expect(refused).toMatchObject({ status: 403, body: { code: "approval_refused" } });
    expect(refused.body.message).toContain('do not let "bob" approve');
  });

  it.each<[string, ApprovalEndpointOptions["mayRead"]]>([
    ["is not let in", () => false],
    ["is let in by something that is not true", () => "yes" as never],
    ["comes by a login that fails", () => Promise.reject(new Error("hunter2"))],
    [
      "comes by a login that throws",
      () => {
        throw new Error("hunter2");
      },
    ],
    ["comes by a login that is late", () => new Promise(() => {})],
  ])("shows nothing and takes nothing where who asks %s", async (_, mayRead) => {
    const { authorizer, id, send, post } = await scene({ mayRead, deadlineMs: 50 });
    const found = await authorizer.approvals.find(id);
    const answer = await signApproval({ signer: dana.signer, request: found?.request as never, answer: "yes" });
    for (const refused of [await send(""), await send(`?request=${id}`), await post({ request: id, answer })]) {
      expect([refused.status, refused.body]).toEqual([403, { code: "authentication_failed" }]);
    }
    expect((await authorizer.approvals.find(id))?.state).toBe("waiting");
  });

  it.each<[string, number, unknown, object | undefined]>([
    ["a form", 415, "request=1&answer=yes", { "content-type": "application/x-www-form-urlencoded" }],
    ["plain text, as a form of a foreign page can send it", 415, '{"request":"1"}', { "content-type": "text/plain" }],
    ["no type", 415, new Uint8Array([123, 125]), {}],
    ["no JSON", 400, "{", undefined],
    ["nothing", 400, "", undefined],
    ["null", 400, "null", undefined],
    ["a list", 400, [], undefined],
    ["a number as the request", 400, { request: 5, answer: "x" }, undefined],
    ["no answer", 400, { request: "x" }, undefined],
    ["one member more", 400, { request: "x", answer: "x", yes: true }, undefined],
    ["an answer to nothing", 403, { request: "x".repeat(1000), answer: "x" }, undefined],
    ["too much", 413, { request: "x", answer: "x".repeat(20_000) }, undefined],
    ["a lie of its length", 413, { request: "x", answer: "x" }, { ...JSON_TYPE, "content-length": "99999" }],
  ])("refuses %s", async (_, status, body, headers) => {
    const { post } = await scene();
    const sent = body instanceof Uint8Array ? "{}" : body;
    const refused = await post(sent, headers);
    expect(refused.status).toBe(status);
    expect(refused.body.code).toMatch(/^(token_malformed|token_too_large|approval_refused)$/);
    expect(/application\/json/.test(refused.body.expected)).toBe(refused.body.code === "token_malformed");
  });

  it("tells nobody what is wrong with a store: its words are the operator's", async () => {
    const { authorizer, id } = await scene();
    const full = inOwnWords(new HopwiseError("state_unavailable", "Redis at 10.1.2.3:6379 is full"));
    const fails = () => Promise.reject(full);
    const approvals = { ...authorizer.approvals, list: fails, find: fails, answer: fails };
    const { send, post } = await scene({ approvals });
    for (const answer of [await send(""), await send(`?request=${id}`), await post({ request: id, answer: "x" })]) {
      expect([answer.status, answer.body]).toEqual([503, { code: "state_unavailable" }]);
    }
  });

  it("knows no other method, and no request that nobody made", async () => {
    const { send } = await scene();
    const deleted = await send("", { method: "DELETE" });
    expect([deleted.status, deleted.headers.get("allow")]).toEqual([405, "GET, POST"]);
    expect(await send("?request=AAAAAAAAAAAAAAAAAAAAAA")).toMatchObject({ status: 404 });
    expect(await send(`?request=${"A".repeat(10_000)}`)).toMatchObject({ status: 404 });
    expect(await send("?request=")).toMatchObject({ status: 404 });
  });

  it("says that its store is out of reach", async () => {
    const fail = () => Promise.reject(new Error("redis at 10.0.0.7: hunter2"));
    const approvals = { list: fail, find: fail, answer: fail };
    const { send } = await scene({ approvals });
    expect(await send("")).toMatchObject({ status: 503, body: { code: "state_unavailable" } });
    expect((await send("")).body).toEqual({ code: "state_unavailable" });
  });

  it("never rejects, whatever the request is", async () => {
    const { endpoint } = await scene({ mayRead: () => true });
    const body = new ReadableStream({
      pull: () => {
        throw new Error("cut off");
      },
    });
    const cut = new Request(AT, { method: "POST", body, headers: JSON_TYPE, duplex: "half" } as RequestInit);
    expect((await endpoint(cut)).status).toBe(400);
  });
});

it("quotes none of what was sent where the directory does not know who answered", async () => {
  const ghost = await personOf("ghost");
  const { authorizer } = world.authorizer({ approvals: { approvers: [ghost.approver] }, state: memoryState() });
  const credential = await credentialFor(carols, "send_payment", LARGE);
  const decision = await authorizer.authorize({ tool: "send_payment", arguments: LARGE, credential });
  if (decision.outcome !== "pending") throw new Error(`it was ${decision.outcome}`);
  const { request: id } = decision.approval;
  const { request } = (await authorizer.approvals.find(id)) ?? {};
  if (request === undefined) throw new Error("no such request waits");
  const answer = await signApproval({ signer: ghost.signer, request, answer: "yes" });
  const endpoint = approvalEndpoint({ approvals: authorizer.approvals, mayRead: () => true });
  const body = JSON.stringify({ request: id, answer });
  const response = await endpoint(new Request(AT, { method: "POST", headers: JSON_TYPE, body }));
  expect([response.status, await response.json()]).toEqual([403, { code: "user_unknown" }]);
});
