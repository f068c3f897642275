/** What an inbox gives or throws, as an answer over HTTP: which status, which words, and what is asked of the inbox at all. */
import { describe, expect, it } from "vitest";
import type { ErrorCode } from "../../codes.ts";
import { HopwiseError } from "../../errors.ts";
import { HopwiseError as HostError } from "../../host-error.ts";
import { errorOf, never } from "../../world.fixture.ts";
import { type ApprovalEndpointOptions, approvalEndpoint } from "./endpoint.ts";

const AT = "https://pay.acme.example/approvals";
const SHOWN = { id: "request-1" };

interface Answered {
  readonly status: number;
  readonly body: { readonly [name: string]: unknown };
  readonly allow: string | null;
}

type Inbox = { readonly [Name in "list" | "find" | "answer"]: (...args: readonly never[]) => unknown };

/** An endpoint on an inbox that gives one request for everything, and what that was asked. */
function endpointOf(more: Partial<Inbox & Omit<ApprovalEndpointOptions, "approvals">> = {}) {
  const asked: unknown[] = [];
  const noting =
    (name: string, result: unknown) =>
    (...args: readonly unknown[]) => {
      asked.push([name, ...args]);
      return result;
    };
  const { list, find, answer, ...options } = more;
  const approvals = {
    list: list ?? noting("list", [SHOWN]),
    find: find ?? noting("find", SHOWN),
    answer: answer ?? noting("answer", { ...SHOWN, state: "approved" }),
  };
  const endpoint = approvalEndpoint({ mayRead: () => true, ...options, approvals } as never);
  const send = async (query = "", init: RequestInit = {}): Promise<Answered> => {
    const response = await endpoint(new Request(`${AT}${query}`, init));
    const { status, headers } = response;
    return { status, body: (await response.json()) as Answered["body"], allow: headers.get("allow") };
  };
  const post = (body: unknown): Promise<Answered> =>
    send("", { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  return { asked, send, post, endpoint };
}

/** A body of which it can be told whether it was let go. */
function body(): { readonly stream: ReadableStream; readonly isLeft: () => boolean } {
  let left = false;
  const cancel = (): void => {
    left = true;
  };
  return { stream: new ReadableStream({ cancel }), isLeft: () => left };
}

describe("an inbox over HTTP", () => {
  it("lists, shows one, and takes an answer", async () => {
    const { asked, send, post } = endpointOf();
    expect(await send()).toMatchObject({ status: 200, body: { requests: [SHOWN] } });
    expect(await send("?request=request-1")).toMatchObject({ status: 200, body: { request: SHOWN } });
    expect(await post({ request: "request-1", answer: "a.b.c" })).toMatchObject({
      status: 200,
      body: { request: { ...SHOWN, state: "approved" } },
    });
    expect(asked).toEqual([["list"], ["find", "request-1"], ["answer", "request-1", "a.b.c"]]);
  });

  it("is asked for no longer id than there can be", async () => {
    const { asked, send, post } = endpointOf();
    const long = "A".repeat(65);
    await send(`?request=${long}`);
    await post({ request: long, answer: "a.b.c" });
    const cut = "A".repeat(64);
    expect(asked).toEqual([
      ["find", cut],
      ["answer", cut, "a.b.c"],
    ]);
  });

  it("says of a request that is not there what became of it, and how its call is asked for anew", async () => {
    const { send } = endpointOf({ find: async () => undefined });
    expect(await send("?request=request-1")).toMatchObject({
      status: 404,
      body: {
        code: "approval_refused",
        message: "no such request waits; it lapsed, or its store lost it: the same call, made again, asks anew",
      },
    });
  });

  it.each(["PUT", "DELETE"])("takes no %s, and reads nothing of it", async (method) => {
    const { asked, send } = endpointOf();
    const { stream, isLeft } = body();
    const refused = await send("", { method, body: stream, duplex: "half" } as RequestInit);
    expect(refused).toMatchObject({ status: 405, body: { code: "method_unguarded" }, allow: "GET, POST" });
    expect([asked, isLeft()]).toEqual([[], true]);
  });

  it("says what an answer must be like to who sends another form", async () => {
    const { asked, post } = endpointOf();
    for (const sent of [
      {},
      { request: 5, answer: "a" },
      { request: ["a"], answer: "a" },
      { request: "a", answer: 5 },
      { request: "a", answer: "a", b: 1 },
    ]) {
      expect(await post(sent)).toMatchObject({
        status: 400,
        body: {
          code: "token_malformed",
          expected:
            "content-type application/json, and { request, answer }: the request's id, and what signApproval gave",
        },
      });
    }
    expect(asked).toEqual([]);
  });

  it("does not wait for an answer that never comes, and lets it go", async () => {
    const { asked, endpoint } = endpointOf({ deadlineMs: 20 });
    const { stream, isLeft } = body();
    const headers = { "content-type": "application/json" };
    const request = new Request(AT, { method: "POST", headers, body: stream, duplex: "half" } as RequestInit);
    expect([(await endpoint(request)).status, asked, isLeft()]).toEqual([503, [], true]);
  });

  it("reads 16 KiB, or as much as it is told to", async () => {
    const of = (length: number) => ({
      request: "a",
      answer: "x".repeat(length - '{"request":"a","answer":""}'.length),
    });
    const { post } = endpointOf();
    expect([(await post(of(16_384))).status, (await post(of(16_385))).status]).toEqual([200, 413]);
    const larger = endpointOf({ maxBytes: 20_000 });
    expect([(await larger.post(of(20_000))).status, (await larger.post(of(20_001))).status]).toEqual([200, 413]);
  });
});

describe("a login", () => {
  it("is asked first, of the request itself, and where it lets nobody in, nothing is read", async () => {
    const seen: Request[] = [];
    const mayRead = (request: Request) => {
      seen.push(request);
      return false;
    };
    const { asked, endpoint } = endpointOf({ mayRead });
    const { stream, isLeft } = body();
    const request = new Request(AT, { method: "POST", body: stream, duplex: "half" } as RequestInit);
    const response = await endpoint(request);
    expect([response.status, await response.json()]).toEqual([403, { code: "authentication_failed" }]);
    expect([seen, asked, isLeft()]).toEqual([[request], [], true]);
  });

  it.each<[string, () => unknown]>([
    ["says something that is only like true", () => "true"],
    ["rejects", () => Promise.reject(new Error("hunter2"))],
    ["is late", () => never],
  ])("that %s lets nobody in", async (_, mayRead) => {
    const { asked, send } = endpointOf({ mayRead: mayRead as never, deadlineMs: 20 });
    expect(await send()).toMatchObject({ status: 403, body: { code: "authentication_failed" } });
    expect(asked).toEqual([]);
  });
});

describe("what an inbox throws", () => {
  const thrown = async (error: unknown): Promise<Answered> => {
    const fails = (): never => {
      throw error;
    };
    const { send, post } = endpointOf({ list: fails, find: fails, answer: fails });
    const [answer, ...others] = [await send(), await send("?request=a"), await post({ request: "a", answer: "a" })];
    expect(others).toEqual([answer, answer]);
    return answer as Answered;
  };

  it.each<[ErrorCode, number]>([
    ["approval_refused", 403],
    ["proof_replayed", 409],
    ["token_expired", 400],
    ["token_signature_invalid", 400],
  ])("is told in its own words: %s", async (code, status) => {
    const error = new HopwiseError(code, "said to the approver", { rule: "a rule" });
    expect(await thrown(error)).toMatchObject({ status, body: { code, message: "said to the approver" } });
  });

  it.each<[ErrorCode]>([["token_untrusted_issuer"], ["audience_mismatch"], ["user_unknown"]])(
    "is told by its rule alone, where the message quotes what was sent: %s",
    async (code) => {
      const quoting = (rule?: string) => new HopwiseError(code, "quotes mallory", { rule });
      expect((await thrown(quoting("a rule"))).body).toEqual({ code, message: "a rule" });
      expect(await thrown(quoting())).toMatchObject({ status: 403, body: { code } });
      expect((await thrown(quoting())).body).toEqual({ code });
    },
  );

  it.each<[ErrorCode, number]>([
    ["state_unavailable", 503],
    ["guard_failed", 503],
    ["issuer_keys_unavailable", 503],
    ["issuer_key_unknown", 503],
    ["policy_unavailable", 503],
    ["context_unavailable", 503],
    ["policy_inconclusive", 500],
    ["config_invalid", 500],
  ])("is told by its code alone, where it is a fault: %s", async (code, status) => {
    const answer = await thrown(new HopwiseError(code, "redis at 10.1.2.3", { rule: "10.1.2.3" }));
    expect([answer.status, answer.body]).toEqual([status, { code }]);
  });

  it("is told by its code alone where a host made it, and as an outage where it has none", async () => {
    const ofHost = await thrown(new HostError("approval_refused", "hunter2"));
    expect([ofHost.status, ofHost.body]).toEqual([403, { code: "approval_refused" }]);
    for (const error of [new Error("hunter2"), "hunter2", undefined]) {
      const answer = await thrown(error);
      expect([answer.status, answer.body]).toEqual([503, { code: "state_unavailable" }]);
    }
  });

  it.each(["list", "find", "answer"] as const)("is an outage where it gives no answer in time: %s", async (name) => {
    const { send, post } = endpointOf({ [name]: () => never, deadlineMs: 20 });
    const ask = {
      list: () => send(),
      find: () => send("?request=a"),
      answer: () => post({ request: "a", answer: "a" }),
    };
    const answer = await ask[name]();
    expect([answer.status, answer.body]).toEqual([503, { code: "state_unavailable" }]);
  });
});

it("an endpoint is made of an inbox and a login", async () => {
  const approvals = { list: () => [], find: () => undefined, answer: () => SHOWN };
  const right = { approvals, mayRead: () => true } as never as ApprovalEndpointOptions;
  expect(approvalEndpoint({ ...right, maxBytes: 1024, deadlineMs: 1 })).toBeTypeOf("function");
  const wrong = [
    { approvals: { list: approvals.list } },
    { mayRead: true },
    { maxBytes: 1023 },
    { maxBytes: 16 * 1024 * 1024 + 1 },
    { deadlineMs: 0 },
    { deadlineMs: 600_001 },
  ];
  for (const more of wrong) {
    expect(await errorOf(() => approvalEndpoint({ ...right, ...more } as never))).toMatchObject({
      code: "config_invalid",
      message: expect.stringContaining("approvalEndpoint"),
    });
  }
});
