/** Sources of keys that answer something else than their types say, and anchors that change. */
import { beforeAll, describe, expect, it } from "vitest";
import { memoryAudit } from "../audit/index.ts";
import { HopwiseError } from "../errors.ts";
import { inMemoryAgents, inMemoryUsers } from "../principal/index.ts";
import { createTrust, type KeySource, type TrustAnchor, type TrustedKey } from "../token/index.ts";
import { createWorld, errorOf, ISSUER, never, PAY, pdpOf } from "../world.fixture.ts";
import { createAuthorizer } from "./authorizer.ts";
import { issuersOf, trustCheck, trustedBy, warnOfElsewhere } from "./trusted.ts";

let anchor: TrustAnchor;
let key: TrustedKey;
beforeAll(async () => {
  ({ anchor } = await createWorld());
  [key] = anchor.keys as [TrustedKey];
});

const source = (parts: object): KeySource => ({ find: async () => [key], ...parts }) as KeySource;
/** The source that calls ask, of an issuer that has this one. */
function asked(parts: object): Required<KeySource> {
  const [behaved] = trustedBy({ trust: [{ ...anchor, keys: source(parts) }] }, 5)();
  return behaved?.keys as Required<KeySource>;
}

describe("a source of keys", () => {
  it("is asked for what it is, and found to have what it has", async () => {
    const given: unknown[] = [];
    const keys = asked({
      find: async (kid: string) => {
        given.push(kid);
        return [key];
      },
      renew: async (kid: string) => void given.push(`renew ${kid}`),
    });
    expect(await keys.find("k")).toEqual([key]);
    await keys.renew("k");
    expect(given).toEqual(["k", "renew k"]);
    expect(await asked({ find: async () => [] }).find("k")).toEqual([]);
    expect(asked({})).not.toHaveProperty("renew");
  });

  it.each([
    undefined,
    null,
    "keys",
    {},
    [null],
    [undefined],
    [5],
    [{}],
    [{ kid: "k" }],
    [{ kid: 5, jwk: {} }],
    [{ kid: "k", jwk: "jwk" }],
    [{ jwk: {} }],
  ])("that gives %j has no keys", async (found) => {
    expect(await errorOf(asked({ find: async () => found }).find("k"))).toMatchObject({
      code: "issuer_keys_unavailable",
      message: "the issuer's source of keys gave no list of { kid, jwk }",
    });
  });

  it("gives no key where one of several is none", async () => {
    const keys = asked({ find: async () => [key, { kid: "k" }] });
    expect((await errorOf(keys.find("k"))).code).toBe("issuer_keys_unavailable");
  });

  it("is waited for as long as the deadline lets it, and its faults are told in our words", async () => {
    for (const [how, message] of [
      [() => never, "the issuer's source of keys gave no answer within 5 ms"],
      [() => Promise.reject(new Error("hunter2")), "the issuer's source of keys failed"],
      [() => Promise.reject(new HopwiseError("revoked", "no more")), "the issuer's source of keys failed"],
    ] as const) {
      const keys = asked({ find: how, renew: how });
      for (const ask of [() => keys.find("k"), () => keys.renew("k")]) {
        expect(await errorOf(ask)).toMatchObject({ code: "issuer_keys_unavailable", message });
      }
    }
  });

  it("may say itself that it does not have a key", async () => {
    const unknown = new HopwiseError("issuer_key_unknown", "no such key");
    expect(await errorOf(asked({ find: () => Promise.reject(unknown) }).find("k"))).toBe(unknown);
  });

  it("is as well as it says, and well where it says nothing", async () => {
    const ill = { ok: false, problem: "no keys" };
    expect(await asked({ health: () => ill }).health()).toBe(ill);
    expect(await asked({ health: () => undefined }).health()).toEqual({ ok: true });
    expect(await asked({}).health()).toEqual({ ok: true });
  });
});

describe("the anchors of the moment", () => {
  it("are one list until they are replaced, and their sources begin once for each", () => {
    let began = 0;
    const keys = source({ begin: () => void began++ });
    const trust = createTrust([{ ...anchor, keys }]);
    const anchors = trustedBy({ trust }, 5);
    expect(anchors()).toBe(anchors());
    const before = anchors();
    const [first] = before;
    expect([began, first?.issuer, first?.keys === keys]).toEqual([1, ISSUER, false]);
    trust.replace([anchor]);
    expect(anchors()).not.toBe(before);
    expect(anchors()[0]?.keys).toEqual(anchor.keys);
    expect(began).toBe(1);
  });

  it("are those that were given, where their keys were given with them", () => {
    expect(trustedBy({ trust: [anchor] }, 5)()[0]).toBe(anchor);
  });

  it("are not harmed by a source that fails to begin", async () => {
    for (const begin of [() => Promise.reject(new Error("down")), () => (undefined as never as () => void)()]) {
      expect(await asked({ begin }).find("k")).toEqual([key]);
    }
  });
});

it("another issuer may come only where users keep their ids", () => {
  const other = { ...anchor, issuer: "https://id.other.example" };
  const check = (uniqueIds: boolean) =>
    trustCheck({ trust: [anchor], users: { find: () => null, uniqueIds } as never });
  expect(check(false)([anchor])).toBeUndefined();
  expect(() => check(false)([anchor, other])).toThrow(/"https:\/\/id\.other\.example" was not trusted/);
  expect(check(true)([anchor, other])).toBeUndefined();
  expect(issuersOf([anchor, other])).toEqual([ISSUER, other.issuer]);
});

const slash = [`${PAY}/`];

type Options = Parameters<typeof warnOfElsewhere>[0];

function saidOf(trust: Options["trust"], audience: Options["audience"] = PAY): readonly string[] {
  const said: string[] = [];
  warnOfElsewhere({ trust, audience, onWarning: (text) => said.push(text) });
  return said;
}

describe("the anchors of an enforcement point", () => {
  it("are told of where they may not name it, be it for a slash: each chain of theirs would be refused", () => {
    const partner = { ...anchor, issuer: "https://id.partner.example" };
    const [text, ...more] = saidOf([anchor, { ...partner, audiences: slash }]);
    expect(text).toContain(`no chain of "${partner.issuer}" is ever taken here: trust lets it name "${PAY}/", and`);
    expect(text).toContain(`this enforcement point is "${PAY}"`);
    expect(text).not.toContain(anchor.issuer);
    expect(more).toEqual([]);
  });

  it("are told of when the authorizer is made, which a logger that fails does not keep from being made", () => {
    const said: string[] = [];
    const made = createAuthorizer({
      cerbos: pdpOf().pdp,
      audience: PAY,
      trust: [{ ...anchor, audiences: slash }],
      users: inMemoryUsers({}),
      agents: inMemoryAgents({}),
      tools: {},
      audit: memoryAudit(),
      onWarning: (text) => {
        said.push(text);
        throw new Error("hunter2");
      },
    });
    expect(made.audience).toEqual([PAY]);
    expect(said).toEqual([expect.stringContaining("is ever taken here")]);
  });

  it("are as they should be where they may name it by any of its names, or may approve; there may be none", () => {
    expect(saidOf([anchor])).toEqual([]);
    expect(saidOf([{ ...anchor, audiences: slash }], [PAY, ...slash])).toEqual([]);
    expect(saidOf([{ ...anchor, audiences: slash, approvals: true }])).toEqual([]);
    expect(saidOf([])).toEqual([]);
  });

  it("may be those of others, where they can change", () => {
    expect(saidOf(createTrust([{ ...anchor, audiences: slash }]))).toEqual([]);
  });
});
