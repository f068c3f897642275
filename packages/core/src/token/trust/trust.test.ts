import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../json/index.ts";
import { list, members, readerOf } from "../../options/index.ts";
import {
  ALGORITHMS,
  claimsOf,
  createWorld,
  DOCS,
  details,
  errorOf,
  ISSUER,
  NOW,
  PAY,
  refusalOf,
  verifyAt,
  type World,
} from "../../world.fixture.ts";
import { DETAIL_TYPE, parseRootClaims, TOOLS_POINTER } from "../claims/claims.ts";
import { everyTool } from "../claims/every-tool.ts";
import type { TrustedKey } from "../keys/jwks.ts";
import { DEFAULT_LIMITS } from "../keys/limits.ts";
import { createChainVerifier } from "../verify/verify-chain.ts";
import { ANCHOR_ROWS, checkAgainstAnchor, mayNotSay, type TrustAnchor } from "./trust.ts";

const worlds = await Promise.all(ALGORITHMS.map((algorithm) => createWorld(algorithm)));
const [edwards, nist] = worlds as [World, World];
const OTHER = "https://id.partner.example";
const DAY = 24 * 60 * 60;

describe.each(worlds)("an issuer with an $algorithm key", (world: World) => {
  const check = async (claims: object, anchor: Partial<TrustAnchor> = {}): Promise<string> =>
    refusalOf(verifyAt(await world.root({ ...claims }), [{ ...world.anchor, ...anchor }]));
  const partner: TrustAnchor = {
    ...world.anchor,
    issuer: OTHER,
    keys: [{ kid: "k1", jwk: world.mallory.publicJwk }],
    subjects: ["bob"],
  };

  it("may not sign in the name of another that is trusted, too", async () => {
    const trust = [world.anchor, partner];
    const asOurs = await world.root({}, { signer: world.mallory });
    expect(await refusalOf(verifyAt(asOurs, trust))).toBe("token_untrusted_issuer /iss");
    const own = await world.root({ iss: OTHER, sub: "bob" }, { signer: world.mallory });
    expect(await refusalOf(verifyAt(own, trust))).toBe("accepted");
  });

  it("may share a kid with another, and each keeps its own roots, whichever comes first", async () => {
    const ours = await world.root();
    const theirs = await world.root({ iss: OTHER, sub: "bob" }, { signer: world.mallory });
    for (const trust of [
      [world.anchor, partner],
      [partner, world.anchor],
    ]) {
      expect((await verifyAt(ours, trust)).user).toEqual({ issuer: ISSUER, subject: "alice" });
      expect((await verifyAt(theirs, trust)).user).toEqual({ issuer: OTHER, subject: "bob" });
    }
    expect(await refusalOf(verifyAt(theirs, [world.anchor]))).toBe("token_signature_invalid");
  });

  it("may not name our user, only its own", async () => {
    const forged = await world.root({ iss: OTHER, sub: "alice" }, { signer: world.mallory });
    expect(await refusalOf(verifyAt(forged, [world.anchor, partner]))).toBe("token_untrusted_issuer /sub");
  });

  it("may name the subjects of its list, of its rule, or any where that was said", async () => {
    expect(await check({ sub: "bob" })).toBe("token_untrusted_issuer /sub");
    expect(await check({ sub: "alice " })).toBe("token_untrusted_issuer /sub");
    expect(await check({ sub: "bob" }, { subjects: (subject) => subject.startsWith("b") })).toBe("accepted");
    expect(await check({ sub: "alice" }, { subjects: (subject) => subject.startsWith("b") })).toBe(
      "token_untrusted_issuer /sub",
    );
    expect(await check({ sub: "anybody" }, { subjects: "any" })).toBe("accepted");
    expect(await check({ sub: "alice" }, { subjects: [] })).toBe("token_untrusted_issuer /sub");
  });

  it("may name the audiences of its list, each exactly", async () => {
    expect(await check({}, { audiences: [DOCS] })).toBe("token_untrusted_issuer /aud");
    expect(await check({ aud: [`${PAY}/`] })).toBe("token_untrusted_issuer /aud");
    const both = { aud: [PAY, DOCS], ...details({ [`${PAY}#pay`]: {} }) };
    expect(await check(both, { audiences: [PAY] })).toBe("token_untrusted_issuer /aud");
    expect(await check(both)).toBe("accepted");
  });

  it("may hand over the tools of its list, by their whole id", async () => {
    const at = "token_untrusted_issuer /authorization_details/0/tools";
    expect(await check({}, { tools: ["send_payment", "read_invoice"] })).toBe("accepted");
    expect(await check({}, { tools: ["send_payment"] })).toBe(at);
    expect(await check(details({ "mcp:resources/read": {} }), { tools: ["send_payment"] })).toBe(at);
    const both = { aud: [PAY, DOCS], ...details({ [`${PAY}#pay`]: {} }) };
    expect(await check(both, { tools: ["pay"] })).toBe(at);
    expect(await check(both, { tools: [`${PAY}#pay`] })).toBe("accepted");
  });

  it("may let a root live as long as it is pinned to, and never longer than the verifier's own limit", async () => {
    expect(await check({ exp: NOW + 600 }, { lifetimeSeconds: 600 })).toBe("accepted");
    expect(await check({ exp: NOW + 601 }, { lifetimeSeconds: 600 })).toBe("token_untrusted_issuer /exp");
    expect(await check({ exp: NOW + DAY })).toBe("accepted");
    expect(await check({ exp: NOW + DAY + 1 })).toBe("token_untrusted_issuer /exp");
    expect(await check({ exp: NOW + DAY + 1 }, { lifetimeSeconds: 7 * DAY })).toBe("token_untrusted_issuer /exp");
  });

  it("may let a chain be as deep as it is pinned to: three where nothing was said, sixteen at most", async () => {
    expect(await check({ del_max_depth: 3 })).toBe("accepted");
    expect(await check({ del_max_depth: 4 })).toBe("token_untrusted_issuer /del_max_depth");
    expect(await check({ del_max_depth: 1 }, { maxDepth: 0 })).toBe("token_untrusted_issuer /del_max_depth");
    expect(await check({ del_max_depth: 0 }, { maxDepth: 0 })).toBe("accepted");
    expect(await check({ del_max_depth: 16 }, { maxDepth: 99 })).toBe("accepted");
    expect(await check({ del_max_depth: 17 }, { maxDepth: 99 })).toBe("chain_depth_exceeded /del_max_depth");
  });

  it.each<[rule: string, object, Partial<TrustAnchor>, pointer: string]>([
    ["the key that signed belongs to another issuer", { iss: OTHER }, {}, "/iss"],
    ["its anchor does not let it name this subject", { sub: "bob" }, {}, "/sub"],
    ["its anchor does not let it name this audience", { aud: [`${PAY}/`] }, {}, "/aud"],
    [
      "its anchor does not let it hand over this tool",
      {},
      { tools: ["send_payment"] },
      "/authorization_details/0/tools",
    ],
    ["a root may live 600 seconds", { exp: NOW + 601 }, { lifetimeSeconds: 600 }, "/exp"],
    ["a root may live 86400 seconds", { exp: NOW + DAY + 1 }, {}, "/exp"],
    ["a root may allow a depth of 3", { del_max_depth: 4 }, {}, "/del_max_depth"],
    ["a root may allow a depth of 0", { del_max_depth: 1 }, { maxDepth: 0 }, "/del_max_depth"],
  ])("is refused by the rule of its anchor: %s", async (rule, claims, anchor, pointer) => {
    const error = await errorOf(verifyAt(await world.root({ ...claims }), [{ ...world.anchor, ...anchor }]));
    expect(error).toMatchObject({ code: "token_untrusted_issuer", pointer, rule });
    expect(error.message).toContain(rule);
    if (pointer === "/aud")
      expect(error.message).toMatch(/: "[^"]+\/"\. .* the anchor's audiences are "[^"]+", "[^"]+"$/);
    const named: Record<string, string> = { "/iss": `${ISSUER}", and "${OTHER}" is named`, "/sub": 'subject: "bob"' };
    expect(error.message).toContain(named[pointer] ?? rule);
    if (pointer === "/del_max_depth") expect(error.message).toBe(`the issuer may not say this: ${rule}`);
    if (pointer.endsWith("/tools")) expect(error.message).toMatch(/this tool: "[^"]+"/);
    if (pointer === "/exp")
      expect(error.message).toMatch(/seconds, not \d+; seconds, not milliseconds(; for more, .+)?$/);
  });

  it("is nobody to a verifier that does not trust it", async () => {
    expect(await refusalOf(verifyAt(await world.root(), []))).toBe("token_untrusted_issuer /kid");
    expect(
      await refusalOf(
        verifyAt(await world.root(), [{ ...partner, keys: [{ kid: "k2", jwk: world.mallory.publicJwk }] }]),
      ),
    ).toBe("token_untrusted_issuer /kid");
  });

  it("is named to its operator with its key, beside what is trusted, where nobody has that key", async () => {
    const said = async (trust: readonly TrustAnchor[]) =>
      (await errorOf(verifyAt(await world.root({ iss: "https://never.read.example" }), trust))).message;
    const keys = (...kids: string[]) => kids.map((kid) => ({ kid, jwk: world.issuer.publicJwk }));
    const begins = 'no trusted issuer has a key of the kid of the root token, "k1"; ';
    expect(await said([])).toBe(`${begins}trust has no anchor`);
    expect(await said([{ ...world.anchor, keys: keys("a", "b") }])).toBe(
      `${begins}trusted are of "${ISSUER}", "a", "b"`,
    );
    const both = [
      { ...world.anchor, keys: { find: async () => [] } },
      { ...partner, keys: keys(..."abcdef") },
    ];
    expect(await said(both)).toBe(
      `${begins}trusted are of "${ISSUER}", the usable ones that it publishes; of "${OTHER}", "a", "b", "c", "d" and 2 more`,
    );
    const many = Array.from({ length: 50 }, (_, i) => ({ ...partner, issuer: `${OTHER}/${i}`, keys: keys("a") }));
    expect(await said(many)).toMatch(/; of 47 more$/);
    expect(await said(many.slice(0, 3))).toMatch(/\/2", "a"$/);
  });

  it("may have several keys at once, so that they can be rotated", async () => {
    const anchor = {
      ...world.anchor,
      keys: [
        ...(world.anchor.keys as readonly TrustedKey[]),
        { kid: "k2", jwk: world.clerk.publicJwk },
        { kid: "k1", jwk: world.clerk.publicJwk },
      ],
    };
    const rotated = { signer: world.clerk, header: { kid: "k2" } };
    expect(await refusalOf(verifyAt(await world.root({}, rotated), [anchor]))).toBe("accepted");
    expect(await refusalOf(verifyAt(await world.root({}, { signer: world.clerk }), [anchor]))).toBe("accepted");
    expect(await refusalOf(verifyAt(await world.root({}, { header: { kid: "k2" } }), [anchor]))).toBe(
      "token_signature_invalid",
    );
  });
});

it("no more than four keys of a kid are tried of one issuer, however many it publishes", async () => {
  const { mallory, issuer } = edwards;
  const publishing = (count: number): TrustAnchor["keys"] => ({
    find: async (kid) => [...Array(count).fill({ kid, jwk: mallory.publicJwk }), { kid, jwk: issuer.publicJwk }],
  });
  const check = async (keys: TrustAnchor["keys"]): Promise<string> =>
    refusalOf(verifyAt(await edwards.root(), [{ ...edwards.anchor, keys }]));
  expect(await check(publishing(3))).toBe("accepted");
  expect(await check(publishing(4))).toBe("token_signature_invalid");
});

it("two issuers whose keys are of different kinds may share a kid, and neither takes the other's algorithm", async () => {
  const other = { ...nist.anchor, issuer: OTHER };
  const trust = [edwards.anchor, other];
  expect(await refusalOf(verifyAt(await edwards.root(), trust))).toBe("accepted");
  expect(await refusalOf(verifyAt(await nist.root({ iss: OTHER }), trust))).toBe("accepted");
  expect(await refusalOf(verifyAt(await nist.root(), trust))).toBe("token_untrusted_issuer /iss");
  expect(await refusalOf(verifyAt(await edwards.root({}, { header: { alg: "ES256" } }), trust))).toBe(
    "token_signature_invalid",
  );
});

describe("trust anchors are refused before anything is verified with them where", () => {
  const jwk = edwards.issuer.publicJwk;
  const keys = (count: number) => Array.from({ length: count }, () => ({ kid: "k1", jwk }));
  const read = readerOf<readonly TrustAnchor[]>("trust", list(members(ANCHOR_ROWS, "an anchor"), "a list"));
  const verifierOf = (anchors: readonly unknown[]) => createChainVerifier(read(anchors), DEFAULT_LIMITS);

  it.each<[string, Partial<Record<keyof TrustAnchor, unknown>>, string]>([
    ["the issuer is not https", { issuer: "http://id.acme.example" }, "[0].issuer must be an https URI"],
    ["the issuer is no URI", { issuer: "https://" }, "[0].issuer must be an https URI"],
    ["there is no key", { keys: [] }, "[0].keys must be a list of public keys"],
    ["there is no audience", { audiences: [] }, "[0].audiences must be a list of absolute URIs"],
    ["an audience has a fragment", { audiences: [PAY, `${PAY}#x`] }, "[0].audiences[1] must be an absolute URI"],
    ["an audience is relative", { audiences: ["mcp"] }, "[0].audiences[0] must be an absolute URI"],
    ["a kid is empty", { keys: [{ kid: "", jwk }] }, "[0].keys[0].kid must be"],
    ["a kid has other letters", { keys: [{ kid: "k 1", jwk }] }, "[0].keys[0].kid must be"],
    ["a kid is a number", { keys: [{ kid: 7, jwk }] }, "[0].keys[0].kid must be"],
    ["the second key has no kid", { keys: [{ kid: "k1", jwk }, { jwk }] }, "[0].keys[1].kid is missing"],
    ["a key is private", { keys: [{ kid: "k1", jwk: { ...jwk, d: jwk.x } }] }, "[0].keys[0].jwk must be a public JWK"],
    ["a key has members of its own", { keys: [{ kid: "k1", jwk: { ...jwk, alg: "EdDSA" } }] }, "[0].keys[0].jwk must"],
    ["a key is a secret", { keys: [{ kid: "k1", jwk: { kty: "oct", k: "AAAA" } }] }, "[0].keys[0].jwk must"],
    [
      "a key is of small order",
      { keys: [{ kid: "k1", jwk: { ...jwk, x: `AQ${"A".repeat(41)}` } }] },
      "[0].keys[0].jwk",
    ],
    [
      "a key is no point of its curve",
      { keys: [{ kid: "k1", jwk: { ...nist.issuer.publicJwk, x: jwk.x } }] },
      "[0].keys[0].jwk must be a public JWK",
    ],
    ["a signer stands for its key", { keys: [{ kid: "k1", jwk: edwards.issuer }] }, "got a signer; its publicJwk"],
    ["tools are a text, in which another tool's name may stand", { tools: "do_send_all" }, "[0].tools must be a list"],
    ["subjects are a text", { subjects: "alice" }, "[0].subjects must be a list of subjects"],
    ["subjects are told later", { subjects: async () => false }, "[0].subjects must be"],
    ["five keys share a kid", { keys: keys(5) }, 'trust[0].keys[4]: more than 4 keys share the kid "k1"'],
  ])("%s", async (_, changed, problem) => {
    const error = await errorOf(() => verifierOf([{ ...edwards.anchor, ...changed }]));
    expect(error.code).toBe("config_invalid");
    expect(error.message).toContain(problem);
  });

  it("five keys of one issuer share a kid, and not where each is of another", () => {
    const anchors = Array.from({ length: 9 }, (_, i) => ({ ...edwards.anchor, issuer: `https://id${i}.example` }));
    expect(() => verifierOf(anchors)).not.toThrow();
  });
});

it("an anchor that lists tools hands over no other, though somebody made it say every tool since it was read", async () => {
  const details = [{ type: DETAIL_TYPE, tools: everyTool() }];
  const all = { ...(claimsOf(await edwards.root()) as JsonObject), authorization_details: details as never };
  const claims = parseRootClaims(all, DEFAULT_LIMITS);
  const check = async (anchor: Partial<TrustAnchor>) =>
    refusalOf(() => checkAgainstAnchor(claims, { ...edwards.anchor, ...anchor }, DEFAULT_LIMITS));
  expect(await check({ everyTool: true })).toBe("accepted");
  for (const anchor of [{ everyTool: true, tools: ["mcp:tools/*"] }, { everyTool: false }, {}])
    expect(await check(anchor)).toBe(`token_untrusted_issuer ${TOOLS_POINTER}`);
  const error = await errorOf(() => checkAgainstAnchor(claims, edwards.anchor, DEFAULT_LIMITS));
  expect(error.rule).toBe("its anchor does not let it hand over every tool");
});

it("what an issuer may not say is told by its rule, and by what it said where that is given", async () => {
  const told = async (...detail: [string?]) => (await errorOf(() => mayNotSay("/sub", "not this", ...detail))).message;
  expect(await told()).toBe("the issuer may not say this: not this");
  expect(await told(', but "bob"')).toBe('the issuer may not say this: not this, but "bob"');
});

it("a rule for subjects lets one pass by true alone: a promise would stand for yes", async () => {
  const anchor = { ...edwards.anchor, subjects: (() => Promise.resolve(true)) as never };
  expect(await refusalOf(verifyAt(await edwards.root(), [anchor]))).toBe("token_untrusted_issuer /sub");
});
