import { describe, expect, it } from "vitest";
import {
  ALGORITHMS,
  type Claims,
  claimsOf,
  createWorld,
  details,
  errorOf,
  forge,
  NOW,
  PAY,
  refusalOf,
  TOOLS,
  verifyAt,
  type World,
} from "../../world.fixture.ts";

const worlds = await Promise.all(ALGORITHMS.map((algorithm) => createWorld(algorithm)));
const [world] = worlds as [World];
const { x } = world.planner.publicJwk;
const long = (length: number): string => "x".repeat(length);
const bytes = (length: number, of = 7): string => Buffer.alloc(length, of).toString("base64url");
const detail = { type: "attenuating_agent_token", tools: TOOLS };

/** Claims that a root and a derived token have in common, broken. */
const broken: readonly [name: string, Claims, refusal: string][] = [
  ["an unknown claim that would restrict it: scope", { scope: "read" }, "token_malformed /scope"],
  ["an unknown claim that would restrict it: nbf", { nbf: NOW + 1000 }, "token_malformed /nbf"],
  ["a provenance without an issuer, or at a child: hw_src", { hw_src: { kind: "local" } }, "token_malformed /hw_src"],
  ["an unknown claim: roles", { roles: ["admin"] }, "token_malformed /roles"],
  ["an unknown claim: scope", { scope: "" }, "token_malformed /scope"],
  ["an unknown claim whose name needs escaping", { "a/b": 1 }, "token_malformed /a~1b"],
  ["no jti", { jti: undefined }, "token_malformed /jti"],
  ["a jti of 15 bytes", { jti: bytes(15) }, "token_malformed /jti"],
  ["a jti of 17 bytes", { jti: bytes(17) }, "token_malformed /jti"],
  ["a jti that is not canonical", { jti: "AAAAAAAAAAAAAAAAAAAAAB" }, "token_malformed /jti"],
  ["a jti that is a number", { jti: 1 }, "token_malformed /jti"],
  ["no iss", { iss: undefined }, "token_malformed /iss"],
  ["an iss that is a list", { iss: ["https://id.acme.example"] }, "token_malformed /iss"],
  ["an iss that is too long", { iss: `https://${long(505)}` }, "token_malformed /iss"],
  ["no iat", { iat: undefined }, "token_malformed /iat"],
  ["an iat as text", { iat: `${NOW}` }, "token_malformed /iat"],
  ["an iat with a fraction", { iat: NOW + 0.5 }, "token_malformed /iat"],
  ["a negative iat", { iat: -1 }, "token_malformed /iat"],
  ["no exp", { exp: undefined }, "token_malformed /exp"],
  ["an exp of null", { exp: null }, "token_malformed /exp"],
  ["an exp in milliseconds and a fraction", { exp: NOW + 0.001 }, "token_malformed /exp"],
  ["an exp that is its iat", { exp: NOW }, "token_malformed /exp"],
  ["an exp before its iat", { exp: NOW - 1 }, "token_malformed /exp"],
  ["no depth", { del_depth: undefined }, "token_malformed /del_depth"],
  ["a negative depth", { del_depth: -1 }, "token_malformed /del_depth"],
  ["a depth as text", { del_depth: "0" }, "token_malformed /del_depth"],
  ["no ceiling", { del_max_depth: undefined }, "token_malformed /del_max_depth"],
  ["a ceiling of null", { del_max_depth: null }, "token_malformed /del_max_depth"],
  ["a ceiling with a fraction", { del_max_depth: 1.5 }, "token_malformed /del_max_depth"],
  ["no act", { act: undefined }, "token_malformed /act"],
  ["an act that is a text", { act: "planner" }, "token_malformed /act"],
  ["an act of more than sub", { act: { sub: "planner", act: { sub: "root" } } }, "token_malformed /act"],
  ["an act without sub", { act: {} }, "token_malformed /act"],
  ["an agent without a name", { act: { sub: "" } }, "token_malformed /act/sub"],
  ["an agent whose name is a number", { act: { sub: 1 } }, "token_malformed /act/sub"],
  ["an agent whose name looks like an id", { act: { sub: "agent:planner" } }, "token_malformed /act/sub"],
  ["an agent whose name has a line break", { act: { sub: "planner\nadmin" } }, "token_malformed /act/sub"],
  ["an agent whose name ends in one", { act: { sub: "planner\n" } }, "token_malformed /act/sub"],
  ["an agent whose name has look-alike letters", { act: { sub: "plаnner" } }, "token_malformed /act/sub"],
  ["an agent whose name begins with a slash", { act: { sub: "/planner" } }, "token_malformed /act/sub"],
  ["an agent whose name is too long", { act: { sub: long(129) } }, "token_malformed /act/sub"],
  ["no cnf", { cnf: undefined }, "token_malformed /cnf"],
  ["a cnf of more than jwk", { cnf: { jwk: world.planner.publicJwk, kid: "k1" } }, "token_malformed /cnf"],
  ["a cnf that names a key elsewhere", { cnf: { jku: "https://mallory.example" } }, "token_malformed /cnf"],
  ["a cnf by thumbprint", { cnf: { jkt: bytes(32) } }, "token_malformed /cnf"],
  ["a key that is null", { cnf: { jwk: null } }, "token_malformed /cnf/jwk"],
  ["a list of keys", { cnf: { jwk: [world.planner.publicJwk] } }, "token_malformed /cnf/jwk"],
  ["a private key", { cnf: { jwk: { ...world.planner.publicJwk, d: bytes(32) } } }, "token_malformed /cnf/jwk"],
  ["a key with a kid", { cnf: { jwk: { ...world.planner.publicJwk, kid: "k1" } } }, "token_malformed /cnf/jwk"],
  ["a key with an alg", { cnf: { jwk: { ...world.planner.publicJwk, alg: "none" } } }, "token_malformed /cnf/jwk"],
  ["a key with a y too many", { cnf: { jwk: { ...world.planner.publicJwk, y: x } } }, "token_malformed /cnf/jwk"],
  ["a secret key", { cnf: { jwk: { kty: "oct", k: bytes(32) } } }, "token_malformed /cnf/jwk"],
  ["an RSA key", { cnf: { jwk: { kty: "RSA", n: bytes(256), e: "AQAB" } } }, "token_malformed /cnf/jwk"],
  ["an X25519 key", { cnf: { jwk: { kty: "OKP", crv: "X25519", x } } }, "token_malformed /cnf/jwk"],
  ["a P-384 key", { cnf: { jwk: { kty: "EC", crv: "P-384", x, y: x } } }, "token_malformed /cnf/jwk"],
  ["a P-256 key without y", { cnf: { jwk: { kty: "EC", crv: "P-256", x } } }, "token_malformed /cnf/jwk"],
  ["a key of 31 bytes", { cnf: { jwk: { kty: "OKP", crv: "Ed25519", x: bytes(31) } } }, "token_malformed /cnf/jwk"],
  [
    "a key in a second spelling",
    { cnf: { jwk: { kty: "OKP", crv: "Ed25519", x: `${x}=` } } },
    "token_malformed /cnf/jwk",
  ],
  [
    "a key of small order",
    { cnf: { jwk: { kty: "OKP", crv: "Ed25519", x: `AQ${long(0).padEnd(41, "A")}` } } },
    "token_key_refused",
  ],
  [
    "a key that is not canonical",
    { cnf: { jwk: { kty: "OKP", crv: "Ed25519", x: nonCanonical() } } },
    "token_key_refused",
  ],
  [
    "a key off its curve",
    { cnf: { jwk: { kty: "EC", crv: "P-256", x: bytes(32), y: bytes(32) } } },
    "token_key_refused",
  ],
  ["no details", { authorization_details: undefined }, "token_malformed /authorization_details"],
  ["empty details", { authorization_details: [] }, "token_malformed /authorization_details"],
  ["details that are no list", { authorization_details: detail }, "token_malformed /authorization_details"],
  ["two details", { authorization_details: [detail, detail] }, "token_malformed /authorization_details"],
  [
    "details of another type",
    { authorization_details: [{ ...detail, type: "x" }] },
    "token_malformed /authorization_details/0",
  ],
  [
    "details of more than tools",
    { authorization_details: [{ ...detail, locations: [] }] },
    "token_malformed /authorization_details/0",
  ],
  [
    "details without tools",
    { authorization_details: [{ type: detail.type }] },
    "token_malformed /authorization_details/0",
  ],
  ["tools that are a list", details([]), "token_malformed /authorization_details/0/tools"],
  [
    "a constraint of an unknown type",
    details({ t: { a: { constraint_type: "cel" } } }),
    "token_malformed /authorization_details/0/tools/t/a/constraint_type",
  ],
  [
    "constraints that nest too deep",
    details({ t: { a: nested(9) } }),
    `token_malformed /authorization_details/0/tools/t/a${"/constraints/0".repeat(9)}`,
  ],
  ["an aud that is a text", { aud: PAY }, "token_malformed /aud"],
  ["an empty aud", { aud: [] }, "token_malformed /aud"],
  ["nine audiences", { aud: Array.from({ length: 9 }, (_, i) => `${PAY}/${i}`) }, "token_malformed /aud"],
  ["an audience twice", { aud: [PAY, PAY] }, "token_malformed /aud"],
  ["an audience that is relative", { aud: ["/mcp"] }, "token_malformed /aud/0"],
  ["an audience with a fragment", { aud: [PAY, `${PAY}#pay`] }, "token_malformed /aud/1"],
  ["an audience with a space", { aud: [`${PAY}/ `] }, "token_malformed /aud/0"],
  ["an audience that is not ASCII", { aud: ["https://pаy.example"] }, "token_malformed /aud/0"],
  ["an audience that is a number", { aud: [1] }, "token_malformed /aud/0"],
  ["an audience in a list of its own", { aud: [[PAY]] }, "token_malformed /aud/0"],
  ["an empty txn", { txn: "" }, "token_malformed /txn"],
  ["a txn that is a number", { txn: 1 }, "token_malformed /txn"],
  ["an empty sub", { sub: "" }, "token_malformed /sub"],
  ["a sub that is a number", { sub: 7 }, "token_malformed /sub"],
  ["a sub that is a list", { sub: ["alice"] }, "token_malformed /sub"],
  ["a sub that is too long", { sub: long(257) }, "token_malformed /sub"],
];

describe.each(["root", "derived"] as const)("the claims of a %s token", (kind) => {
  it.each(broken)("are refused with %s", async (_, claims, refusal) => {
    const root = await world.root();
    const chain = kind === "root" ? await world.root(claims) : `${root}~${await world.child(root, claims)}`;
    expect(await refusalOf(verifyAt(chain, [world.anchor]))).toBe(refusal);
  });
});

/** The rule in each refusal, in words that a report may show. */
const rules: readonly [rule: string, Claims, pointer: string][] = [
  ["a claim that this version does not know", { nbf: NOW }, "/nbf"],
  ["a text of 1 to 64 characters is expected", { jti: long(65) }, "/jti"],
  ["16 bytes of base64url are expected", { jti: bytes(15) }, "/jti"],
  ["a text of 1 to 512 characters is expected", { iss: 1 }, "/iss"],
  ["a non-negative integer is expected", { iat: -1 }, "/iat"],
  ["a non-negative integer is expected", { del_depth: 0.5 }, "/del_depth"],
  ["an object with sub alone is expected", { act: {} }, "/act"],
  ["a text of 1 to 128 characters is expected", { act: { sub: long(129) } }, "/act/sub"],
  ["an agent's name is letters, digits and . _ - /", { act: { sub: "a b" } }, "/act/sub"],
  ["an object with jwk alone is expected", { cnf: {} }, "/cnf"],
  ["a JWK object is expected", { cnf: { jwk: 1 } }, "/cnf/jwk"],
  ["exactly one entry is expected", { authorization_details: [] }, "/authorization_details"],
  [
    'an object with the type "attenuating_agent_token" and tools is expected',
    { authorization_details: [1] },
    "/authorization_details/0",
  ],
  ["an array of 1 to 8 audiences is expected", { aud: [] }, "/aud"],
  ["an absolute URI without a fragment is expected", { aud: [PAY, 1] }, "/aud/1"],
  ["each audience is named once", { aud: [PAY, PAY] }, "/aud"],
  ["a text of 1 to 256 characters is expected", { sub: "" }, "/sub"],
  ["a text of 1 to 128 characters is expected", { txn: long(129) }, "/txn"],
];

describe.each(["root", "derived"] as const)("the claims of a %s token", (kind) => {
  it.each(rules)("are refused by the rule that they broke: %s", async (rule, claims, pointer) => {
    const root = await world.root();
    const chain = kind === "root" ? await world.root(claims) : `${root}~${await world.child(root, claims)}`;
    const error = await errorOf(verifyAt(chain, [world.anchor]));
    expect(error).toMatchObject({ code: "token_malformed", pointer, rule });
    expect(error.message).toContain(`"${pointer}"`);
    expect(error.message).toContain(`: ${rule}`);
  });

  it("say which agent it was made for, and how long it lives", async () => {
    const claims = { jti: bytes(16), act: { sub: "planner/reader" }, iat: NOW + 1, exp: NOW + 60 };
    const root = await world.root(kind === "root" ? claims : {});
    const chain = kind === "root" ? root : `${root}~${await world.child(root, claims)}`;
    const { links } = await verifyAt(chain, [world.anchor]);
    const said = { jti: claims.jti, agent: "planner/reader", issuedAt: NOW + 1, expiresAt: NOW + 60 };
    expect(links.at(-1)).toMatchObject(said);
  });

  it("may be as long as their limits", async () => {
    const most = { jti: bytes(16), act: { sub: long(128) }, txn: long(128), sub: long(256) };
    const anchor = { ...world.anchor, subjects: [most.sub] };
    const root = await world.root(most);
    const chain = kind === "root" ? root : `${root}~${await world.child(root, { ...most, jti: bytes(16, 1) })}`;
    expect(await refusalOf(verifyAt(chain, [anchor]))).toBe("accepted");
  });

  it("may name eight audiences", async () => {
    const aud = Array.from({ length: 8 }, (_, i) => `${PAY}/${i}`);
    const root = await world.root({ aud, ...details({}) });
    const chain = kind === "root" ? root : `${root}~${await world.child(root, { aud })}`;
    expect(await refusalOf(verifyAt(chain, [{ ...world.anchor, audiences: aud }]))).toBe("accepted");
  });
});

describe("the claims of a root", () => {
  it("are refused by the rule that they broke, where a root alone has them", async () => {
    const error = await errorOf(verifyAt(await world.root({ iss: "http://id.acme.example" }), [world.anchor]));
    expect(error).toMatchObject({ pointer: "/iss", rule: "an https URI is expected" });
    const other = await errorOf(verifyAt(await world.root({ hw: 2 }), [world.anchor]));
    expect(other.message).toContain("version 1 of the Hopwise profile");
    const payload = await forge({ alg: "Ed25519", typ: "aat+jwt", kid: "k1" }, "[]", world.issuer);
    const list = await errorOf(verifyAt(payload, [world.anchor]));
    expect(list).toMatchObject({ code: "token_malformed", pointer: "", rule: "an object of claims is expected" });
  });

  it.each([undefined, 0, 2, 1.5, "1", true, null, [1]])("are refused with the version %j", async (hw) => {
    expect(await refusalOf(verifyAt(await world.root({ hw }), [world.anchor]))).toBe("token_version_unsupported /hw");
  });

  it("are refused where one is missing, whichever", async () => {
    const required = Object.keys(claimsOf(await world.root())).filter((name) => name !== "hw");
    for (const name of required) {
      const refusal = await refusalOf(verifyAt(await world.root({ [name]: undefined }), [world.anchor]));
      expect(refusal).toBe(`token_malformed /${name}`);
    }
    expect(required).toHaveLength(11);
  });

  it.each([
    ["a parent", { par_hash: bytes(32) }, "token_malformed /par_hash"],
    ["a depth", { del_depth: 1 }, "chain_link_broken /del_depth"],
    ["an iss over http", { iss: "http://id.acme.example" }, "token_malformed /iss"],
    ["an iss that is a thumbprint", { iss: "urn:x:y" }, "token_malformed /iss"],
    ["an iss with a fragment", { iss: "https://id.acme.example#" }, "token_malformed /iss"],
  ])("are refused with %s", async (_, claims, refusal) => {
    expect(await refusalOf(verifyAt(await world.root(claims), [world.anchor]))).toBe(refusal);
  });

  it("may have a transaction, an agent of a class, and a subject of any letters", async () => {
    const subject = "alice@acme.example\n\u202e 😀";
    const claims = { txn: "order-7", act: { sub: "planner/reader/a-1" }, sub: subject };
    expect(await refusalOf(verifyAt(await world.root(claims), [{ ...world.anchor, subjects: [subject] }]))).toBe(
      "accepted",
    );
  });
});

describe("the claims of a derived token", () => {
  it.each([
    ["no parent", { par_hash: undefined }, "token_malformed /par_hash"],
    ["a parent's hash of 31 bytes", { par_hash: bytes(31) }, "token_malformed /par_hash"],
    ["a parent's hash that is not canonical", { par_hash: `${"A".repeat(42)}B` }, "token_malformed /par_hash"],
    ["a parent's hash in another alphabet", { par_hash: `${"A".repeat(42)}+` }, "token_malformed /par_hash"],
    ["a parent's hash in hexadecimal", { par_hash: "ab".repeat(32) }, "token_malformed /par_hash"],
    ["a version, which only a root has", { hw: 1 }, "token_malformed /hw"],
  ])("are refused with %s", async (_, claims, refusal) => {
    const root = await world.root();
    expect(await refusalOf(verifyAt(`${root}~${await world.child(root, claims)}`, [world.anchor]))).toBe(refusal);
  });

  it("are refused by the rule that they broke, where a derived token alone has them", async () => {
    const root = await world.root();
    const bent = await world.child(root, { par_hash: bytes(31) });
    expect(await errorOf(verifyAt(`${root}~${bent}`, [world.anchor]))).toMatchObject({
      pointer: "/par_hash",
      rule: "a SHA-256 in base64url is expected",
    });
  });
});

describe.each(worlds)("the payload of a token signed with $algorithm", (own: World) => {
  const root = async (write: (text: string) => string | Uint8Array): Promise<string> => {
    const claims = JSON.stringify(claimsOf(await own.root()));
    return forge({ alg: own.algorithm, typ: "aat+jwt", kid: "k1" }, write(claims), own.issuer);
  };

  it.each<[string, (text: string) => string | Uint8Array]>([
    ["with a claim twice", (text) => text.replace("{", '{"sub":"mallory",')],
    ["with a claim twice by escape", (text) => text.replace("{", '{"\\u0073ub":"mallory",')],
    ["with a tool twice", (text) => text.replace('"tools":{', '"tools":{"read_invoice":{},')],
    ["with a __proto__ claim", (text) => text.replace("{", '{"__proto__":{"sub":"mallory"},')],
    ["with a __proto__ tool", (text) => text.replace('"tools":{', '"tools":{"__proto__":{},')],
    ["with an exp beyond every double", (text) => text.replace(/"exp":\d+/, '"exp":1e400')],
    ["with an exp of 2^53+1", (text) => text.replace(/"exp":\d+/, '"exp":9007199254740993')],
    ["with a lone surrogate", (text) => text.replace('"alice"', '"\\ud800"')],
    ["with a byte order mark", (text) => `\ufeff${text}`],
    ["that is not UTF-8", (text) => Uint8Array.from([...Buffer.from(text.slice(0, -1)), 0xff])],
    ["with something after it", (text) => `${text} {}`],
    ["that is a list", (text) => `[${text}]`],
    ["that is a text", () => '"alice"'],
    ["that is null", () => "null"],
    ["that is empty", () => ""],
    ["that nests ten thousand deep", () => "[".repeat(5000)],
  ])("%s is refused", async (_, write) => {
    expect(await refusalOf(verifyAt(await root(write), [own.anchor]))).toBe("token_malformed");
  });

  it("is read in any order of claims and with any white space", async () => {
    const token = await root((text) =>
      JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(text)).reverse()), null, 2),
    );
    expect(await refusalOf(verifyAt(token, [own.anchor]))).toBe("accepted");
  });
});

it("constraints may nest as deep as the limit, in a token as JSON", async () => {
  const deepest = nested(8, { constraint_type: "one_of", values: ["a"] });
  expect(await refusalOf(verifyAt(await world.root(details({ t: { a: deepest } })), [world.anchor]))).toBe("accepted");
});

function nested(depth: number, innermost: unknown = { constraint_type: "wildcard" }): unknown {
  return depth === 0 ? innermost : { constraint_type: "any", constraints: [nested(depth - 1, innermost)] };
}

/** y = p + 2, which is 2 again. */
function nonCanonical(): string {
  return Buffer.from([0xef, ...Array(30).fill(0xff), 0x7f]).toString("base64url");
}
