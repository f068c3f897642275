import { describe, expect, it } from "vitest";
import { readGrant } from "../../grant/index.ts";
import { canonicalJson, type JsonValue } from "../../json/index.ts";
import {
  ALGORITHMS,
  type Claims,
  createWorld,
  errorOf,
  forge,
  NOW,
  refusalOf,
  type World,
} from "../../world.fixture.ts";
import type { TrustAnchor } from "../trust/trust.ts";
import { delegate } from "./delegate.ts";
import { hold, parseDelegation } from "./delegation.ts";
import { createIssuer } from "./issue.ts";
import { createChallenge, holderKey, requestDelegation } from "./request.ts";

/** What an anchor pins, as an issuer takes it. */
const pinnedBy = ({ keys: _, ...pinned }: TrustAnchor) => pinned;
const worlds = await Promise.all(ALGORITHMS.map((algorithm) => createWorld(algorithm)));
const challenge = createChallenge();

describe("a challenge", () => {
  it("is 16 random bytes, another each time", () => {
    const some = Array.from({ length: 100 }, createChallenge);
    expect(new Set(some).size).toBe(100);
    for (const text of some) expect(Buffer.from(text, "base64url")).toHaveLength(16);
  });
});

describe.each(worlds)("a request by a holder of an $algorithm key", (world: World) => {
  const header = { alg: world.algorithm, typ: "hopwise-request+jwt" };
  const jwk = world.researcher.publicJwk;
  const check = async (request: string, answered = challenge): Promise<string> =>
    refusalOf(holderKey({ request, challenge: answered }));
  const request = (claims: Claims = {}, changed: Claims = {}, signer = world.researcher): Promise<string> =>
    forge(
      { ...header, ...changed },
      canonicalJson(JSON.parse(JSON.stringify({ challenge, jwk, ...claims })) as JsonValue),
      signer,
    );

  it("shows the key that signed it, and nothing private", async () => {
    const own = await requestDelegation(world.researcher, challenge);
    expect(await holderKey({ request: own, challenge })).toEqual(jwk);
    expect(await check(await request())).toBe("accepted");
  });

  it("is refused for another challenge than it answers", async () => {
    const own = await requestDelegation(world.researcher, challenge);
    expect(await check(own, createChallenge())).toBe("proof_invalid");
    expect(await check(own, "")).toBe("proof_invalid");
    expect(await check(await request({ challenge: [challenge] }))).toBe("proof_invalid");
    expect(await check(await request({ challenge: null }))).toBe("proof_invalid");
  });

  it("is read whatever the order of its two claims", async () => {
    const reversed = await forge(header, { jwk, challenge }, world.researcher);
    expect(await check(reversed)).toBe("accepted");
  });

  it("is refused by the rule that it broke", async () => {
    const ruleOf = async (text: Promise<string>, answered = challenge): Promise<string | undefined> => {
      const error = await errorOf(holderKey({ request: await text, challenge: answered }));
      expect(error.code).toBe("proof_invalid");
      expect(error.message).toContain(`the request for a delegation is not acceptable: ${error.rule}`);
      return error.rule;
    };
    expect(await ruleOf(request({ sub: "alice" }))).toBe("challenge and jwk are expected");
    expect(await ruleOf(forge(header, [1], world.researcher))).toBe("challenge and jwk are expected");
    expect(await ruleOf(request(), "other")).toBe("it answers another challenge");
    expect(await ruleOf(request({}, {}, world.mallory))).toBe("the key in it did not sign it");
  });

  it("is refused as JSON where it is none, or nests deeper than a key needs", async () => {
    for (const payload of ["", "{", JSON.stringify({ challenge, jwk: { ...jwk, deep: [[[]]] } })]) {
      const text = await forge(header, payload, world.researcher);
      const error = await errorOf(holderKey({ request: text, challenge }));
      expect(error.code).toBe("proof_invalid");
      expect(error.message).toContain("the request for a delegation is not acceptable JSON");
    }
    const typed = await errorOf(holderKey({ request: await request({}, { typ: "JWT" }), challenge }));
    expect(typed.message).toContain("the request for a delegation is not a compact JWS as expected");
  });

  it("is not looked for in what is neither a signer nor a remote holder's answer", async () => {
    const issuer = await createIssuer({ ...pinnedBy(world.anchor), signer: world.issuer });
    const grant = readGrant({ send_payment: {} });
    const order = { subject: "alice", agent: "planner", grant, audience: ["https://pay.acme.example/mcp"] };
    const parent = await hold(await issuer.issue({ ...order, holder: world.planner }), world.planner);
    const text = await request();
    for (const [holder, wrong] of [
      [{}, "holder.request"],
      [{ request: text }, "holder.challenge"],
      [{ challenge }, "holder.request"],
      [{ request: 7, challenge }, "holder.request"],
      [{ request: text, challenge: 7 }, "holder.challenge"],
    ] as const) {
      const one = { holder: holder as never, grant };
      for (const make of [
        () => issuer.issue({ ...order, ...one }),
        () => delegate(parent, { ...one, to: "researcher" }),
      ]) {
        const error = await errorOf(make());
        expect(error.code).toBe("config_invalid");
        expect(error.message).toContain(`: ${wrong} `);
      }
    }
  });

  it("is refused where another key signed it than the one in it", async () => {
    expect(await check(await request({}, {}, world.mallory))).toBe("proof_invalid");
    expect(await check(await request({ jwk: world.mallory.publicJwk }))).toBe("proof_invalid");
  });

  it("is refused where it was changed after it was signed", async () => {
    const [head, , signature] = (await request()).split(".") as [string, string, string];
    const payload = Buffer.from(canonicalJson({ challenge: "other", jwk: { ...jwk } } as JsonValue)).toString(
      "base64url",
    );
    expect(await check([head, payload, signature].join("."), "other")).toBe("proof_invalid");
  });

  it.each<[string, Claims, string]>([
    ["of no algorithm", { alg: "none" }, "proof_invalid"],
    ["of HMAC", { alg: "HS256" }, "proof_invalid"],
    ["of the other key type's algorithm", { alg: world.algorithm === "ES256" ? "Ed25519" : "ES256" }, "proof_invalid"],
    ["of a proof of a call", { typ: "aat-pop+jwt" }, "proof_invalid"],
    ["of a token", { typ: "aat+jwt" }, "proof_invalid"],
    ["with a kid", { kid: "k1" }, "proof_invalid"],
    ["with a key of its own", { jwk: "x" }, "proof_invalid"],
  ])("is refused with a header %s", async (_, changed, refusal) => {
    expect(await check(await request({}, changed))).toBe(refusal);
  });

  it.each<[string, Claims, string]>([
    ["a claim more", { sub: "alice" }, "proof_invalid"],
    ["no key", { jwk: undefined }, "proof_invalid"],
    ["a private key", { jwk: { ...jwk, d: jwk.x } }, "proof_invalid /jwk"],
    ["a key with a kid", { jwk: { ...jwk, kid: "k1" } }, "proof_invalid /jwk"],
    ["a secret key", { jwk: { kty: "oct", k: "AAAA" } }, "proof_invalid /jwk"],
    ["a key of small order", { jwk: { kty: "OKP", crv: "Ed25519", x: `AQ${"A".repeat(41)}` } }, "token_key_refused"],
  ])("is refused with %s", async (_, claims, refusal) => {
    expect(await check(await request(claims))).toBe(refusal);
  });

  it.each(["", "a.b.c", "null"])("is refused where it is %j", async (text) => {
    expect(await check(text)).toBe("proof_invalid");
  });

  it("brings a root and a derived token to a holder whose private key stays where it is", async () => {
    const issuer = await createIssuer({
      ...pinnedBy(world.anchor),
      signer: world.issuer,
      kid: "k1",
      clock: () => NOW * 1000,
    });
    const grant = readGrant({ send_payment: {} });
    const remote = async (signer: World["planner"]) => ({
      request: await requestDelegation(signer, challenge),
      challenge,
    });
    const audience = ["https://pay.acme.example/mcp"];
    const order = { subject: "alice", agent: "planner", grant, audience };
    const sent = await issuer.issue({ ...order, holder: await remote(world.planner) });
    expect(sent).not.toHaveProperty("signer");
    const held = await hold(sent, world.planner);
    const child = { to: "researcher", grant, clock: () => NOW * 1000 };
    const passed = await delegate(held, { ...child, holder: await remote(world.researcher) });
    expect(passed.agents).toEqual(["planner", "researcher"]);
    await expect(hold(passed, world.researcher)).resolves.toMatchObject({ subject: "alice" });

    const stolen = { request: await requestDelegation(world.mallory, createChallenge()), challenge };
    expect(await refusalOf(issuer.issue({ ...order, holder: stolen }))).toBe("proof_invalid");
    expect(await refusalOf(delegate(held, { ...child, holder: stolen }))).toBe("proof_invalid");
  });

  it("is refused without a word of what was in it", async () => {
    const error = await errorOf(holderKey({ request: await request({ sub: "alice" }), challenge }));
    expect(error.message).not.toContain("alice");
    expect(error.message).not.toContain(challenge);
  });
});

describe("an issuer and a delegator", () => {
  const [world] = worlds as [World];
  const weak = {
    publicJwk: { kty: "OKP", crv: "Ed25519", x: `AQ${"A".repeat(41)}` } as const,
    sign: world.mallory.sign,
  };

  it("refuse a local holder whose key is of small order", async () => {
    const issuer = await createIssuer({ ...pinnedBy(world.anchor), signer: world.issuer, clock: () => NOW * 1000 });
    const order = { subject: "alice", agent: "planner", grant: readGrant({ send_payment: {} }), holder: weak };
    expect(await refusalOf(issuer.issue({ ...order, audience: ["https://pay.acme.example/mcp"] }))).toBe(
      "config_invalid /holder",
    );
    const held = await hold(await parseDelegation(await world.root()), world.planner);
    const child = { to: "researcher", grant: readGrant({}), holder: weak, clock: () => NOW * 1000 };
    expect(await refusalOf(delegate(held, child))).toBe("config_invalid /holder");
    await expect(createIssuer({ ...pinnedBy(world.anchor), signer: weak })).rejects.toMatchObject({
      code: "config_invalid",
      pointer: "/signer",
    });
  });
});
