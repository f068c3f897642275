import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { errorOf } from "../testing.fixture.ts";
import {
  agentAttributesFrom,
  agentsFrom,
  oidcUsers,
  userAttributesFrom,
  usersFrom,
  usersOverHttp,
} from "./directories.ts";

const alice = { issuer: "https://id.example", subject: "alice" };

describe("a user directory by a function", () => {
  it("never asks for users of two issuers together: the same name is two people", async () => {
    const batches: string[][] = [];
    const users = usersFrom({
      name: "sql",
      findMany: async (subjects) => {
        batches.push(subjects.map(({ issuer, subject }) => `${issuer} ${subject}`));
        return subjects.map(({ issuer, subject }) => ({ id: `${subject}@${issuer}`, roles: ["r"] }));
      },
    });
    const found = await Promise.all(
      [alice, { ...alice, issuer: "https://partner.example" }].map((who) => users.find(who)),
    );
    expect(found.map((user) => user?.id)).toEqual(["alice@https://id.example", "alice@https://partner.example"]);
    expect(batches.length).toBe(2);
  });
});

describe("a user directory behind HTTP", () => {
  let server: Server;
  let base: string;
  const seen: string[] = [];
  beforeAll(async () => {
    server = createServer((request, response) => {
      seen.push(`${request.url} ${request.headers.authorization}`);
      if (request.url === "/alice") response.end('{"login":"alice","groups":["analyst"]}');
      else if (request.url === "/moved") response.writeHead(302, { location: "/alice" }).end();
      else if (request.url === "/gone") response.writeHead(410).end();
      else if (request.url === "/broken") response.writeHead(500).end("stack trace");
      else if (request.url === "/html") response.end("<html>");
      else if (request.url === "/hangs") return;
      else response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  const users = () =>
    usersOverHttp({
      name: "directory",
      deadlineMs: 300,
      url: ({ subject }) => base + encodeURIComponent(subject),
      headers: async () => ({ authorization: "Bearer t" }),
      parse: (body) => {
        const { login, groups } = body as { login: string; groups: string[] };
        return { id: login, roles: groups };
      },
    });

  it("finds a user, with the headers it was given", async () => {
    expect(await users().find(alice)).toEqual({ id: "alice", roles: ["analyst"] });
    expect(seen).toContain("/alice Bearer t");
  });

  it("knows no such user where the service says so", async () => {
    expect(await users().find({ ...alice, subject: "nobody" })).toBeUndefined();
    expect(await users().find({ ...alice, subject: "gone" })).toBeUndefined();
  });

  it.each(["moved", "broken", "html", "hangs"])("cannot tell where the answer is %s", async (subject) => {
    await expect(users().find({ ...alice, subject })).rejects.toThrow();
  });

  it("asks for the user alone, whatever an issuer calls him", async () => {
    expect(await users().find({ ...alice, subject: "../alice" })).toBeUndefined();
    expect(seen.at(-1)).toBe("/..%2Falice Bearer t");
  });
});

describe("a user directory behind HTTP, asked for a subject that a partner's issuer chose", () => {
  it.each(["", ".", ".."])(
    "does not ask another place for %j, which no escaping keeps in its place",
    async (subject) => {
      const asked: string[] = [];
      const users = usersOverHttp({
        name: "directory",
        url: (who) => `https://hr.example/users/${encodeURIComponent(who.subject)}`,
        parse: () => ({ id: "root", roles: ["admin"] }),
        fetch: async (input) => {
          asked.push(new Request(input).url);
          return Response.json({});
        },
      });
      expect(await users.find({ ...alice, subject })).toBeUndefined();
      expect(asked).toEqual([]);
    },
  );
});

describe("a user directory out of verified claims", () => {
  const claims = { iss: alice.issuer, sub: "alice", exp: 1000, groups: ["analyst"] };
  const directory = (now: () => number, maxUsers = 2) =>
    oidcUsers({
      user: ({ groups }) => ({ roles: groups as string[] }),
      clock: now,
      maxUsers,
    });

  it("knows who logged in here, until the claims expire, and how long ago that was", async () => {
    let now = 0;
    const users = directory(() => now);
    expect(await users.find(alice)).toBeUndefined();
    expect(users.learn(claims)).toEqual(alice);
    now = 999_999;
    expect(await users.look?.(alice)).toEqual({ value: { id: "alice", roles: ["analyst"] }, ageMs: 999_999 });
    now = 1_000_000;
    expect(await users.find(alice)).toBeUndefined();
    now = 0;
    expect(await users.find(alice)).toBeUndefined();
  });

  it("does not know the same name from another issuer", async () => {
    const users = directory(() => 0);
    users.learn(claims);
    expect(await users.find({ ...alice, issuer: "https://partner.example" })).toBeUndefined();
  });

  it("forgets who logged in longest ago where there are too many", async () => {
    const users = directory(() => 0);
    for (const sub of ["alice", "bob", "alice", "carol"]) users.learn({ ...claims, sub });
    const known = await Promise.all(["alice", "bob", "carol"].map((subject) => users.find({ ...alice, subject })));
    expect(known.map((user) => user?.id)).toEqual(["alice", undefined, "carol"]);
  });

  it.each([{ iss: undefined }, { sub: undefined }, { sub: "" }, { exp: undefined }, { exp: Number.NaN }])(
    "takes in no claims with %j",
    async (changed) => {
      expect((await errorOf(() => directory(() => 0).learn({ ...claims, ...changed } as never))).code).toBe(
        "attributes_invalid",
      );
    },
  );
});

describe("further attributes and agents by a function", () => {
  it("are asked for by what tells people apart: issuer and subject, never one of both", async () => {
    const users = userAttributesFrom({
      name: "hr",
      ttlMs: 1000,
      find: ({ issuer, subject }) => ({ of: `${subject} of ${issuer}` }),
    });
    expect(await users.find(alice)).toEqual({ of: "alice of https://id.example" });
    expect(await users.find({ ...alice, subject: "bob" })).toEqual({ of: "bob of https://id.example" });
    expect(await users.find({ ...alice, issuer: "https://partner.example" })).toEqual({
      of: "alice of https://partner.example",
    });
    expect(users.name).toBe("hr");
  });

  it("are asked for by an agent's name, many together", async () => {
    const batches: (readonly string[])[] = [];
    const agents = agentsFrom({
      name: "registry",
      findMany: async (names) => {
        batches.push(names);
        return names.map((name) => (name === "planner" ? { roles: ["r"], keys: [name] } : undefined));
      },
    });
    expect(await Promise.all(["planner", "nobody"].map((name) => agents.find(name)))).toEqual([
      { roles: ["r"], keys: ["planner"] },
      undefined,
    ]);
    expect(batches).toEqual([["planner", "nobody"]]);
    const health = agentAttributesFrom({ name: "health", ttlMs: 1000, find: (name) => ({ of: name }) });
    expect(await health.find("planner")).toEqual({ of: "planner" });
    expect(await health.find("researcher")).toEqual({ of: "researcher" });
    expect([agents.name, health.name]).toEqual(["registry", "health"]);
  });
});

describe("a request to a user directory behind HTTP", () => {
  const asking = (answer: Response, headers?: { headers: () => Record<string, string> }) => {
    const seen: RequestInit[] = [];
    const users = usersOverHttp({
      name: "directory",
      url: () => "https://hr.example/users/alice",
      parse: (body) => body as never,
      fetch: async (_, init) => {
        seen.push(init as RequestInit);
        return answer;
      },
      ...headers,
    });
    return { users, seen };
  };

  it("asks for JSON, follows no redirect, and has only the headers that were given", async () => {
    const plain = asking(Response.json({ id: "alice", roles: ["r"] }));
    expect(await plain.users.find(alice)).toEqual({ id: "alice", roles: ["r"] });
    expect(plain.seen).toEqual([
      { signal: expect.any(AbortSignal), redirect: "error", headers: { accept: "application/json" } },
    ]);
    const bearing = asking(Response.json({}), { headers: () => ({ authorization: "Bearer t" }) });
    await bearing.users.find(alice);
    expect(bearing.seen[0]?.headers).toEqual({ accept: "application/json", authorization: "Bearer t" });
  });

  it.each([201, 206, 403, 500])("cannot be told by the body of an answer %i, whatever stands in it", async (status) => {
    const { users } = asking(Response.json({ id: "alice", roles: ["admin"] }, { status }));
    await expect(users.find(alice)).rejects.toThrow(`the user directory answered ${status}`);
  });
});

describe("a user directory out of verified claims, as records tell it", () => {
  it("has a name, and counts how long ago somebody logged in", async () => {
    let now = 5000;
    const users = oidcUsers({ user: () => ({ roles: ["r"] }), clock: () => now });
    expect(users.name).toBe("verified claims");
    expect(await users.look?.(alice)).toStrictEqual({ value: undefined, ageMs: 0 });
    users.learn({ iss: alice.issuer, sub: "alice", exp: 1000 });
    now = 5040;
    expect(await users.look?.(alice)).toEqual({ value: { id: "alice", roles: ["r"] }, ageMs: 40 });
  });

  it("says what claims need", async () => {
    const users = oidcUsers({ user: () => ({ roles: ["r"] }) });
    expect((await errorOf(() => users.learn({ iss: alice.issuer, sub: "" } as never))).message).toBe(
      "claims need iss, sub and exp to be taken in",
    );
  });
});
