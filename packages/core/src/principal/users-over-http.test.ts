import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { errorOf } from "../world.fixture.ts";
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
  moved: [
    "it answered 302, and no redirect is followed: give the address that it leads to",
    (response) => response.writeHead(302, { location: "/alice" }).end(),
  ],
  broken: ["it answered 500", (response) => response.writeHead(500).end("hunter2")],
  html: ["its answer is no JSON", (response) => response.end("<html>hunter2")],
  empty: ["its answer is no JSON", (response) => response.end()],
  half: ["its answer is no JSON", (response) => response.end('{"login":"alice","groups":["hunter2')],
  latin1: [
    "its answer broke off, or is no UTF-8 (ERR_ENCODING_INVALID_ENCODED_DATA)",
    (response) => response.end(Buffer.from('{"login":"Ren\xe9","groups":[]}', "latin1")),
  ],
  null: ["parse made no user of its answer", (response) => response.end("null")],
  nothing: ["parse made no user of its answer", (response) => response.end("{}")],
  text: ["parse failed (RangeError)", (response) => response.end('"hunter2"')],
  cut: [
    "its answer broke off, or is no UTF-8 (UND_ERR_SOCKET)",
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
        if (typeof body === "string") throw new RangeError(body);
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
      expect(message).toBe(
        `the user directory could not tell who the user is: ${why.replace("ORIGIN", base.slice(0, -1))} (source "directory")`,
      );
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
    expect(await users().find({ ...alice, subject: "x/alice" })).toBeUndefined();
    expect(seen.at(-1)).toBe("/x%2Falice Bearer t");
  });
});

describe("a user directory behind HTTP, asked for a subject that a partner's issuer chose", () => {
  it.each(["", ".", "..", "x/../root", "../root", "x/..", "x\\..\\root", "./root"])(
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

describe("a user directory behind HTTP that cannot be asked", () => {
  const asked = async (url: (subject: typeof alice) => string | URL) => {
    const directory = usersOverHttp({ name: "hr", url, parse: (body) => body as User, deadlineMs: 60_000 });
    return (await errorOf(findUser(alice, directory, createUserIds([alice.issuer], {})))).message;
  };
  const unset: string | undefined = undefined;

  it("says where it did not answer, by its origin alone, and why", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const says = "the user directory could not tell who the user is: no answer at";
    expect(
      await asked(({ subject }) => `http://127.0.0.1:${port}/users/${encodeURIComponent(subject)}?key=hunter2`),
    ).toBe(`${says} http://127.0.0.1:${port}: connection refused (ECONNREFUSED) (source "hr")`);
  });

  it.each<[string, (subject: { readonly subject: string }) => string]>([
    ["of a variable that is not set", ({ subject }) => `${unset}/users/${subject}`],
    ["that is none", ({ subject }) => `hr.example/users/${subject}`],
    ["of plain http", ({ subject }) => `http://hr.example/users/${subject}`],
    ["of a file", ({ subject }) => `file:///users/${subject}`],
    ["that is empty", () => ""],
    ["with a password", ({ subject }) => `https://reader:hunter2@hr.example/users/${subject}`],
  ])("is refused at the door for an address %s, which is not quoted", async (_, url) => {
    const error = await errorOf(() => usersOverHttp({ name: "hr", url, parse: (body) => body as User }));
    expect(error).toMatchObject({ code: "config_invalid", pointer: "/url" });
    expect(error.message).toMatch(
      /begins with "undefined": is an environment variable not set|a password|no https address|plain http/,
    );
    expect(error.message).not.toContain("somebody");
    expect(error.message).toMatch(/^usersOverHttp: url: the address of a user /);
  });

  it("is tried with a user who has a name, of an issuer that is one", () => {
    const asked: unknown[] = [];
    const url = ({ issuer, subject }: typeof alice): string => {
      asked.push([new URL(issuer).protocol, subject.length > 0]);
      return "https://hr.example/";
    };
    usersOverHttp({ name: "hr", url, parse: (body) => body as User });
    expect(asked.slice(0, 1)).toEqual([["https:", true]]);
  });

  it("is judged when it is asked where its address depends on the issuer", async () => {
    const bases: { readonly [issuer: string]: string } = { "https://partner.example": "https://hr.partner.example" };
    expect(await asked(({ issuer, subject }) => `${bases[issuer]}/users/${encodeURIComponent(subject)}`)).toBe(
      'the user directory could not tell who the user is: the address of a user begins with "undefined": is an environment variable not set? (source "hr")',
    );
  });

  it("may know its own users alone: what url throws of anybody refuses nothing", () => {
    const url = ({ subject }: { readonly subject: string }): string => {
      if (subject !== "alice") throw new Error("hunter2");
      return "https://hr.example/alice";
    };
    expect(() => usersOverHttp({ name: "hr", url, parse: (body) => body as User })).not.toThrow();
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
      {
        signal: expect.any(AbortSignal),
        redirect: "manual",
        cache: "no-store",
        headers: { accept: "application/json" },
      },
    ]);
    const bearing = asking(Response.json({}), { headers: () => ({ authorization: "Bearer t" }) });
    await bearing.users.find(alice);
    expect(bearing.seen[0]?.headers).toEqual({ accept: "application/json", authorization: "Bearer t" });
  });

  it("is not asked with something else than headers", async () => {
    const { users, seen } = asking(Response.json({}), { headers: () => "Bearer t" as never });
    await expect(users.find(alice)).rejects.toThrow("headers failed");
    expect(seen).toEqual([]);
  });

  it.each([201, 206, 403, 500])("cannot be told by the body of an answer %i, whatever stands in it", async (status) => {
    const { users } = asking(Response.json({ id: "alice", roles: ["admin"] }, { status }));
    await expect(users.find(alice)).rejects.toThrow(`it answered ${status}`);
  });
});

it.each([
  ["url", "https://hr.example", 'such as (who) => new URL(…, "https://hr.example")'],
  ["parse", { roles: "roles" }, "such as (body) => ({ roles: body.roles, … })"],
  ["headers", { authorization: "Bearer t" }, 'such as () => ({ authorization: "Bearer …" })'],
])("who gives no function as %s is shown one", (option, wrong, shown) => {
  const right = { name: "hr", url: () => "https://hr.example/alice", parse: () => ({ roles: ["clerk"] }) };
  expect(() => usersOverHttp({ ...right, [option]: wrong } as never)).toThrow(shown);
});
