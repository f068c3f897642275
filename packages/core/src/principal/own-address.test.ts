/** Who names a user or an agent does not choose the address at which they are asked about. */
import { describe, expect, it } from "vitest";
import { errorOf } from "../world.fixture.ts";
import { agentsOverHttp } from "./agents-over-http.ts";
import type { User } from "./sources.ts";
import { usersOverHttp } from "./users-over-http.ts";

const HR = "https://hr.example";
type UrlOf = (name: string) => string | URL;

/** Both kinds of directory, with the same addresses. */
const askers = {
  usersOverHttp: (url: UrlOf) =>
    usersOverHttp({ name: "hr", url: ({ subject }) => url(subject), parse: (body) => body as User }),
  agentsOverHttp: (url: UrlOf) => agentsOverHttp({ name: "hr", url, parse: (body) => body as never }),
};

const ELSEWHERE: { readonly [how: string]: UrlOf } = {
  "whose steps stay steps": (name) => `${HR}/users/${name.split("/").map(encodeURIComponent).join("/")}`,
  "whose # stays": (name) => `${HR}/users/${encodeURIComponent(name).replaceAll("%23", "#")}`,
  "in a path": (name) => `${HR}/users/${name}`,
  "in a path, escaped for a whole address": (name) => `${HR}/users/${encodeURI(name)}`,
  "as an address within another": (name) => new URL(name, `${HR}/users/`),
  "in the name of the host": (name) => `https://${name}.hr.example/`,
  "in a query": (name) => `${HR}/users?id=${name}`,
};
const IN_QUOTES: { readonly [how: string]: UrlOf } = {
  "in a filter of SCIM": (name) => `${HR}/Users?filter=${encodeURIComponent(`externalId eq "${name}"`)}`,
  "in a query of GraphQL": (name) => `${HR}/graphql?query=${encodeURIComponent(`{user(id:"${name}"){roles}}`)}`,
  "in a filter of OData": (name) => `${HR}/users?$filter=${encodeURIComponent(`mail eq '${name}'`)}`,
  "in a key of OData": (name) => `${HR}/users('${encodeURIComponent(name)}')`,
};
const IN_PLACE: { readonly [how: string]: UrlOf } = {
  "in a path": (name) => `${HR}/users/${encodeURIComponent(name)}?full=1`,
  "in an address made of parts": (name) => new URL(encodeURIComponent(name), `${HR}/users/`),
  "in a query": (name) => `${HR}/users?${new URLSearchParams({ id: name })}`,
  "in a filter of SCIM": (name) => `${HR}/Users?filter=${encodeURIComponent(`externalId eq ${JSON.stringify(name)}`)}`,
  "in a filter of OData": (name) => `${HR}/u?$filter=${encodeURIComponent(`mail eq '${name.replaceAll("'", "''")}'`)}`,
  "in a filter without quotation marks": (name) => `${HR}/users?filter=${encodeURIComponent(`id eq ${name}`)}`,
  "as a part of it": (name) => `${HR}/users/${encodeURIComponent(name.split("|")[1] ?? name)}`,
  "in other letters": (name) => `${HR}/users/${Buffer.from(name).toString("base64url")}`,
  nowhere: () => `${HR}/100%/users`,
  "only where its signs are plain": (name) => {
    if (/\W/.test(name)) throw new Error("no such user");
    return `${HR}/users/${name}`;
  },
};

describe.each(Object.entries(askers))("%s", (called, make) => {
  it.each(Object.entries(ELSEWHERE))("is refused where a name leads to another address: %s", async (_, url) => {
    const error = await errorOf(() => make(url));
    expect(error).toMatchObject({ code: "config_invalid", pointer: "/url" });
    expect(error.message).toMatch(new RegExp(`^${called}: url: a name with signs .*encodeURIComponent`));
  });

  it.each(Object.entries(IN_QUOTES))("is refused where a name ends the text it stands in: %s", async (_, url) => {
    const error = await errorOf(() => make(url));
    expect(error.message).toMatch(new RegExp(`^${called}: url: a name with a ["'] in it ends the text`));
  });

  it.each(Object.entries(IN_PLACE))("is taken where a name stays in its place: %s", (_, url) => {
    expect(() => make(url)).not.toThrow();
  });
});

it("is judged when it is asked where the address depends on the issuer, and nobody elsewhere hears of it", async () => {
  const asked: unknown[] = [];
  const fetch = async (address: unknown): Promise<Response> => {
    asked.push(String(address));
    return Response.json({ id: "root", roles: ["admin"] });
  };
  const find = (url: (subject: string, base: string | undefined) => string | URL, subject: string) => {
    const bases: { readonly [issuer: string]: string } = {
      "https://partner.example": "https://hr.partner.example/users/",
    };
    const directory = usersOverHttp({
      name: "hr",
      url: ({ issuer, subject: name }) => url(name, bases[issuer]),
      parse: (body) => body as User,
      fetch: fetch as typeof globalThis.fetch,
    });
    return directory.find({ issuer: "https://partner.example", subject });
  };
  for (const subject of ["https://evil.example/x", "bob"]) {
    const error = await errorOf(async () => find((name, base) => new URL(name, base), subject));
    expect(error.message).toMatch(/^url: a name with signs/);
  }
  expect(asked).toEqual([]);
  expect(await find((name, base) => base + encodeURIComponent(name), "a/b")).toMatchObject({ id: "root" });
  expect(asked).toEqual(["https://hr.partner.example/users/a%2Fb"]);
});

it.each(["x/../planner", "./planner", "planner//worker", "..", ""])(
  "nobody is asked about an agent %j, whose name a proxy makes another's: of two names, one would be revoked",
  async (name) => {
    const asked: unknown[] = [];
    const agents = agentsOverHttp({
      name: "registry",
      url: (agent) => `${HR}/${encodeURIComponent(agent)}`,
      parse: (body) => body as never,
      fetch: async (address) => {
        asked.push(address);
        return Response.json({ roles: ["agent"], keys: ["A".repeat(43)] });
      },
    });
    expect([await agents.find(name), asked]).toEqual([undefined, []]);
    expect(await agents.find("planner/worker.v1/..x")).toMatchObject({ roles: ["agent"] });
  },
);
