import {
  createIssuer,
  generateSigner,
  type HeldDelegation,
  HopwiseError,
  hold,
  parseDelegation,
  serialize,
} from "@hopwise/core";
import { grant, wildcard } from "@hopwise/core/grant";
import { serializeCompact } from "@hopwise/core/tokens";
import { type CarryOptions, carryingFetch, carryOver, type JsonRpcMessage, type McpTransport } from "@hopwise/mcp";
import { beforeAll, describe, expect, it, vi } from "vitest";

const audience = "https://pay.example/mcp";
const call: JsonRpcMessage = { jsonrpc: "2.0", id: 7, method: "tools/call", params: { name: "pay", arguments: {} } };
const NONCE = "bm9uY2U";
const SECRET = "key store at hsm-7: PIN 4711 refused";

let delegation: HeldDelegation;
let options: CarryOptions;
beforeAll(async () => {
  const signer = await generateSigner();
  const issuer = await createIssuer({
    issuer: "https://id.example",
    signer,
    audiences: [audience],
    subjects: "any",
    tools: "any",
  });
  delegation = await issuer.issue({
    subject: "alice",
    agent: "planner",
    holder: await generateSigner(),
    grant: grant({ pay: { to: wildcard() } }),
  });
  options = { delegation, audience };
});

function challenge(id: unknown = 7, nonce: unknown = NONCE, code = 4301): JsonRpcMessage {
  const error = { code, message: "Not allowed (proof_nonce_required).", data: { code: "proof_nonce_required", nonce } };
  return { jsonrpc: "2.0", id, error } as unknown as JsonRpcMessage;
}

const done: JsonRpcMessage = { jsonrpc: "2.0", id: 7, result: { content: [] } };

/** What a proof names; undefined for a message without one. */
function nonceIn({ params }: JsonRpcMessage): unknown {
  const proof = (params?.["_meta"] as { "dev.hopwise/proof"?: string } | undefined)?.["dev.hopwise/proof"];
  if (proof === undefined) throw new Error("no proof");
  return JSON.parse(Buffer.from(proof.split(".")[1] as string, "base64url").toString()).nonce;
}

function json(message: unknown): Response {
  return Response.json(message);
}

function stream(...chunks: (string | Error)[]): Response {
  const body = new ReadableStream({
    pull: (controller) => {
      const next = chunks.shift();
      if (next === undefined) controller.close();
      else if (typeof next === "string") controller.enqueue(new TextEncoder().encode(next));
      else controller.error(next);
    },
  });
  return new Response(body, { headers: { "content-type": "text/event-stream" } });
}

function event(message: unknown): string {
  return `event: message\ndata: ${JSON.stringify(message)}\n\n`;
}

/** A client's fetch before a server that gives these answers, one after the other, and all that was sent to it. */
function served(...answers: Response[]) {
  const sent: JsonRpcMessage[] = [];
  const fetch = carryingFetch(options, async (_, init) => {
    sent.push(JSON.parse(String(init?.body)));
    return answers.shift() ?? json(done);
  });
  const ask = (message: unknown = call): Promise<Response> =>
    fetch(audience, { method: "POST", body: JSON.stringify(message) });
  return { sent, ask };
}

it("a client sends its chain in the compact form, over each transport; who reads it finds the same chain", async () => {
  const { sent, ask } = served();
  await ask();
  await ask({ jsonrpc: "2.0", id: 8, method: "tools/list" });
  const over = carried();
  await over.transport.send(call);
  const chains = [...sent, ...over.sent].map(({ params }) => {
    return (params?.["_meta"] as { readonly "dev.hopwise/chain"?: string } | undefined)?.["dev.hopwise/chain"];
  });
  expect(chains).toEqual(Array(3).fill(serializeCompact(delegation)));
  expect(chains[0]?.length).toBeLessThan(serialize(delegation).length / 2);
  expect(await parseDelegation(chains[0] as string)).toEqual(await parseDelegation(serialize(delegation)));
});

describe("over HTTP, a client that is asked for a nonce", () => {
  it.each([
    ["JSON", () => json(challenge())],
    ["a stream", () => stream(event(challenge()))],
    ["a stream that first says where to resume", () => stream("id: 1\nretry: 10\ndata: \n\n", event(challenge()))],
    ["a stream with a comment that keeps it open", () => stream(": ping\n\n", event(challenge()))],
    ["a stream in pieces", () => stream(...event(challenge()))],
    ["a stream with the line ends of Windows", () => stream(event(challenge()).replaceAll("\n", "\r\n"))],
    [
      "data of several lines",
      () => stream(`data: {"jsonrpc":"2.0","id":7,\ndata:${JSON.stringify(challenge()).slice(24)}\n\n`),
    ],
    ["a status of its own", () => Response.json(challenge(), { status: 401 })],
  ])("by %s sends the same request again with a proof that names it, and gives the second answer", async (_, first) => {
    const { sent, ask } = served(first());
    expect(await (await ask()).json()).toEqual(done);
    expect(sent.map(nonceIn)).toEqual([undefined, NONCE]);
    expect(sent.map(({ id, method }) => [id, method])).toEqual([
      [7, "tools/call"],
      [7, "tools/call"],
    ]);
  });

  it("answers once: a second challenge is the answer", async () => {
    const { sent, ask } = served(json(challenge()), json(challenge()));
    expect(await (await ask()).json()).toEqual(challenge());
    expect(sent).toHaveLength(2);
  });

  it.each([
    ["for another request", challenge(8)],
    ["of another code", challenge(7, NONCE, 4303)],
    ["without a nonce", challenge(7, null)],
    ["with something that is no nonce", challenge(7, { is: "none" })],
    ["with a nonce that is no bearable text", challenge(7, "n".repeat(513))],
    ["that is a result", { ...challenge(), error: undefined, result: challenge().error }],
  ])("does not answer a challenge %s", async (_, answer) => {
    const { sent, ask } = served(stream(event(answer)));
    expect(await (await ask()).text()).toBe(event(answer));
    expect(sent).toHaveLength(1);
  });

  it("does not look at answers to what it did not sign", async () => {
    const { sent, ask } = served(json(challenge()), json(challenge()));
    await ask({ ...call, method: "initialize" });
    await ask({ jsonrpc: "2.0", method: "notifications/initialized" });
    expect(sent).toHaveLength(2);
  });

  it("signs a batch, and gives its answers as they are", async () => {
    const { sent, ask } = served(json([challenge()]));
    expect(await (await ask([call])).json()).toEqual([challenge()]);
    expect(sent).toHaveLength(1);
    expect(nonceIn((sent as unknown as JsonRpcMessage[][])[0]?.[0] as JsonRpcMessage)).toBeUndefined();
  });
});

describe("over HTTP, a message is signed", () => {
  const body = JSON.stringify(call);
  const headers = { "content-type": "application/json" };
  const copied = { ...headers, "content-length": String(body.length) };
  const rows: [string, string | Request, RequestInit?][] = [
    ["a text", audience, { method: "post", body }],
    ["a text with its length", audience, { method: "POST", body, headers: copied }],
    ["a blob", audience, { method: "POST", body: new Blob([body]) }],
    ["bytes", audience, { method: "POST", body: new TextEncoder().encode(body) }],
    ["a buffer", audience, { method: "POST", body: new TextEncoder().encode(body).buffer }],
    ["a Request", new Request(audience, { method: "POST", body, headers })],
    ["a Request with its length", new Request(audience, { method: "POST", body, headers: copied })],
    ["a Request with a text beside it", new Request(audience, { method: "POST", body: "{}" }), { body }],
  ];

  it.each(rows)("as %s, and asked for a nonce once more", async (_, input, init) => {
    const sent: JsonRpcMessage[] = [];
    const answers = [json(challenge()), json(done)];
    const fetch = carryingFetch(options, async (...given) => {
      const request = new Request(given[0] as string, given[1]);
      expect(request.headers.has("content-length")).toBe(false);
      sent.push((await request.json()) as JsonRpcMessage);
      return answers.shift() as Response;
    });
    expect(await (await fetch(input, init)).json()).toEqual(done);
    expect(sent.map(nonceIn)).toEqual([undefined, NONCE]);
  });

  it("and what is no message of MCP goes as it is", async () => {
    const sent: unknown[] = [];
    const fetch = carryingFetch(options, async (...given) => {
      sent.push(given);
      return json({});
    });
    const form = { method: "POST", body: new URLSearchParams({ grant_type: "refresh_token" }) };
    const request = new Request(audience, { method: "POST", body: '{"client_name":"x"}' });
    for (const given of [
      [audience, form],
      [request, undefined],
      [audience, { method: "GET" }],
    ] as const) {
      await fetch(given[0], given[1]);
      expect(sent.pop()).toEqual([...given]);
    }
    expect(request.bodyUsed).toBe(false);
  });
});

it("over HTTP, a Request that is no JSON goes as it is, and nobody waits for its end", async () => {
  const body = new ReadableStream({ start: (controller) => controller.enqueue(new Uint8Array(9)) });
  const request = new Request(audience, { method: "POST", body, duplex: "half" } as RequestInit);
  const sent: unknown[] = [];
  const fetch = carryingFetch(options, async (...given) => {
    sent.push(given);
    return json({});
  });
  await fetch(request);
  expect(sent).toEqual([[request, undefined]]);
});

describe("over HTTP, any other answer", () => {
  it("streams on as it comes: nothing waits for its end", async () => {
    let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
    const body = new ReadableStream<Uint8Array>({
      start: (own) => {
        controller = own;
      },
    });
    const say = (text: string): void => controller?.enqueue(new TextEncoder().encode(text));
    const { ask } = served(new Response(body, { status: 200, headers: { "content-type": "text/event-stream" } }));
    const asked = ask();
    const progress = event({ jsonrpc: "2.0", method: "notifications/progress" });
    say(progress);
    const answer = await asked;
    const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
    expect((await reader?.read())?.value).toBe(progress);
    say(event(done));
    expect((await reader?.read())?.value).toBe(event(done));
    controller?.close();
    expect((await reader?.read())?.done).toBe(true);
  });

  it("keeps its status, its headers and every byte, also of a long JSON text", async () => {
    const long = { ...done, result: { text: "ü".repeat(100_000) } };
    const { ask } = served(Response.json(long, { status: 200, headers: { "mcp-session-id": "s" } }));
    const answer = await ask();
    expect([answer.status, answer.headers.get("mcp-session-id")]).toEqual([200, "s"]);
    expect(await answer.json()).toEqual(long);
  });

  it("that breaks off still gives what came before, from which a client can resume", async () => {
    const { ask } = served(stream("id: 41\ndata: \n\n", new TypeError("the line is broken")));
    const reader = (await ask()).body?.pipeThrough(new TextDecoderStream()).getReader();
    expect((await reader?.read())?.value).toBe("id: 41\ndata: \n\n");
    await expect(reader?.read()).rejects.toThrow("the line is broken");
  });

  it("reaches the client as it is where it is neither JSON nor a stream, or has no body", async () => {
    const { ask } = served(new Response("busy", { status: 503 }), new Response(null, { status: 202 }));
    expect(await (await ask()).text()).toBe("busy");
    expect((await ask()).status).toBe(202);
  });

  it("that nobody reads any more is given up at the server", async () => {
    let reason: unknown;
    const body = new ReadableStream({
      start: (controller) => controller.enqueue(new TextEncoder().encode(event({ method: "x" }))),
      cancel: (given) => {
        reason = given;
      },
    });
    const { ask } = served(new Response(body, { headers: { "content-type": "text/event-stream" } }));
    await (await ask()).body?.cancel("left");
    expect(reason).toBe("left");
  });
});

/** A transport as an SDK's client sees it, and both of its ends. */
function carried(own: CarryOptions = options) {
  const sent: JsonRpcMessage[] = [];
  const heard: JsonRpcMessage[] = [];
  const errors: unknown[] = [];
  const inner: McpTransport = {
    start: async () => {},
    close: async () => {},
    send: async (message) => void sent.push(message),
    onerror: (error) => errors.push(error),
  };
  const transport = carryOver(inner, own);
  transport.onmessage = (message) => heard.push(message);
  const answer = async (message: JsonRpcMessage): Promise<void> => {
    inner.onmessage?.(message);
    await new Promise((resolve) => setTimeout(resolve, 20));
  };
  return { sent, heard, errors, transport, answer };
}

describe("over any other transport, a client that is asked for a nonce", () => {
  it("sends the same request again with a proof that names it, and hears of the second answer only", async () => {
    const { sent, heard, transport, answer } = carried();
    await transport.send(call);
    await answer(challenge());
    await vi.waitFor(() => expect(sent.map(nonceIn)).toEqual([undefined, NONCE]), { timeout: 10_000 });
    expect(heard).toEqual([]);
    await answer(done);
    expect(heard).toEqual([done]);
  });

  it("answers once, only for what it signed, and hears everything else", async () => {
    const { sent, heard, transport, answer } = carried();
    await transport.send(call);
    await answer(challenge());
    await vi.waitFor(() => expect(sent).toHaveLength(2), { timeout: 10_000 });
    await answer(challenge());
    await answer(challenge(8));
    await answer({ jsonrpc: "2.0", id: 7, method: "elicitation/create" });
    await answer({ jsonrpc: "2.0", method: "notifications/progress" });
    expect(sent).toHaveLength(2);
    expect(heard).toHaveLength(4);
    // A transport of one's own may hand on whatever its server sent.
    for (const none of [null, undefined, 5, "text", [challenge()]]) await answer(none as never);
    expect([sent.length, heard.slice(4)]).toEqual([2, [null, undefined, 5, "text", [challenge()]]]);
  });

  it("does not send again what its client withdrew", async () => {
    const { sent, heard, transport, answer } = carried();
    await transport.send(call);
    await transport.send({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 7 } });
    await answer(challenge());
    expect(sent).toHaveLength(2);
    expect(heard).toEqual([challenge()]);
  });

  it("hears the challenge itself where no second proof can be made, and the host program why", async () => {
    let times = 0;
    const source = async (): Promise<HeldDelegation> => {
      if (times++ > 0) throw new Error(SECRET);
      return delegation;
    };
    const { heard, errors, transport, answer } = carried({ delegation: source, audience });
    await transport.send(call);
    await answer(challenge());
    expect(heard).toEqual([challenge()]);
    expect(errors).toMatchObject([{ code: "signing_failed" }]);
    expect(String(errors[0])).not.toContain("4711");
  });

  it("gives back the handler that its client set, as SDKs do that put one before another", () => {
    const { transport } = carried();
    const own = (): void => {};
    transport.onmessage = own;
    expect(transport.onmessage).toBe(own);
    transport.onmessage = undefined;
    expect(transport.onmessage).toBeUndefined();
  });
});

describe("where a request cannot be proven", () => {
  const withBrokenKeyStore = async (): Promise<HeldDelegation> =>
    hold(await parseDelegation(serialize(delegation)), {
      publicJwk: delegation.signer.publicJwk,
      sign: () => Promise.reject(new Error(SECRET)),
    });

  it.each([
    ["the key store gives an error", withBrokenKeyStore],
    ["whoever renews the delegation gives an error", async () => () => Promise.reject(new Error(SECRET))],
  ] as const)("because %s, nothing is sent, and only the cause has its words", async (_, source) => {
    const own = { delegation: (await source()) as CarryOptions["delegation"], audience };
    const { sent, transport } = carried(own);
    const posted: unknown[] = [];
    const fetch = carryingFetch(own, async (...given) => {
      posted.push(given);
      return json(done);
    });
    for (const run of [
      () => transport.send(call),
      () => fetch(audience, { method: "POST", body: JSON.stringify(call) }),
    ]) {
      const error = await run().then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      expect(error).toBeInstanceOf(HopwiseError);
      expect(error).toMatchObject({ code: "signing_failed", cause: new Error(SECRET) });
      expect((error as Error).message).not.toContain("4711");
      expect(JSON.stringify(error)).not.toContain("4711");
    }
    expect([sent, posted]).toEqual([[], []]);
  });

  it.each<[string, () => unknown]>([
    ["nothing", () => undefined],
    ["something else", () => ({ status: 200 })],
    [
      "an answer that was read",
      async () => {
        const answer = json(done);
        await answer.text();
        return answer;
      },
    ],
    [
      "an answer that is being read",
      () => {
        const answer = json(done);
        answer.body?.getReader();
        return answer;
      },
    ],
  ])("a fetch of the host's that gives %s is told of", async (_, answer) => {
    const fetch = carryingFetch(options, async () => (await answer()) as Response);
    const error: unknown = await fetch(audience, { method: "POST", body: JSON.stringify(call) }).catch((it) => it);
    expect(error).toMatchObject({ code: "config_invalid", pointer: "/fetch" });
  });

  it("what is no request is sent as it is, in a batch, too", async () => {
    const { sent, ask } = served();
    await ask([null, 5, call]);
    expect(sent[0]).toMatchObject([null, 5, { params: { _meta: {} } }]);
    for (const odd of [null, undefined, "x"]) await carried().transport.send(odd as never);
  });

  it("for a reason of ours, its code and words stay", async () => {
    const { transport } = carried({ delegation, audience: "https://other.example/mcp" });
    await expect(transport.send(call)).rejects.toMatchObject({ code: "audience_mismatch" });
  });
});
