/**
 * A row of an ORM is an object of a class, whose columns are getters there: a copy by `{ ...row }` has none of them. Of a bound that
 * would be lost so, an agent would go without it.
 */
import { describe, expect, it } from "vitest";
import { createWorld, errorOf, ISSUER, verifyAt } from "../world.fixture.ts";
import { confirmAgents } from "./confirm-agents.ts";
import { agentsFrom, usersFrom } from "./directories.ts";
import { findUser } from "./find-user.ts";
import { oidcUsers } from "./oidc-users.ts";
import type { Agent, AgentClass, AgentRegistry, User, UserDirectory } from "./sources.ts";
import { createUserIds } from "./user-ids.ts";

/** The same, as such a row has it. */
function rowOf<T extends object>(members: T): T {
  class Row {}
  for (const [name, value] of Object.entries(members)) Object.defineProperty(Row.prototype, name, { get: () => value });
  return new Row() as T;
}

const world = await createWorld();
const root = await world.root();
const alone = await verifyAt(root, [world.anchor]);
const sub = "planner/reader/abcdefgh";
const withOwn = await verifyAt(`${root}~${await world.child(root, { act: { sub } })}`, [world.anchor]);

const KEPT = { name: "rows", ttlMs: 60_000 };
const ASKED: readonly [string, (row: Agent) => AgentRegistry, (row: User) => UserDirectory][] = [
  ["asked for each time", (row) => ({ find: () => row }), (row) => ({ find: () => row })],
  ["kept", (row) => agentsFrom({ ...KEPT, find: () => row }), (row) => usersFrom({ ...KEPT, find: () => row })],
];

describe.each(ASKED)("a row that is %s", (_, registry, directory) => {
  const planner = { roles: ["agent"], keys: [world.planner.publicJwk], tools: ["pay"], maxDepth: 2, owner: "team-a" };
  const reader = { roles: ["reader"], tools: ["read"], maxDepth: 2, scope: "a" };
  const confirmed = async (row: Agent, chain = alone) => {
    const of = (name: string) => (name === "planner" ? registry(row).find(name) : undefined);
    return (await confirmAgents(chain, { find: of })).agents.at(-1);
  };
  const ephemeral = (own: AgentClass) => confirmed(rowOf({ ...planner, classes: { reader: own } }), withOwn);
  const user = (row: User) =>
    findUser({ issuer: ISSUER, subject: "alice" }, directory(row), createUserIds([ISSUER], {}));

  it("says what its columns say: of an agent, of its keys, of a class, of a user", async () => {
    const keys = [rowOf(world.planner.publicJwk)];
    expect(await confirmed(rowOf({ ...planner, keys }))).toMatchObject({ ...planner, keys: [expect.anything()] });
    expect(await ephemeral(rowOf(reader))).toEqual({ class: "reader", ...reader });
    const alice = { id: "alice", roles: ["clerk"], attributes: { region: "EMEA" }, scope: "a" };
    expect((await user(rowOf(alice))).user).toEqual({ ...alice, issuer: ISSUER });
  });

  it("bounds by a getter beside plain members", async () => {
    class Reader {
      readonly roles = ["reader"];
      get maxDepth() {
        return 1;
      }
    }
    await expect(ephemeral(new Reader())).rejects.toMatchObject({ code: "agent_depth_refused", hop: 2 });
  });

  it.each(["max_depth", "Tools", "policy_version"])("that calls a bound %s is nobody's", async (bound) => {
    const agent = { roles: ["agent"], keys: planner.keys, [bound]: "1" };
    expect(await errorOf(confirmed(rowOf(agent)))).toMatchObject({ code: "agent_invalid", hop: 1 });
    const own = ephemeral(rowOf({ roles: ["reader"], [bound]: "1" }));
    expect(await errorOf(own)).toMatchObject({ code: "agent_invalid", hop: 2 });
  });

  it("that calls the place of a user's policies otherwise is nobody's", async () => {
    const row = rowOf({ id: "alice", roles: ["clerk"], policy_version: "1" });
    expect(await errorOf(user(row))).toMatchObject({ code: "attributes_invalid", hop: 0 });
  });
});

it("a user that is made of claims may be such a row, too", async () => {
  const made = { roles: ["clerk"], scope: "a" };
  const users = oidcUsers({ user: () => rowOf(made), clock: () => 0 });
  const who = users.learn({ iss: ISSUER, sub: "alice", exp: 1000 });
  expect(await users.find(who)).toEqual({ id: "alice", ...made });
});

it("a key of a kept row is the one that it was when it was read", async () => {
  const given = rowOf({ jwk: { ...world.planner.publicJwk } }).jwk;
  class Key {
    get kty() {
      return given.kty;
    }
    get crv() {
      return given.crv;
    }
    get x() {
      return given.x;
    }
  }
  const kept = agentsFrom({ ...KEPT, find: () => ({ roles: ["agent"], keys: [new Key() as never] }) });
  await confirmAgents(alone, kept);
  Object.assign(given, world.mallory.publicJwk);
  await expect(confirmAgents(alone, kept)).resolves.toMatchObject({ agents: [{ roles: ["agent"] }] });
});

it("a class that stands within itself is kept, too", async () => {
  const reader: { roles: readonly string[]; classes: object } = { roles: ["reader"], classes: {} };
  reader.classes = { reader };
  const row = { roles: ["agent"], keys: [world.planner.publicJwk], classes: { reader } };
  const kept = agentsFrom({ ...KEPT, find: (name) => (name === "planner" ? row : undefined) as never });
  await expect(confirmAgents(withOwn, kept)).resolves.toMatchObject({ agents: [{}, { roles: ["reader"] }] });
});
