import { describe, expect, it, vi } from "vitest";
import type { Subject } from "../token/index.ts";
import { errorOf, ISSUER } from "../world.fixture.ts";
import { usersFrom } from "./directories.ts";
import { findUser as find } from "./find-user.ts";
import { inMemoryUsers } from "./in-memory.ts";
import type { UserDirectory } from "./sources.ts";
import { createUserIds } from "./user-ids.ts";

/** As where one issuer is trusted. */
const findUser = (subject: Subject, directory: UserDirectory) =>
  find(subject, directory, createUserIds([ISSUER], directory));

describe("the user of a chain", () => {
  const subject = { issuer: ISSUER, subject: "alice" };

  it("is found by issuer and subject together: the same name from another issuer is somebody else", async () => {
    const users = inMemoryUsers({
      [ISSUER]: { alice: { roles: ["analyst"] } },
      "https://partner.example": { bob: { roles: ["x"] } },
    });
    expect(await findUser(subject, users)).toEqual({
      user: { id: "alice", issuer: ISSUER, roles: ["analyst"] },
      hasOwnId: false,
      origin: { of: "alice", source: "users in memory", ageMs: 0 },
    });
    for (const stranger of [
      { issuer: "https://partner.example", subject: "alice" },
      { issuer: ISSUER, subject: "bob" },
      { issuer: ISSUER, subject: "Alice" },
      { issuer: ISSUER, subject: "toString" },
      { issuer: "constructor", subject: "name" },
    ]) {
      expect(await errorOf(findUser(stranger, users))).toMatchObject({ code: "user_unknown", hop: 0 });
    }
  });

  it("is copied with what a user has, and with nothing that its directory gives beside it", async () => {
    const get = vi.fn(() => 1);
    const known = {
      id: "alice",
      roles: ["analyst"],
      attributes: { region: "EMEA" },
      scope: "acme",
      policyVersion: "v2",
    };
    const row = Object.defineProperty({ ...known }, "history", { get, enumerable: true });
    const { user } = await findUser(subject, { find: () => row });
    expect(user).toEqual({ ...known, issuer: ISSUER });
    expect(get).not.toHaveBeenCalled();
  });

  it("may have another id for policies than the issuer calls it", async () => {
    const users = inMemoryUsers({ [ISSUER]: { alice: { id: "u-1", roles: ["analyst"] } } });
    expect(await findUser(subject, users)).toMatchObject({ user: { id: "u-1" }, hasOwnId: true });
  });

  it.each(["", "agent:planner", "agent:"])("may not have the id %j, which could meet an agent's policy", async (id) => {
    expect(await errorOf(findUser(subject, { find: () => ({ id, roles: ["x"] }) }))).toMatchObject({
      code: "attributes_invalid",
      hop: 0,
    });
  });

  it.each<[string, unknown]>([
    ["no id", { roles: ["x"] }],
    ["an id that is no text", { id: 7, roles: ["x"] }],
    ["a text", "alice"],
  ])("cannot be told where the directory gives %s, and that is what the denial says", async (_, given) => {
    const error = await errorOf(findUser(subject, { find: () => given as never }));
    expect(error).toMatchObject({ code: "attributes_invalid", hop: 0 });
    expect(error.message).toContain("gave an id that no user may have");
  });

  it("is refused in words that name the directory and its deadline, and quote nothing of what it threw", async () => {
    const late = usersFrom({ name: "hr", deadlineMs: 5, find: () => new Promise(() => {}) });
    expect((await errorOf(findUser(subject, late))).message).toMatch(/no answer within 5 ms \(source "hr"\)$/);
    const broken = usersFrom({ name: "hr", find: async () => Promise.reject(new Error("password hunter2")) });
    expect((await errorOf(findUser(subject, broken))).message).toMatch(/: it failed \(source "hr"\)$/);
  });

  it("cannot be told where the directory fails", async () => {
    const find = async () => Promise.reject(new Error("down"));
    expect(await errorOf(findUser(subject, { find }))).toMatchObject({ code: "context_unavailable", hop: 0 });
  });
});

describe("a user that cannot be told", () => {
  const subject = { issuer: ISSUER, subject: "alice" };
  const messageOf = async (find: () => unknown) => (await errorOf(findUser(subject, { find } as never))).message;

  it("is an unknown one, one nobody could look up, or one whose id could meet an agent's policy: each is said", async () => {
    expect(await messageOf(() => undefined)).toBe(`the user directory knows no user "alice" of "${ISSUER}"`);
    expect(await messageOf(async () => Promise.reject(new Error("down")))).toBe(
      "the user directory could not tell who the user is: it failed",
    );
    for (const id of ["agent:x", "a\ud800", ""])
      expect(await messageOf(() => ({ id, roles: ["r"] }))).toBe(
        'the user directory gave an id that no user may have: one that is no text, an empty one, one with half a character, or one beginning with "agent:"',
      );
  });

  it("is unknown, and no fault of the directory, where nobody knows the issuer", async () => {
    const error = await errorOf(findUser(subject, inMemoryUsers({})));
    expect(error.message).toBe(`the user directory knows no user "alice" of "${ISSUER}"`);
  });
});

describe("a directory that says whose users it has", () => {
  const partners = { issuer: "https://partner.example", subject: "alice" };
  const find = vi.fn(() => ({ id: "u-1", roles: ["admin"] }));

  it("is asked about nobody of another issuer, who may have the same name", async () => {
    const directory = usersFrom({ name: "hr", issuers: [ISSUER], find });
    expect((await errorOf(findUser(partners, directory))).message).toBe(
      `the user directory knows no user "alice" of "https://partner.example"; it has those of "${ISSUER}"`,
    );
    expect(find).not.toHaveBeenCalled();
    expect((await findUser({ issuer: ISSUER, subject: "alice" }, directory)).user.roles).toEqual(["admin"]);
  });

  it("is asked about anybody where it does not say so", async () => {
    expect((await findUser(partners, usersFrom({ name: "hr", find }))).user.roles).toEqual(["admin"]);
  });
});

describe("a user directory without a name", () => {
  it("is called users in records", async () => {
    const { origin } = await findUser(
      { issuer: ISSUER, subject: "alice" },
      { find: () => ({ id: "alice", roles: ["r"] }) },
    );
    expect(origin).toEqual({ of: "alice", source: "users", ageMs: 0 });
  });
});
