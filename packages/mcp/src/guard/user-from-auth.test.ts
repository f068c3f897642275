import { HopwiseError } from "@hopwise/core";
import { describe, expect, it, vi } from "vitest";
import type { MessageExtra } from "../protocol/index.ts";
import { admitAsked, CALL, codesIn, pay, received, request } from "./guard.fixture.ts";
import type { GuardOptions } from "./guard.ts";

const HTTP: MessageExtra = { request: { headers: new Headers({ authorization: "Bearer t" }) } };
const EXPIRED = Object.assign(new Error("hunter2"), { code: "ERR_JWT_EXPIRED" });
const NO_HEADERS = "the transport did not tell the headers of the request";

describe("the user of a request", () => {
  const ALICE = { issuer: "https://id.example", subject: "alice" };
  const by = (userFromAuth: GuardOptions["userFromAuth"], message = pay(), extra: MessageExtra | undefined = HTTP) =>
    received(message, {}, { userFromAuth }, extra);
  const bare = request(1, "tools/call", CALL);

  it("is whom the server's authentication names, by the headers of this very request, where no chain came", async () => {
    const seen: unknown[] = [];
    const stand = await by(async ({ headers }) => {
      seen.push(headers.get("authorization"));
      return ALICE;
    }, bare);
    expect(seen).toEqual(["Bearer t"]);
    expect(admitAsked(stand)).toMatchObject({ user: ALICE });
    expect(admitAsked(stand)).not.toHaveProperty("credential");
  });

  it("does not speak for a request with a chain or a part of one, and is compared with the chain's", async () => {
    expect(admitAsked(await by(() => ALICE))).toMatchObject({
      credential: { chain: "c", proof: "p" },
      user: ALICE,
    });
    const half = request(1, "tools/call", { ...CALL, _meta: { "dev.hopwise/proof": "p" } });
    expect(admitAsked(await by(() => ALICE, half))).toMatchObject({ credential: { proof: "p" }, user: ALICE });
  });

  it("is not known where the request carries no login, or on stdio, where it is never asked for", async () => {
    for (const none of [undefined, null as never]) {
      const asked = admitAsked(await by(() => none, bare));
      expect(asked).not.toHaveProperty("credential");
      expect(asked).not.toHaveProperty("user");
    }
    const throwing = (): never => {
      throw new Error("asked");
    };
    const stand = await received(bare, {}, { userFromAuth: throwing });
    expect(admitAsked(stand)).not.toHaveProperty("user");
  });

  it.each<[string, string, GuardOptions["userFromAuth"], MessageExtra]>([
    [
      "throws",
      "it failed",
      () => {
        throw new Error("hunter2");
      },
      HTTP,
    ],
    ["rejects", "it failed (ERR_JWT_EXPIRED)", () => Promise.reject(EXPIRED), HTTP],
    ["gives no user", "it gave no { issuer, subject }", () => ({ subject: "alice" }) as never, HTTP],
    ["gives a user of no issuer", "it gave no { issuer, subject }", () => ({ issuer: "", subject: "alice" }), HTTP],
    ["is not told the headers, over HTTP", NO_HEADERS, () => ALICE, { request: undefined } as never],
  ])(
    "is a denial where the authentication %s, also for a request with a chain",
    async (_, why, userFromAuth, extra) => {
      const stand = await by(userFromAuth, pay(), extra);
      expect(stand.asked).toEqual([
        [
          "refuse",
          { tool: "pay", traceparent: "00-1" },
          { code: "authentication_failed", message: `userFromAuth could not say whose it is: ${why}` },
        ],
      ]);
      expect([stand.handled, codesIn(stand)]).toEqual([[], ["authentication_failed"]]);
      expect(stand.faults).toHaveLength(1);
      expect(JSON.stringify(stand.sent)).not.toContain("hunter2");
    },
  );

  it.each<[string, string, GuardOptions["userFromAuth"]]>([
    ["does not answer in time", "it gave no answer within 5 ms", () => new Promise(() => {})],
    [
      "says that it cannot tell just now",
      "it failed",
      () => Promise.reject(new HopwiseError("guard_failed", "hunter2")),
    ],
  ])("is not there for now where the authentication %s: no login was found wrong", async (_, why, userFromAuth) => {
    const stand = await by(userFromAuth);
    await vi.waitFor(() => expect(codesIn(stand)).toEqual(["guard_failed"]));
    expect(stand.handled).toEqual([]);
    expect(stand.asked).toMatchObject([
      ["refuse", {}, { code: "guard_failed", message: `userFromAuth could not say whose it is: ${why}` }],
    ]);
  });

  it("is not asked for where the server opted in to no users", async () => {
    const asked = admitAsked(await by(undefined, bare, { request: undefined } as never));
    expect(asked).not.toHaveProperty("user");
  });
});
