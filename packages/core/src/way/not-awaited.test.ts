import { afterEach, beforeEach, expect, it } from "vitest";
import { answeringPdp } from "../testing/index.ts";
import { createAuthorizer } from "./authorizer.ts";
import type { AuthorizerOptions } from "./options.ts";
import { ALICE, createScene } from "./point.fixture.ts";

/** Where a host gives data, and forgot that it has to wait for it. */
const PLACES: { readonly [place: string]: (promise: () => never) => object } = {
  "a user's roles": (promise) => ({ users: { find: () => ({ id: "alice", roles: promise() }) } }),
  "a role of a user": (promise) => ({ users: { find: () => ({ id: "alice", roles: ["clerk", promise()] }) } }),
  "a user's attributes": (promise) => ({
    users: { find: () => ({ id: "alice", roles: ["clerk"], attributes: promise() }) },
  }),
  "an attribute of a user": (promise) => ({
    users: { find: () => ({ id: "alice", roles: ["clerk"], attributes: { limit: promise() } }) },
  }),
  "an attribute of a resource": (promise) => ({
    tools: { pay: { kind: "payment", action: "send", attributes: () => ({ limit: promise() }) } },
  }),
  "the JWT of a hop": (promise) => ({ auxData: () => ({ jwt: promise() }) }),
  "the token of a hop": (promise) => ({ auxData: () => ({ jwt: { token: promise() } }) }),
};

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

it.each(Object.entries(PLACES))(
  "a promise for %s is no data, and ends no process when it rejects",
  async (_, place) => {
    const scene = await createScene();
    const { point, audit } = scene.point();
    const { audience, users, agents, state, clock } = point;
    let fail: (reason: Error) => void = () => {};
    const late = new Promise<never>((_, no) => {
      fail = no;
    });
    const options = {
      ...{ cerbos: answeringPdp("allow"), audience, users, agents, state, clock, audit, trust: [scene.world.anchor] },
      ...{ tools: { pay: { kind: "payment", action: "send" } }, delegation: "grants-only" },
      ...place(() => late as never),
    };
    const authorizer = createAuthorizer(options as AuthorizerOptions);
    const decision = await authorizer.authorize({ tool: "pay", arguments: {}, user: ALICE });
    expect(decision).toMatchObject({ outcome: "denied", code: "attributes_invalid" });
    fail(new Error("the database is down"));
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(unhandled).toEqual([]);
  },
);
