/** One user, two tokens: an editor's, which may read, and a console's, which may pay. Each request is judged by its own. */
import { createAuthorizer, inMemoryAgents, memoryAudit, memoryState } from "@hopwise/core";
import { oidcUsers } from "@hopwise/core/sources";
import { answeringPdp } from "@hopwise/core/testing";
import { guard } from "@hopwise/fastmcp";
import { FastMCP } from "fastmcp";
import { describe, expect, it, onTestFinished } from "vitest";
import { post, request } from "../support/mcp/client.ts";
import { start } from "../support/mcp/server.ts";

const LOGIN = "https://login.example";

/** A state that answers nobody before two calls have asked, as may be where it is asked over a network. */
function meetingState() {
  const state = memoryState();
  let meet = (): Promise<void> => Promise.resolve();
  const begin = (): void => {
    const { promise, resolve } = Promise.withResolvers<void>();
    let asked = 0;
    meet = () => {
      if (++asked === 2) resolve();
      return promise;
    };
  };
  const find: typeof state.revocations.find = async (...query) => {
    await meet();
    return state.revocations.find(...query);
  };
  return { begin, state: { ...state, revocations: { ...state.revocations, find } } };
}

/** What two requests of one user come to, whichever token is learned last. */
async function together(message: object): Promise<readonly [editor: string, console: string][]> {
  const meeting = meetingState();
  const users = oidcUsers({ issuers: [LOGIN], user: ({ scope }) => ({ roles: String(scope).split(" ") }) });
  const authorizer = createAuthorizer({
    cerbos: answeringPdp(({ principal }) => (principal.roles.includes("pay") ? "allow" : "deny")),
    audience: "https://pay.example/mcp",
    trust: [],
    users,
    agents: inMemoryAgents({}),
    tools: { pay: { kind: "payment", action: "pay" } },
    audit: memoryAudit(),
    state: meeting.state,
  });
  const userFromAuth = ({ headers }: { readonly headers: Headers }) =>
    users.learn({ iss: LOGIN, sub: "alice", exp: 4_000_000_000, scope: headers.get("x-scope") });
  const logger = { ...console, debug() {}, log() {}, info() {} };
  const server = guard(new FastMCP({ name: "pay", version: "1.0.0", logger }), authorizer, { userFromAuth });
  server.addTool({ name: "pay", execute: async () => "paid" });
  const { url, stop } = await start(server, true);
  onTestFinished(stop);
  const answer = async (scope: string) => (await post(url, message, { "x-scope": scope })).text;
  const answers: [string, string][] = [];
  for (const [first, second] of [
    ["read", "read pay"],
    ["read pay", "read"],
  ] as const) {
    meeting.begin();
    const [one, other] = await Promise.all([answer(first), answer(second)]);
    answers.push(first === "read" ? [one, other] : [other, one]);
  }
  return answers;
}

describe("what one token of a user says", () => {
  it("does not let in a call that comes with another one at the same time", async () => {
    for (const [editor, own] of await together(request(1, "tools/call", { name: "pay", arguments: {} }))) {
      expect(editor).toContain("policy_denied");
      expect(own).toContain("paid");
    }
  });

  it("does not show in the list of who comes with another one", async () => {
    for (const [editor, own] of await together(request(1, "tools/list"))) {
      expect(editor).not.toContain('"pay"');
      expect(own).toContain('"pay"');
    }
  });
});
