import { describe, expect, it } from "vitest";
import { createStand, PENDING, request, settled } from "./guard.fixture.ts";
import type { GuardOptions } from "./guard.ts";
import { receive } from "./receive.ts";

const PAGE = "https://approve.acme.example/1";
const URLS = { elicitation: { url: {} } };

/** A resource that waits for an approval, asked for by a client that can do this. */
async function waiting(approvalUrl: GuardOptions["approvalUrl"], capabilities: unknown = URLS) {
  const stand = createStand({ decide: async () => PENDING }, { approvalUrl });
  receive(stand.guard, request("begin", "initialize", { capabilities }), undefined);
  receive(stand.guard, request("own", "resources/read", { uri: "doc://1" }), undefined);
  await settled();
  const asked = stand.sent.filter(({ message }) => message.method === "elicitation/create");
  const answer = stand.sent.find(({ message }) => message.id === "own")?.message.error?.data;
  return { ...stand, asked, page: (answer as { readonly url?: string }).url };
}

describe("the page of a request for an approval", () => {
  it("is shown on the stream of the call that waits, under an id that nobody can guess, and told with its answer", async () => {
    const { asked, page } = await waiting(() => PAGE);
    expect(page).toBe(PAGE);
    expect(asked).toMatchObject([
      {
        message: { params: { mode: "url", url: PAGE, elicitationId: PENDING.approval.request } },
        options: { relatedRequestId: "own" },
      },
    ]);
    expect(asked[0]?.message.id).toMatch(/^[\da-f-]{36}$/);
  });

  it("is shown once for each request, however often its call is made again; once more where it could not be sent", async () => {
    const { guard, sent, inner } = await waiting(() => PAGE);
    const shown = () => sent.filter(({ message }) => message.method === "elicitation/create").length;
    const again = async (id: string) => {
      receive(guard, request(id, "resources/read", { uri: "doc://1" }), undefined);
      await settled();
      return sent.find(({ message }) => message.id === id)?.message.error?.data;
    };
    expect(await again("second")).toMatchObject({ url: PAGE });
    expect(shown()).toBe(1);
    guard.offered.clear();
    const { send } = inner;
    inner.send = async (message, options) => {
      if (message.method === "elicitation/create") throw new Error("closed");
      return send(message, options);
    };
    await again("third");
    inner.send = send;
    await again("fourth");
    expect(shown()).toBe(2);
  });

  it("may be one of this machine, over plain http", async () => {
    expect((await waiting(() => "http://127.0.0.1:8080/1")).page).toBe("http://127.0.0.1:8080/1");
  });

  it.each([
    null,
    "url",
    {},
    { elicitation: null },
    { elicitation: {} },
    { elicitation: { url: true } },
    { elicitation: [] },
  ])("is told alone where the client said %j", async (capabilities) => {
    const { asked, page } = await waiting(() => PAGE, capabilities);
    expect([asked, page]).toEqual([[], PAGE]);
  });

  it.each<[string, () => unknown]>([
    ["nothing", () => undefined],
    ["an empty text", () => ""],
    ["a path", () => "/approve/1"],
    ["the address of a script", () => "javascript:alert(1)"],
    ["a page that somebody on the way can change", () => "http://approve.acme.example/1"],
    ["a page with a password in it", () => "https://ann:hunter2@approve.acme.example/1"],
    ["an object", () => new URL(PAGE)],
    [
      "an error",
      () => {
        throw new Error("hunter2");
      },
    ],
  ])("is none where the host gives %s: the call waits, and the host hears of it", async (_, approvalUrl) => {
    const { asked, page, faults, sent } = await waiting(approvalUrl as never);
    expect([asked, page, faults.length]).toEqual([[], undefined, 1]);
    expect(JSON.stringify(sent)).toContain("Waits for a person");
    expect(JSON.stringify(sent)).not.toContain("hunter2");
  });
});
