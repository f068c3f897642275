import { describe, expect, it } from "vitest";
import { errorOf, ISSUER } from "../testing.fixture.ts";
import { usersFrom } from "./directories.ts";
import { findUser } from "./find-user.ts";
import { inMemoryUsers } from "./sources.ts";

describe("the user of a chain", () => {
  const subject = { issuer: ISSUER, subject: "alice" };

  it("is found by issuer and subject together: the same name from another issuer is somebody else", async () => {
    const users = inMemoryUsers({
      [ISSUER]: { alice: { roles: ["analyst"] } },
      "https://partner.example": { bob: { roles: ["x"] } },
    });
    expect(await findUser(subject, users)).toEqual({
      user: { id: "alice", roles: ["analyst"] },
      origin: { of: "alice", source: "users in memory", ageMs: 0 },
    });
    for (const stranger of [
      { issuer: "https://partner.example", subject: "alice" },
      { issuer: ISSUER, subject: "bob" },
      { issuer: ISSUER, subject: "Alice" },
      { issuer: ISSUER, subject: "toString" },
      { issuer: "constructor", subject: "name" },
    ]) {
      expect(await errorOf(findUser(stranger, users))).toMatchObject({ code: "context_unavailable", hop: 0 });
    }
  });

  it("may have another id for policies than the issuer calls it", async () => {
    const users = inMemoryUsers({ [ISSUER]: { alice: { id: "u-1", roles: ["analyst"] } } });
    expect((await findUser(subject, users)).user.id).toBe("u-1");
  });

  it.each(["", "agent:planner", "agent:"])("may not have the id %j, which could meet an agent's policy", async (id) => {
    expect(await errorOf(findUser(subject, { find: () => ({ id, roles: ["x"] }) }))).toMatchObject({
      code: "context_unavailable",
      hop: 0,
    });
  });

  it.each<[string, unknown]>([
    ["no id", { roles: ["x"] }],
    ["an id that is no text", { id: 7, roles: ["x"] }],
    ["a text", "alice"],
  ])("cannot be told where the directory gives %s, and that is what the denial says", async (_, given) => {
    const error = await errorOf(findUser(subject, { find: () => given as never }));
    expect(error).toMatchObject({ code: "context_unavailable", hop: 0 });
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
