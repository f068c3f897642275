import { afterEach, beforeEach, expect, it } from "vitest";
import type { Agent, User } from "../principal/index.ts";
import { answeringPdp } from "../testing/index.ts";
import { ARGUMENTS } from "../world.fixture.ts";
import { createAuthorizer } from "./authorizer.ts";
import type { AuthorizerOptions } from "./options.ts";
import { createScene } from "./point.fixture.ts";

const pay = { kind: "payment", action: "send" };

const userWith = (members: object): object => ({
  users: { find: () => ({ id: "alice", roles: ["clerk"], ...members }) },
});
const OF_A_USER: { readonly [member in keyof User]-?: true } = {
  ...{ id: true, roles: true, attributes: true, scope: true, policyVersion: true },
};

const CODE_OF_AGENT = {
  ...{ roles: "attributes_invalid", attributes: "attributes_invalid", scope: "attributes_invalid" },
  ...{ policyVersion: "attributes_invalid", keys: "agent_invalid", class: "agent_invalid", owner: "agent_invalid" },
  ...{ tools: "agent_invalid", maxDepth: "agent_invalid", classes: "agent_invalid" },
} as const satisfies { readonly [member in keyof Agent]-?: string };

/** Where a host gives data, and forgot that it has to wait for it. */
const PLACES: readonly (readonly [place: string, options: (promise: () => never) => object])[] = [
  ...Object.keys(OF_A_USER).map((member) =>
    place(`a user's ${member}`, (promise) => userWith({ [member]: promise() })),
  ),
  place("a role of a user", (promise) => userWith({ roles: ["clerk", promise()] })),
  place("an attribute of a user", (promise) => userWith({ attributes: { limit: promise() } })),
  place("an attribute of a resource", (promise) => ({
    tools: { send_payment: { ...pay, attributes: () => ({ limit: promise() }) } },
  })),
  place("the JWT of a hop", (promise) => ({ auxData: () => ({ jwt: promise() }) })),
  place("the token of a hop", (promise) => ({ auxData: () => ({ jwt: { token: promise() } }) })),
];

function place(name: string, options: (promise: () => never) => object): readonly [string, typeof options] {
  return [name, options];
}

const unhandled: unknown[] = [];
const note = (reason: unknown): void => void unhandled.push(reason);
let others: NodeJS.UnhandledRejectionListener[] = [];
beforeEach(() => {
  others = process.listeners("unhandledRejection");
  process.removeAllListeners("unhandledRejection").on("unhandledRejection", note);
  unhandled.length = 0;
});
afterEach(() => {
  process.removeAllListeners("unhandledRejection");
  for (const other of others) process.on("unhandledRejection", other);
});

it.each(PLACES)("a promise for %s is no data, and ends no process when it rejects", async (_, options) => {
  expect(await codeWith((_, promise) => options(promise))).toBe("attributes_invalid");
});

it.each(Object.entries(CODE_OF_AGENT))("nor is one for an agent's %s", async (member, code) => {
  const registry = (keysOf: KeysOf, promise: () => never): object => ({
    agents: { find: (name: string) => ({ roles: ["agent"], keys: keysOf(name), [member]: promise() }) },
  });
  expect(await codeWith(registry)).toBe(code);
});

it.each(["keys", "tools"] as const)("nor is one among an agent's %s", async (member) => {
  const registry = (keysOf: KeysOf, promise: () => never): object => ({
    agents: {
      find: (name: string) => ({ roles: ["agent"], keys: keysOf(name), [member]: ["send_payment", promise()] }),
    },
  });
  expect(await codeWith(registry)).toBe("agent_invalid");
});

type KeysOf = (agent: string) => readonly string[];

/** The code of a payment by alice's researcher where a host gives this, and what it gave fails after the answer. */
async function codeWith(given: (keysOf: KeysOf, promise: () => never) => object): Promise<unknown> {
  const scene = await createScene();
  const { point, audit } = scene.point();
  const { audience, users, agents, state, clock } = point;
  let fail: (reason: Error) => void = () => {};
  const late = new Promise<never>((_, no) => {
    fail = no;
  });
  const keysOf: KeysOf = (name) => scene.chain.links.filter(({ agent }) => agent === name).map(({ key }) => key);
  const options = {
    ...{ cerbos: answeringPdp("allow"), audience, users, agents, state, clock, audit, trust: [scene.world.anchor] },
    ...{ tools: { send_payment: pay }, delegation: "grants-only" },
    ...given(keysOf, () => late as never),
  };
  const { credential } = await scene.byProof();
  const call = { tool: "send_payment", arguments: ARGUMENTS, credential };
  const decision = await createAuthorizer(options as AuthorizerOptions).authorize(call);
  fail(new Error("the database is down"));
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(unhandled).toEqual([]);
  return decision.outcome === "denied" ? decision.code : decision.outcome;
}
