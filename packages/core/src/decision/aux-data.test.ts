import { describe, expect, it } from "vitest";
import type { Hop } from "../principal/index.ts";
import { errorOf } from "../world.fixture.ts";
import { type AuxDataQuery, type AuxDataSupplier, auxDataOf } from "./aux-data.ts";

const user = { issuer: "https://id.example", subject: "alice" };
const query = { tool: "pay", arguments: { amount: 5 }, tenant: user.issuer, user };
const hops: readonly Hop[] = [
  { kind: "user", id: "alice" },
  { kind: "agent", id: "agent:planner" },
];
const ask = (supply: (query: AuxDataQuery) => unknown) => auxDataOf(supply as AuxDataSupplier, query, hops);

describe("the auxiliary data of a hop", () => {
  it("is asked for with its own prefix of the chain, and with nothing that could be changed", async () => {
    const seen: AuxDataQuery[] = [];
    await ask((asked) => void seen.push(asked));
    expect(seen).toEqual([
      { ...query, hops: hops.slice(0, 1) },
      { ...query, hops },
    ]);
    for (const { hops: prefix, user: own, ...asked } of seen) {
      expect([asked, prefix, own, ...prefix].map((it) => it !== asked && !Object.isFrozen(it))).not.toContain(true);
    }
    expect(seen.every(Object.isFrozen)).toBe(true);
    expect(seen[1]?.hops[0]).not.toBe(hops[0]);
  });

  it("is a JWT, with the key set that it names, or none", async () => {
    expect(await ask(() => ({ jwt: { token: "t" } }))).toEqual([{ jwt: { token: "t" } }, { jwt: { token: "t" } }]);
    const [named] = await ask(async () => ({ jwt: { token: "t", keySetId: "staff" } }));
    expect(named).toEqual({ jwt: { token: "t", keySetId: "staff" } });
    const [left] = await ask(() => ({ jwt: { token: "t", keySetId: undefined } }));
    expect(Object.keys(left?.jwt ?? {})).toEqual(["token"]);
    expect(await ask(() => undefined)).toEqual([undefined, undefined]);
    expect(await ask(() => null)).toEqual([undefined, undefined]);
  });

  it.each<[string, () => unknown]>([
    ["a token alone", () => "hunter2"],
    ["no JWT", () => ({})],
    ["no token", () => ({ jwt: {} })],
    ["an empty token", () => ({ jwt: { token: "" } })],
    ["a token that is a number", () => ({ jwt: { token: 5 } })],
    ["a token that nobody awaited", () => ({ jwt: { token: Promise.reject(new Error("late")) } })],
    ["a key set that is no text", () => ({ jwt: { token: "hunter2", keySetId: 5 } })],
    ["a member more", () => ({ jwt: { token: "hunter2" }, saml: "x" })],
    ["a member more of the JWT", () => ({ jwt: { token: "hunter2", kid: "x" } })],
  ])("is refused where it is %s, which is not quoted", async (_, given) => {
    const error = await errorOf(ask(({ hops: { length } }) => (length === 1 ? undefined : given())));
    expect(error).toMatchObject({ code: "attributes_invalid", hop: 1 });
    expect(error.message).toBe(
      "the function auxData gave for hop 1 something else than { jwt: { token, keySetId? } } or undefined",
    );
  });

  it("is refused as a list without being copied: one of millions would hold up the process", async () => {
    let copies = 0;
    const list = new Proxy(["hunter2"], {
      ownKeys: (all) => {
        copies++;
        return Reflect.ownKeys(all);
      },
    });
    for (const given of [list, { jwt: list }]) {
      expect(await errorOf(ask((() => given) as never))).toMatchObject({ code: "attributes_invalid", hop: 0 });
    }
    expect(copies).toBe(0);
  });

  it("is an outage where the function fails: nothing of what it throws is quoted", async () => {
    const error = await errorOf(
      ask(() => {
        throw new TypeError("hunter2");
      }),
    );
    expect(error).toMatchObject({ code: "context_unavailable", hop: 0, cause: expect.any(TypeError) });
    expect(error.message).toMatch(/^the function auxData, asked about hop 0, failed/);
    expect(error.message).not.toContain("hunter2");
  });
});
