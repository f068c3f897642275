/** Who is switched off where they are kept, and given all the same, is nobody. */
import { beforeAll, describe, expect, it } from "vitest";
import type { Chain } from "../token/index.ts";
import { createWorld, errorOf, ISSUER, verifyAt, type World } from "../world.fixture.ts";
import { confirmAgents } from "./confirm-agents.ts";
import { agentsFrom, usersFrom } from "./directories.ts";
import { findUser } from "./find-user.ts";
import type { AgentRegistry, UserDirectory } from "./sources.ts";
import { createUserIds } from "./user-ids.ts";

const each = (names: readonly string[], values: readonly unknown[]): (readonly [string, unknown])[] =>
  names.flatMap((name) => values.map((value) => [name, value] as const));
const ROWS = [
  ...each(["active", "isActive", "is_active", "enabled"], [false, 0, "false"]),
  ...each(["disabled", "suspended", "blocked", "revoked", "deleted"], [true, 1, "true"]),
  ...each(["deletedAt", "deleted_at"], ["2026-11-30", new Date()]),
  ...each(["active", "enabled"], ["N", "no", "f", "FALSE", "off", Buffer.of(0)]),
  ...each(["disabled", "deleted"], ["Y", "yes", "t", "on", Buffer.of(1)]),
];
const ON = [
  ...each(["active", "isActive", "is_active", "enabled"], [true, 1, "true", null, undefined]),
  ...each(["disabled", "revoked", "deletedAt"], [false, 0, "", null, undefined]),
  ...each(["inactive"], [true]),
  ...each(["active", "enabled"], ["Y", "yes", "t", "TRUE", "on", Buffer.of(1)]),
  ...each(["disabled", "deleted"], ["N", "no", "f", "False", "off", "N ", Buffer.of(0)]),
];

let world: World;
let chain: Chain;
beforeAll(async () => {
  world = await createWorld();
  chain = await verifyAt(await world.chain(), [world.anchor]);
});

const alice = { id: "alice", roles: ["clerk"] };
const find = (directory: UserDirectory) =>
  findUser({ issuer: ISSUER, subject: "alice" }, directory, createUserIds([ISSUER], {}));
const registry = (changed: object): AgentRegistry => ({
  find: (name) => {
    const keys = [name === "planner" ? world.planner.publicJwk : world.researcher.publicJwk];
    return { roles: ["r"], keys, ...(name === "researcher" && changed) };
  },
});

/** As the entities of an ORM have it: by a getter of their class. */
function entityOf(name: string, value: unknown): typeof alice {
  class Row {
    readonly id = "alice";
    readonly roles: string[] = ["clerk"];
  }
  Object.defineProperty(Row.prototype, name, { get: () => value });
  return new Row();
}

describe("whoever is given with a word that they are there no more", () => {
  it.each(ROWS)("is no user: %s, %s", async (name, value) => {
    for (const given of [{ ...alice, [name]: value }, entityOf(name, value)]) {
      const error = await errorOf(find({ find: () => given }));
      expect(error).toMatchObject({ code: "user_unknown", hop: 0 });
      expect(error.message).toMatch(
        new RegExp(
          `any more: what it gave says so by ${name}; a member that means something else belongs into attributes$`,
        ),
      );
    }
  });

  it.each(ROWS)("is no agent: %s, %s", async (name, value) => {
    const error = await errorOf(confirmAgents(chain, registry({ [name]: value })));
    expect(error).toMatchObject({ code: "agent_unknown", hop: 2 });
    expect(error.message).toMatch(new RegExp(`has "researcher" no more: what it gave says so by ${name};`));
  });

  it("is nobody also where the answer is kept", async () => {
    const users = usersFrom({ name: "hr", issuers: [ISSUER], find: () => entityOf("active", false), ttlMs: 60_000 });
    for (let i = 0; i < 2; i++) expect(await errorOf(find(users))).toMatchObject({ code: "user_unknown" });
    const agents = agentsFrom({ name: "registry", ...registry({ revoked: true }), ttlMs: 60_000 });
    for (let i = 0; i < 2; i++)
      expect(await errorOf(confirmAgents(chain, agents))).toMatchObject({ code: "agent_unknown" });
  });
});

it.each(ON)("whoever is there is somebody, and may have attributes of any name: %s, %s", async (name, value) => {
  const given = { ...alice, [name]: value, attributes: { active: false, disabled: true } };
  expect((await find({ find: () => given as never })).user.id).toBe("alice");
  expect((await confirmAgents(chain, registry({ [name]: value }))).agents).toHaveLength(2);
});
