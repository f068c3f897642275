import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { errorOf } from "../testing.fixture.ts";
import { findUser } from "./find-user.ts";
import type { User } from "./sources.ts";
import { createUserIds } from "./user-ids.ts";
import { usersOverHttp } from "./users-over-http.ts";

const alice = { issuer: "https://id.example", subject: "alice" };

/** An answer that goes on and on, until nobody reads it any more: how many bytes of it were taken. */
const endless = { bytes: 0, closed: false };
const MEGABYTE = Buffer.alloc(1024 * 1024, " ");

/** Answers that say nothing of a user: what the service does, and what the denial says of it. */
const FAULTS: { readonly [subject: string]: readonly [why: string, answer: (response: ServerResponse) => void] } = {
  moved: ["it failed", (response) => response.writeHead(302, { location: "/alice" }).end()],
  broken: ["it answered 500", (response) => response.writeHead(500).end("hunter2")],
  html: ["its answer is no JSON", (response) => response.end("<html>hunter2")],
  empty: ["its answer is no JSON", (response) => response.end()],
  half: ["its answer is no JSON", (response) => response.end('{"login":"alice","groups":["hunter2')],
  latin1: ["it failed", (response) => response.end(Buffer.from('{"login":"Ren\xe9","groups":[]}', "latin1"))],
  null: ["parse made no user of its answer", (response) => response.end("null")],
  nothing: ["parse made no user of its answer", (response) => response.end("{}")],
  text: ["it failed", (response) => response.end('"hunter2"')],
  cut: [
    "it failed",
    (response) => response.writeHead(200, { "content-length": "500" }).write("{", () => response.destroy()),
  ],
  hangs: ["no answer within 300 ms", () => {}],
  stops: ["no answer within 300 ms", (response) => response.write('{"login":')],
  long: [
    "its answer is longer than 1000 bytes (maxBytes)",
    (response) => response.end(JSON.stringify({ login: "alice", groups: ["analyst"], memo: "x".repeat(1000) })),
  ],
  endless: [
    "its answer is longer than 1000 bytes (maxBytes)",
    (response) => {
      response.on("close", () => {
        endless.closed = true;
      });
      const more = (): void => {
        while (!endless.closed && endless.bytes < 2 ** 30) {
          endless.bytes += MEGABYTE.length;
          if (!response.write(MEGABYTE)) return void response.once("drain", more);
        }
      };
      more();
    },
  ],
  packed2: [
    "its answer is longer than 1000 bytes (maxBytes)",
    (response) =>
      response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync(Buffer.concat([MEGABYTE, MEGABYTE]))),
  ],
  packed: [
    "its answer is longer than 1000 bytes (maxBytes)",
    (response) => response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync(MEGABYTE)),
  ],
};

describe("a user directory behind HTTP", () => {
  let server: Server;
  let base: string;
  const seen: string[] = [];
  beforeAll(async () => {
    server = createServer((request, response) => {
      seen.push(`${request.url} ${request.headers.authorization}`);
      if (request.url === "/alice") response.end('{"login":"alice","groups":["analyst"]}');
      else if (request.url === "/gone") response.writeHead(410).end();
      else (FAULTS[request.url?.slice(1) ?? ""]?.[1] ?? notFound)(response);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  const notFound = (response: ServerResponse): void => void response.writeHead(404).end();
  const users = (own: { readonly maxBytes?: number; readonly deadlineMs?: number } = { maxBytes: 1000 }) =>
    usersOverHttp({
      name: "directory",
      deadlineMs: 60_000,
      ...own,
      url: ({ subject }) => base + encodeURIComponent(subject),
      headers: async () => ({ authorization: "Bearer t" }),
      parse: (body) => {
        if (typeof body === "string") throw new Error(body);
        const { login, groups } = Object(body) as { login?: string; groups?: string[] };
        return (login && { id: login, roles: groups }) as User;
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

  it.each(Object.entries(FAULTS))(
    "cannot tell where the answer is %s, and the denial says why",
    async (name, [why]) => {
      const own = { maxBytes: 1000, deadlineMs: why.startsWith("no answer") ? 300 : 60_000 };
      const asking = findUser({ ...alice, subject: name }, users(own), createUserIds([alice.issuer], {}));
      const { code, message, hop } = await errorOf(asking);
      expect([code, hop]).toEqual(["context_unavailable", 0]);
      expect(message).toBe(`the user directory could not tell who the user is: ${why} (source "directory")`);
    },
  );

  it("reads no more of an answer than it takes, and leaves", async () => {
    await expect.poll(() => endless.closed).toBe(true);
    // What the sockets of both sides took in the meantime; far from the gigabyte that there was.
    expect(endless.bytes).toBeLessThan(64 * 1024 * 1024);
  });

  it("takes an answer of a megabyte where nothing else was said, and not a byte more than was", async () => {
    const length = Buffer.byteLength('{"login":"alice","groups":["analyst"]}');
    expect(await users({}).find(alice)).toMatchObject({ id: "alice" });
    expect(await users({ maxBytes: length }).find(alice)).toMatchObject({ id: "alice" });
    await expect(users({ maxBytes: length - 1 }).find(alice)).rejects.toThrow("longer than");
    expect(await users({}).find({ ...alice, subject: "long" })).toMatchObject({ id: "alice" });
    await expect(users({}).find({ ...alice, subject: "packed" })).rejects.toThrow("its answer is no JSON");
    await expect(users({}).find({ ...alice, subject: "packed2" })).rejects.toThrow("longer than 1048576 bytes");
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
    await expect(users.find(alice)).rejects.toThrow(`it answered ${status}`);
  });
});
