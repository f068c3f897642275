import { describe, expect, it } from "vitest";
import { canonicalJson, type JsonObject, type JsonValue } from "../../json/index.ts";
import {
  ALGORITHMS,
  ARGUMENTS,
  type Claims,
  claimsOf,
  createWorld,
  DOCS,
  details,
  errorOf,
  hashOf,
  JTI,
  NOW,
  PAY,
  proveAt,
  refusalOf,
  twinOf,
  verifyAt,
  type World,
} from "../../world.fixture.ts";
import { DEFAULT_LIMITS } from "../keys/limits.ts";
import { createNonces } from "./nonce.ts";
import type { ExpectedProof } from "./verify-proof.ts";

const CLOSED =
  "its claims must be exactly aat_aud, aat_id, aat_tool, hta, hw_leaf, hw_ms, iat, jti, and a nonce where one was asked for";
const worlds = await Promise.all(ALGORITHMS.map((algorithm) => createWorld(algorithm)));

describe.each(worlds)("a proof by an $algorithm key", async (world: World) => {
  const text = await world.chain();
  const chain = await verifyAt(text, [world.anchor]);
  const leaf = text.split("~").at(-1) as string;
  const check = async (claims: Claims, expected: Partial<ExpectedProof> = {}): Promise<string> =>
    refusalOf(proveAt(chain, await world.proof(text, claims), expected));

  it("that is whole says when it was made, for whom, and what it is remembered by", async () => {
    const proof = await proveAt(chain, await world.proof(text, { iat: NOW - 3, hw_ms: 7 }));
    expect(proof).toEqual({ jti: JTI, issuedAt: NOW - 3 + 0.007, audience: PAY });
  });

  it("is refused where somebody else of the chain signed it, or nobody of it", async () => {
    for (const signer of [world.planner, world.issuer, world.clerk, world.mallory]) {
      expect(await refusalOf(proveAt(chain, await world.proof(text, {}, { signer })))).toBe("proof_invalid");
    }
  });

  it("is refused where the holder dropped its own token to present its parent's broader one", async () => {
    const root = text.split("~")[0] as string;
    const broader = await verifyAt(root, [world.anchor]);
    expect(await refusalOf(proveAt(broader, await world.proof(root)))).toBe("proof_invalid");
    expect(await refusalOf(proveAt(broader, await world.proof(text)))).toBe("proof_invalid");
    expect(await refusalOf(proveAt(broader, await world.proof(root, {}, { signer: world.planner })))).toBe("accepted");
  });

  it("is refused with another chain that the same key holds", async () => {
    const root = await world.root({ exp: NOW + 1800 });
    const other = `${root}~${await world.child(root)}`;
    const otherChain = await verifyAt(other, [world.anchor]);
    expect(claimsOf(other.split("~")[1] as string)["jti"]).toBe(claimsOf(leaf)["jti"]);
    expect(await refusalOf(proveAt(otherChain, await world.proof(text)))).toBe("proof_invalid");
    expect(await refusalOf(proveAt(otherChain, await world.proof(other)))).toBe("accepted");
  });

  it("is refused where it names the leaf by its jti alone, or by its hash alone", async () => {
    const root = text.split("~")[0] as string;
    expect(await check({ hw_leaf: await hashOf(root) })).toBe("proof_invalid");
    expect(await check({ hw_leaf: null })).toBe("proof_invalid");
    expect(await check({ aat_id: "BBBBBBBBBBBBBBBBBBBBBA" })).toBe("proof_invalid");
    expect(await check({ aat_id: null })).toBe("proof_invalid");
  });

  it("is refused for another tool", async () => {
    for (const aat_tool of ["read_invoice", "send_payment ", "SEND_PAYMENT", "", `${PAY}#send_payment`, null]) {
      expect(await check({ aat_tool })).toBe("proof_invalid");
    }
    expect(await check({}, { tool: "read_invoice" })).toBe("proof_invalid");
  });

  it("says in words whom and what it was made for", async () => {
    const messageOf = async (claims: Claims): Promise<string> =>
      (await errorOf(proveAt(chain, await world.proof(text, claims)))).message;
    expect(await messageOf({ aat_tool: "pay" })).toBe("the proof is not acceptable: it was made for another tool");
    expect(await messageOf({ aat_aud: DOCS })).toBe(
      `the proof was made for another enforcement point: it names "${DOCS}", and must name "${PAY}"`,
    );
    expect(await messageOf({ aat_aud: 7 })).toContain(`: it names none, and must name "${PAY}"`);
    expect(await messageOf({ aat_aud: text })).not.toContain(text.slice(20, 60));
    expect(await messageOf({ hta: {} })).toBe("the proof was made for other arguments than those received");
  });

  it("is refused for another enforcement point: one that is not us, or not the chain's", async () => {
    expect(await check({ aat_aud: "https://bank.example/mcp" })).toBe("proof_audience_mismatch /aat_aud");
    expect(await check({ aat_aud: `${PAY}/` })).toBe("proof_audience_mismatch /aat_aud");
    expect(await check({ aat_aud: [PAY] })).toBe("proof_audience_mismatch /aat_aud");
    expect(await check({}, { audience: [DOCS] })).toBe("proof_audience_mismatch /aat_aud");
    expect(await check({ aat_aud: DOCS }, { audience: [DOCS, PAY] })).toBe("proof_audience_mismatch /aat_aud");
    expect(await check({}, { audience: [DOCS, PAY] })).toBe("accepted");
  });

  it.each<[string, JsonObject]>([
    ["another amount", { ...ARGUMENTS, amount: 901 }],
    ["an amount as text", { ...ARGUMENTS, amount: "900" }],
    ["an argument more", { ...ARGUMENTS, memo: null }],
    ["an argument less", { to: ARGUMENTS.to }],
    ["another spelling of a letter", { ...ARGUMENTS, to: "ACME\u2010Supplies" }],
    ["no arguments", {}],
  ])("is refused for %s than it was made for", async (_, received) => {
    expect(await check({}, { arguments: received })).toBe("proof_arguments_mismatch /hta");
    expect(await check({ hta: received })).toBe("proof_arguments_mismatch /hta");
  });

  it("is accepted for the same arguments in another order", async () => {
    const received = { amount: 900, to: ARGUMENTS.to };
    expect(await check({}, { arguments: received })).toBe("accepted");
  });

  it("says its millisecond as a clock of milliseconds says it, to the last bit", async () => {
    for (const hw_ms of [0, 1, 123, 291, 867, 999]) {
      const proof = await proveAt(chain, await world.proof(text, { hw_ms }));
      expect(proof.issuedAt).toBe((NOW * 1000 + hw_ms) / 1000);
    }
  });

  it("is refused from the millisecond on in which it is too old or too far ahead", async () => {
    expect(await check({ iat: NOW + 29, hw_ms: 999 })).toBe("accepted");
    expect(await check({ iat: NOW + 30, hw_ms: 1 })).toBe("proof_invalid");
    expect(await check({ iat: NOW - 31, hw_ms: 999 })).toBe("proof_invalid");
    expect(await check({ iat: NOW - 31, hw_ms: 999 }, { nowSeconds: NOW - 0.001 })).toBe("accepted");
    expect(await check({ iat: NOW - 30 }, { nowSeconds: NOW + 0.001 })).toBe("proof_invalid");
  });

  it("is refused from the second on in which it is too old or too far ahead", async () => {
    expect(await check({ iat: NOW - 30 })).toBe("accepted");
    expect(await check({ iat: NOW - 31 })).toBe("proof_invalid");
    expect(await check({ iat: NOW + 30 })).toBe("accepted");
    expect(await check({ iat: NOW + 31 })).toBe("proof_invalid");
    const limits = { ...DEFAULT_LIMITS, proofWindowSeconds: 5 };
    expect(await check({ iat: NOW - 5 }, { limits })).toBe("accepted");
    expect(await check({ iat: NOW - 6 }, { limits })).toBe("proof_invalid");
    expect(await check({ iat: NOW + 6 }, { limits })).toBe("proof_invalid");
  });

  it.each<[string, Claims]>([
    ["a claim more", { nonce: "AAAA" }],
    ["an expiry", { exp: NOW + 10 }],
    ["a budget", { budget: {} }],
    ["no jti", { jti: undefined }],
    ["a jti of 15 bytes", { jti: "AAAAAAAAAAAAAAAAAAAA" }],
    ["a jti that is not canonical", { jti: "AAAAAAAAAAAAAAAAAAAAAB" }],
    ["a jti that is a number", { jti: 1 }],
    ["no iat", { iat: undefined }],
    ["an iat as text", { iat: `${NOW}` }],
    ["an iat with a fraction", { iat: NOW + 0.5 }],
    ["no millisecond", { hw_ms: undefined }],
    ["a millisecond that is none", { hw_ms: 1000 }],
    ["a millisecond before its second", { hw_ms: -1 }],
    ["a part of a millisecond", { hw_ms: 0.5 }],
    ["a millisecond as text", { hw_ms: "0" }],
    ["a millisecond of null", { hw_ms: null }],
    ["no audience", { aat_aud: undefined }],
    ["no tool", { aat_tool: undefined }],
    ["no leaf", { hw_leaf: undefined }],
    ["no arguments", { hta: undefined }],
    ["arguments in a list", { hta: [ARGUMENTS] }],
    ["arguments of null", { hta: null }],
    ["arguments as text", { hta: JSON.stringify(ARGUMENTS) }],
    ["arguments as a hash", { hta: Buffer.alloc(32).toString("base64url") }],
  ])("is refused with %s", async (_, claims) => {
    expect(await check(claims)).toBe("proof_invalid");
  });

  it.each<[string, (claims: Claims) => string]>([
    [
      "with its claims in another order",
      (claims) => JSON.stringify(Object.fromEntries(Object.entries(claims).reverse())),
    ],
    ["with white space", (claims) => JSON.stringify(sorted(claims), null, 1)],
    ["with white space inside the arguments", (claims) => canonical(claims).replace('"amount":', '"amount": ')],
    ["with a number in another spelling", (claims) => canonical(claims).replace(":900", ":9e2")],
    ["with a fraction of nothing", (claims) => canonical(claims).replace(":900", ":900.0")],
    ["with a letter escaped", (claims) => canonical(claims).replace("ACME", "\\u0041CME")],
    ["with an argument twice", (claims) => canonical(claims).replace('"hta":{', '"hta":{"amount":1,')],
    ["with an argument twice by escape", (claims) => canonical(claims).replace('"hta":{', '"hta":{"\\u0061mount":1,')],
    ["with a claim twice", (claims) => canonical(claims).replace("{", `{"aat_aud":"${DOCS}",`)],
    ["with a __proto__ argument", (claims) => canonical(claims).replace('"hta":{', '"hta":{"__proto__":1,')],
    ["with an argument beyond every double", (claims) => canonical(claims).replace(":900", ":1e400")],
    ["with an argument of 2^53+1", (claims) => canonical(claims).replace(":900", ":9007199254740993")],
    ["with a lone surrogate", (claims) => canonical(claims).replace("ACME", "\\ud800")],
    ["with something after it", (claims) => `${canonical(claims)} `],
    ["with a byte order mark", (claims) => `\ufeff${canonical(claims)}`],
    ["that is a list", (claims) => `[${canonical(claims)}]`],
    ["that is empty", () => ""],
  ])("is refused where its payload is one %s", async (_, write) => {
    const proof = await world.proof(text, {}, { write });
    expect(await refusalOf(proveAt(chain, proof))).toBe("proof_invalid");
  });

  it("is refused where it was changed after it was signed", async () => {
    const [header, payload, signature] = (await world.proof(text)).split(".") as [string, string, string];
    const bent = Buffer.from(Buffer.from(payload, "base64url").toString().replace("900", "901")).toString("base64url");
    const other = (await world.proof(text, { iat: NOW + 1 })).split(".")[2] as string;
    expect(
      await refusalOf(
        proveAt(chain, [header, bent, signature].join("."), { arguments: { ...ARGUMENTS, amount: 901 } }),
      ),
    ).toBe("proof_invalid");
    for (const wrong of ["", other, "A".repeat(86)]) {
      expect(await refusalOf(proveAt(chain, [header, payload, wrong].join(".")))).toBe("proof_invalid");
    }
  });

  it.each(["", ".", "..", "a.b.c", "{}", "null", " ", "~"])("is refused where it is %j", async (proof) => {
    expect(await refusalOf(proveAt(chain, proof))).toBe("proof_invalid");
  });

  it("is refused where a token of the chain, or two proofs, stand in its place", async () => {
    const proof = await world.proof(text);
    for (const wrong of [leaf, text, `${proof}~${proof}`, `${proof}.${proof}`]) {
      expect(await refusalOf(proveAt(chain, wrong))).toBe("proof_invalid");
    }
  });

  it("of arguments that nest as deep as the limit is accepted, and not one level deeper", async () => {
    const nested = (depth: number): JsonValue => (depth === 0 ? "x" : { a: nested(depth - 1) });
    const limits = { ...DEFAULT_LIMITS, argumentsDepth: 4 };
    const deep = async (depth: number): Promise<string> => {
      const hta = nested(depth) as JsonObject;
      return check({ hta: hta as Claims }, { arguments: hta, limits });
    };
    expect(await deep(4)).toBe("accepted");
    expect(await deep(5)).toBe("proof_invalid");
  });

  it("that is longer than any arguments may make it, by one character, is refused unread", async () => {
    const ruleOf = async (length: number): Promise<string | undefined> => {
      const limits = { ...DEFAULT_LIMITS, argumentsSize: 10 };
      return (await errorOf(proveAt(chain, "x".repeat(length), { limits }))).rule;
    };
    expect(await ruleOf(4096 + 4 * 10 + 1)).toBe("it is too long");
    expect(await ruleOf(4096 + 4 * 10)).toBeUndefined(); // it is read, and is no JWS
    const hta = { s: "x".repeat(4000) };
    const within = async (argumentsSize: number): Promise<string> =>
      check({ hta }, { arguments: hta, limits: { ...DEFAULT_LIMITS, argumentsSize } });
    expect(await within(4100)).toBe("accepted");
    expect(await within(10)).toBe("proof_invalid");
  });

  it.each<[string, Claims]>([
    [CLOSED, { exp: NOW }],
    [CLOSED, { exp: NOW, nonce: "AAAA" }],
    [CLOSED, { jti: undefined, nonce: "AAAA" }],
    [CLOSED, { hw_ms: undefined, iat: undefined, "hw_ms,iat": NOW }],
    ["hta must be an object", { hta: [] }],
    ["jti must be 16 bytes of base64url", { jti: "AAAA" }],
    ["jti must be 16 bytes of base64url", { jti: 7 }],
    ["iat must be an integer", { iat: NOW + 0.5 }],
    ["iat must be an integer", { iat: null }],
    ["hw_ms must be an integer from 0 to 999", { hw_ms: 1000 }],
    ["it was made for another chain", { aat_id: "BBBBBBBBBBBBBBBBBBBBBA" }],
    ["it was made for another tool", { aat_tool: "read_invoice" }],
    ["it names a nonce, and none was asked for", { nonce: "AAAA" }],
    ["its time must lie within 30 seconds of the verifier's clock; make a new proof for each call", { iat: NOW - 31 }],
  ])("is refused by the rule that it broke: %s", async (rule, claims) => {
    const error = await errorOf(proveAt(chain, await world.proof(text, claims)));
    expect(error).toMatchObject({ code: "proof_invalid", rule });
    expect(error.message).toContain(rule);
  });

  it("is refused where the memory of what was used began after it, with or without a nonce", async () => {
    const rememberedSince = NOW + 1;
    const error = await errorOf(proveAt(chain, await world.proof(text), { rememberedSince, nowSeconds: NOW + 2 }));
    expect(error.code).toBe("proof_invalid");
    expect(error.rule).toContain("made before this server began to remember proofs");
    expect(await check({ iat: NOW + 1 }, { rememberedSince, nowSeconds: NOW + 2 })).toBe("accepted");
    // One that is made for each call refuses all of them, and a new proof does not help.
    expect(error.message).toContain("an authorizer is made anew for each request; make it once");
    const later = await errorOf(proveAt(chain, await world.proof(text), { rememberedSince, nowSeconds: NOW + 12 }));
    expect(later.message).toMatch(/began to remember proofs; make a new one$/);
    const nonces = createNonces();
    for (const [issuedAt, outcome] of [
      [NOW, "proof_nonce_required"],
      [NOW + 1, "accepted"],
    ] as const) {
      const nonce = await nonces.issue(issuedAt);
      expect(await check({ nonce }, { nonces, rememberedSince, nowSeconds: NOW + 2 })).toBe(outcome);
    }
    const older = await world.proof(text, { nonce: await nonces.issue(NOW) });
    const refused = await errorOf(proveAt(chain, older, { nonces, rememberedSince, nowSeconds: NOW + 2 }));
    expect(refused.message, "it is one of ours").not.toContain("secret");
  });

  it.each([
    [NOW - 31, "31 seconds ago by the clock here"],
    [NOW + 31, "31 seconds ahead of the clock here"],
  ])("of another time is told how far off it is, and in which direction: %#", async (iat, words) => {
    const error = await errorOf(proveAt(chain, await world.proof(text, { iat })));
    expect(error.message).toContain(`make a new proof for each call (${words}; hopwise doctor --server`);
  });

  it("is refused by the rule that it broke, where it is not by the holder or not as it should be written", async () => {
    const other = world.algorithm === "ES256" ? "Ed25519" : "ES256";
    const rules: [Promise<string>, string][] = [
      [world.proof(text, {}, { header: { alg: other } }), "its algorithm is not that of the holder's key"],
      [world.proof(text, {}, { signer: world.planner }), "the chain's holder did not sign it"],
      [
        world.proof(text, {}, { write: (claims) => `${canonical(claims)} ` }),
        "its payload is not in canonical form (RFC 8785)",
      ],
    ];
    for (const [proof, rule] of rules) {
      expect(await errorOf(proveAt(chain, await proof))).toMatchObject({ code: "proof_invalid", rule });
    }
    const list = await world.proof(text, {}, { write: () => "[]" });
    expect((await errorOf(proveAt(chain, list))).rule).toBe(CLOSED);
    const broken = await errorOf(proveAt(chain, await world.proof(text, {}, { write: () => "{" })));
    expect(broken.message).toContain("the proof's payload");
    expect((await errorOf(proveAt(chain, "x"))).message).toContain("the proof is not a compact JWS as expected");
  });
});

describe.each(worlds)("a proof by an $algorithm key, where a nonce is asked for,", async (world: World) => {
  const nonces = createNonces();
  const text = await world.chain();
  const chain = await verifyAt(text, [world.anchor]);
  const check = async (claims: Claims, expected: Partial<ExpectedProof> = {}): Promise<string> =>
    refusalOf(proveAt(chain, await world.proof(text, claims), { nonces, ...expected }));

  it("says which nonce it used up, and until when that would have been good", async () => {
    const nonce = await nonces.issue(NOW - 10);
    const proof = await proveAt(chain, await world.proof(text, { nonce, iat: NOW - 3 }), { nonces });
    expect(proof).toEqual({
      jti: JTI,
      issuedAt: NOW - 3,
      audience: PAY,
      nonce: { value: nonce, issuedAt: NOW - 10, expiresAt: NOW + 50 },
    });
  });

  it("is accepted whatever its holder's clock says", async () => {
    const nonce = await nonces.issue(NOW);
    for (const iat of [0, NOW - 4000, NOW + 4000]) expect(await check({ nonce, iat })).toBe("accepted");
  });

  it("is refused with no nonce, one of somebody else, one that lapsed, or what is no nonce", async () => {
    const strange = await createNonces().issue(NOW);
    const lapsed = await nonces.issue(NOW - 60);
    for (const nonce of [undefined, "", "AAAA", strange, lapsed, 7, null, [await nonces.issue(NOW)]]) {
      expect(await check({ nonce })).toBe("proof_nonce_required");
    }
  });

  it("is refused with a nonce that is good for the next proof, although its own clock was right", async () => {
    const refused = await errorOf(proveAt(chain, await world.proof(text), { nonces }));
    expect(refused.code).toBe("proof_nonce_required");
    expect(refused.message).toContain("nonce of this enforcement point");
    expect(refused.message).toMatch(/of this enforcement point; make a new proof with the one given$/);
    expect((await nonces.timesOf(refused.nonce as string, NOW))?.expiresAt).toBe(NOW + 60);
    expect(await check({ nonce: refused.nonce })).toBe("accepted");
  });

  it("is refused with what to look at where instances were given different secrets", async () => {
    const elsewhere = await errorOf(
      proveAt(chain, await world.proof(text, { nonce: await createNonces().issue(NOW) }), { nonces }),
    );
    expect(elsewhere.message).toContain(
      "; it names one that has lapsed by the clock here, or was made with another secret",
    );
    expect(elsewhere.message).toContain("all instances behind one address need the same (createNonces({ secret }))");
  });

  it("is refused for everything else that it would be refused for, whatever nonce it names", async () => {
    const nonce = await nonces.issue(NOW);
    expect(await check({ nonce, exp: NOW })).toBe("proof_invalid");
    expect(await check({ nonce, jti: "AAAA" })).toBe("proof_invalid");
    expect(await check({ nonce, iat: 0.5 })).toBe("proof_invalid");
    expect(await check({ nonce, aat_id: "BBBBBBBBBBBBBBBBBBBBBA" })).toBe("proof_invalid");
    expect(await check({ nonce, aat_tool: "read_invoice" })).toBe("proof_invalid");
    expect(await check({ nonce, aat_aud: DOCS })).toBe("proof_audience_mismatch /aat_aud");
    expect(await check({ nonce }, { arguments: {} })).toBe("proof_arguments_mismatch /hta");
    const stolen = await world.proof(text, { nonce }, { signer: world.mallory });
    expect(await refusalOf(proveAt(chain, stolen, { nonces }))).toBe("proof_invalid");
  });
});

it("a proof whose ECDSA signature somebody turned into its twin is remembered as the same proof", async () => {
  const world = worlds[1] as World;
  const text = await world.chain();
  const chain = await verifyAt(text, [world.anchor]);
  const proof = await world.proof(text);
  expect(twinOf(proof)).not.toBe(proof);
  expect(await proveAt(chain, twinOf(proof))).toEqual(await proveAt(chain, proof));
});

describe("a proof where the chain has several enforcement points", async () => {
  const [world] = worlds as [World];
  const tools = { [`${PAY}#send_payment`]: {}, [`${DOCS}#send_payment`]: {} };
  const root = await world.root({ aud: [PAY, DOCS], ...details(tools) });
  const text = `${root}~${await world.child(root)}`;
  const chain = await verifyAt(text, [world.anchor]);
  const check = async (claims: Claims, audience = [PAY]): Promise<string> =>
    refusalOf(proveAt(chain, await world.proof(text, claims), { audience }));

  it("names the tool of the one it was made for", async () => {
    expect(await check({ aat_tool: `${PAY}#send_payment` })).toBe("accepted");
    expect(await check({ aat_tool: "send_payment" })).toBe("proof_invalid");
    expect(await check({ aat_tool: `${DOCS}#send_payment` })).toBe("proof_invalid");
  });

  it("cannot be relayed from one to another", async () => {
    const relayed = { aat_aud: DOCS, aat_tool: `${DOCS}#send_payment` };
    expect(await check(relayed)).toBe("proof_audience_mismatch /aat_aud");
    expect(await check(relayed, [DOCS])).toBe("accepted");
  });

  it("cannot name one that the leaf's own token left out", async () => {
    const narrowed = `${root}~${await world.child(root, { aud: [PAY] })}`;
    const narrow = await verifyAt(narrowed, [world.anchor]);
    const proof = await world.proof(narrowed, { aat_aud: DOCS, aat_tool: `${DOCS}#send_payment` });
    expect(await refusalOf(proveAt(narrow, proof, { audience: [PAY, DOCS] }))).toBe("proof_audience_mismatch /aat_aud");
  });
});

function sorted(claims: Claims): Claims {
  return JSON.parse(canonical(claims)) as Claims;
}

function canonical(claims: Claims): string {
  return canonicalJson(claims as JsonObject);
}
