import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { errorOf } from "../testing.fixture.ts";
import { oidcUsers, usersFrom, usersOverHttp } from "./directories.ts";

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
        "context_unavailable",
      );
    },
  );
});
