import { beforeAll, describe, expect, it } from "vitest";
import { anyArguments, grant, int, object, readGrant, wildcard } from "../grant/index.ts";
import { inMemoryAgents } from "../principal/index.ts";
import type { ToolMap } from "../resource/index.ts";
import { answeringPdp } from "../testing/index.ts";
import { createIssuer, createTrust, grantFor } from "../token/index.ts";
import { errorOf } from "../world.fixture.ts";
import { type Authorizer, createAuthorizer } from "./authorizer.ts";
import { ALICE, createScene, type Scene } from "./point.fixture.ts";

/** Names that look like "pay" in a record, and the text that shows what they are. */
const LIKE_PAY: { readonly [name: string]: string } = {
  "pay\u200b": "pay\\u200b",
  "pay ": "pay\\u0020",
  " pay": "\\u0020pay",
  "\u202epay": "\\u202epay",
  "p\nay": "p\\u000aay",
  "p\u3164ay": "p\\u3164ay",
  "pa\ufe0fy": "pa\\ufe0fy",
  "pay\ud800": "pay\\ud800",
  "pay\u00a0": "pay\\u00a0",
  "pay\u2800": "pay\\u2800",
  "pay\ufffc": "pay\\ufffc",
  "p\u{16fe4}ay": "p\\ud81b\\udfe4ay",
  "pay\u{1d159}": "pay\\ud834\\udd59",
};
const ENTRY = { kind: "payment", action: "send" };

let scene: Scene;
beforeAll(async () => {
  scene = await createScene();
});

function authorizerOptions(tools: ToolMap) {
  const { point, audit } = scene.point();
  const { audience, users, agents, state, clock } = point;
  const cerbos = answeringPdp("allow");
  const given = { cerbos, audience, users, agents, state, clock, audit, trust: [scene.world.anchor], tools };
  return { ...given, delegation: "grants-only" } as const;
}

function authorizerWith(tools: ToolMap) {
  const given = authorizerOptions(tools);
  return { audit: given.audit, authorizer: createAuthorizer(given) };
}

/** Where a host or a caller gives a name. A caller's ends in a denial. */
const DOORS: { readonly [door: string]: (name: string) => unknown } = {
  "a tool of the map": (name) => authorizerWith({ [name]: ENTRY }),
  "a tool to be guarded": (name) => authorizerWith({ "*": ENTRY }).authorizer.checkTool(name),
  "an operation": (name) => authorizerWith({ "*": ENTRY }).authorizer.hasEntry(name),
  "a kind": (name) => authorizerWith({ pay: { ...ENTRY, kind: name } }),
  "an action": (name) => authorizerWith({ pay: { ...ENTRY, action: name } }),
  "an action of lists": (name) => authorizerWith({ pay: { ...ENTRY, list: name } }),
  "a tool that is handed over": (name) => grant({ [name]: anyArguments }),
  "a tool that is handed over, by JSON": (name) => readGrant({ [name]: {} }),
  "a tool that is handed over, of an audience": (name) => grantFor({ "https://pay.example": { [name]: anyArguments } }),
  "a tool of an agent": (name) =>
    inMemoryAgents({ planner: { roles: ["agent"], keys: [scene.world.planner.publicJwk], tools: [name] } }),
  "a tool of an issuer": (name) => createTrust([{ ...scene.world.anchor, tools: [name] }]),
  "a tool in shadow mode": (name) => createAuthorizer({ ...authorizerOptions({ pay: ENTRY }), shadow: [name] }),
  "an argument that is handed over": (name) => grant({ pay: { [name]: wildcard() } }),
  "an argument that is handed over, by JSON": (name) => readGrant({ pay: { [name]: { constraint_type: "wildcard" } } }),
  "a member of an argument": (name) => grant({ pay: { to: object({ [name]: wildcard() }) } }),
  "the argument with the id": (name) => authorizerWith({ pay: { ...ENTRY, id: name } }),
  "an argument that policies are not shown": (name) => authorizerWith({ pay: { ...ENTRY, hideFromPolicies: [name] } }),
  "an argument that is kept": (name) => authorizerWith({ pay: { ...ENTRY, keepInRecord: [name] } }),
  "an argument that a schema adds": (name) => authorizerWith({ pay: { ...ENTRY, adds: [name] } }),
  "the attribute that has the arguments": (name) => authorizerWith({ pay: { ...ENTRY, argumentsAs: name } }),
  "an attribute for approvers": (name) => authorizerWith({ pay: { ...ENTRY, showToApprovers: [name] } }),
  "an attribute that rows need": (name) => authorizerWith({ pay: { ...ENTRY, filter: { required: [name] } } }),
  "an argument of rows": (name) => authorizerWith({ pay: { ...ENTRY, filter: { arguments: { [name]: null } } } }),
  "a source of attributes": (name) => authorizerWith({ pay: { ...ENTRY, sources: { [name]: { find: () => ({}) } } } }),
  "a sum of a budget": async (name) => {
    const signer = scene.world.issuer;
    const audiences = ["https://pay.example"];
    const issuer = await createIssuer({
      issuer: "https://id.example",
      signer,
      audiences,
      subjects: "any",
      tools: "any",
    });
    const now = Math.floor(Date.now() / 1000);
    const budget = { id: "pay", from: now, until: now + 9000, sums: { pay: { [name]: 5 } } };
    const order = { subject: "alice", agent: "planner", holder: scene.world.planner, budget };
    return issuer.issue({ ...order, grant: grant({ pay: { pay: int() } }) });
  },
};

describe.each(Object.entries(LIKE_PAY))("a name that looks like another one, %j,", (name, shown) => {
  it.each(Object.entries(DOORS))("is refused as that of %s", async (_, door) => {
    expect((await errorOf(async () => door(name))).code).toBe("config_invalid");
    await door("pay");
  });

  it("is told in the error with what nobody sees in it", async () => {
    const { authorizer } = authorizerWith({ "*": ENTRY });
    expect((await errorOf(() => authorizer.checkTool(name))).message).toContain(`"${shown}"`);
  });

  it("ends a call, and stands in its record as what it is", async () => {
    const { authorizer, audit } = authorizerWith({ "*": ENTRY });
    const call = (tool: string) => authorizer.authorize({ tool, arguments: {}, user: ALICE });
    expect(await call("pay")).toMatchObject({ outcome: "allowed", tool: "pay" });
    expect(await call(name)).toMatchObject({ outcome: "denied", code: "arguments_malformed", tool: shown });
    expect(audit.records.map(({ tool }) => tool)).toEqual(["pay", shown]);
  });

  it("is no action that a function of the tool map may make", async () => {
    const { authorizer } = authorizerWith({ pay: { ...ENTRY, action: () => name } });
    const answer: ReturnType<Authorizer["authorize"]> = authorizer.authorize({
      tool: "pay",
      arguments: {},
      user: ALICE,
    });
    expect(await answer).toMatchObject({ outcome: "denied", code: "attributes_invalid" });
  });
});
