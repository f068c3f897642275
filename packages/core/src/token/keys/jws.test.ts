import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import {
  ALGORITHMS,
  type Claims,
  claimsOf,
  createWorld,
  errorOf,
  forge,
  proveAt,
  refusalOf,
  verifyAt,
  type World,
} from "../../world.fixture.ts";
import { type HeaderRule, signJws, splitJws } from "./jws.ts";
import { thumbprintOf } from "./key.ts";
import type { Signer } from "./signer.ts";

const OF_64_BYTES = "gave no signature of 64 bytes; of ECDSA it is r and s, 32 bytes each, and not DER";
const worlds = await Promise.all(ALGORITHMS.map((algorithm) => createWorld(algorithm)));
const otherThan = (algorithm: string): string => (algorithm === "ES256" ? "Ed25519" : "ES256");

/** HMAC with the public key as its secret: what a verifier that asks the header for the algorithm would accept. */
const hmacWithPublicKey = ({ publicJwk }: Signer): Pick<Signer, "sign"> => ({
  sign: async (data) => createHmac("sha256", Buffer.from(publicJwk.x, "base64url")).update(data).digest(),
});
const unsigned: Pick<Signer, "sign"> = { sign: async () => new Uint8Array() };

describe.each(worlds)("a header over $algorithm", (world: World) => {
  /** The same broken header, at each of the three places where a token may stand. */
  const everywhere = async (header: Claims, by?: (signer: Signer) => Pick<Signer, "sign">): Promise<string[]> => {
    const signerOf = (signer: Signer) => ({ ...signer, ...by?.(signer) });
    const root = await world.root();
    const chain = await world.chain();
    return Promise.all([
      refusalOf(verifyAt(await world.root({}, { header, signer: signerOf(world.issuer) }), [world.anchor])),
      refusalOf(
        verifyAt(`${root}~${await world.child(root, {}, { header, signer: signerOf(world.planner) })}`, [world.anchor]),
      ),
      refusalOf(
        proveAt(
          await verifyAt(chain, [world.anchor]),
          await world.proof(chain, {}, { header, signer: signerOf(world.researcher) }),
        ),
      ),
    ]);
  };

  it.each([
    ["none", unsigned],
    ["NONE", unsigned],
    ["none", undefined],
    ["HS256", hmacWithPublicKey],
    ["RS256", undefined],
    ["PS256", undefined],
    ["ES384", undefined],
    ["ES256K", undefined],
    ["EdDSA", undefined],
    ["ed25519", undefined],
    ["", undefined],
    [null, undefined],
    [undefined, undefined],
  ] as const)("with the alg %j is refused", async (alg, by) => {
    const signer = by === undefined ? undefined : typeof by === "function" ? by : () => by;
    expect(await everywhere({ alg }, signer)).toEqual(["token_alg_refused", "token_alg_refused", "proof_invalid"]);
  });

  it("with an alg of another type than the key that must have signed is refused", async () => {
    const refusals = await everywhere({ alg: otherThan(world.algorithm) });
    expect(refusals).toEqual(["token_alg_refused", "token_alg_refused", "proof_invalid"]);
  });

  it.each<[string, unknown]>([
    ["jwk", { kty: "OKP", crv: "Ed25519", x: "AAAA" }],
    ["jwk", "AAAA"],
    ["jku", "https://mallory.example/keys"],
    ["x5u", "https://mallory.example/cert"],
    ["x5c", ["MIIB"]],
    ["x5c", "MIIB"],
    ["x5t", "AAAA"],
    ["x5t#S256", "AAAA"],
    ["crit", []],
    ["crit", "exp"],
    ["b64", false],
    ["zip", "DEF"],
    ["cty", "JWT"],
    ["cty", "aat+jwt"],
    ["jwk", null],
    ["iss", "https://id.acme.example"],
    ["constructor", "x"],
  ])("with a parameter %s is refused, whatever is in it: %j", async (name, value) => {
    expect(await everywhere({ [name]: value })).toEqual(["token_malformed", "token_malformed", "proof_invalid"]);
  });

  it.each(["JWT", "at+jwt", "dpop+jwt", "aat+JWT", "application/aat+jwt", "hopwise-request+jwt", "", undefined, null])(
    "with the typ %j, of another kind of token, is refused",
    async (typ) => {
      expect(await everywhere({ typ })).toEqual(["token_malformed", "token_malformed", "proof_invalid"]);
    },
  );

  it("of a token is refused on a proof, and that of a proof on a token", async () => {
    expect(await everywhere({ typ: "aat-pop+jwt" })).toEqual(["token_malformed", "token_malformed", "accepted"]);
    expect(await everywhere({ typ: "aat+jwt" })).toEqual(["accepted", "accepted", "proof_invalid"]);
  });

  it.each([[undefined], [null], [1], [""], ["k 1"], ["../k1"], ["k1\u0000"], ["ключ"], ["k".repeat(65)], [["k1"]]])(
    "with the kid %j is refused on a root",
    async (kid) => {
      expect(await refusalOf(verifyAt(await world.root({}, { header: { kid } }), [world.anchor]))).toBe(
        "token_malformed",
      );
    },
  );

  it("with a kid that no pinned key has is refused, also for the names that every object has", async () => {
    for (const kid of ["k2", "constructor", "__proto__", "k".repeat(64)]) {
      expect(await refusalOf(verifyAt(await world.root({}, { header: { kid } }), [world.anchor]))).toBe(
        "token_untrusted_issuer /kid",
      );
    }
  });

  it("with any kid is refused on a derived token and on a proof", async () => {
    expect(await everywhere({ kid: "k1" })).toEqual(["accepted", "token_malformed", "proof_invalid"]);
  });

  it.each([
    ["a parameter twice", (alg: string) => `{"alg":"none","alg":"${alg}","typ":"aat+jwt","kid":"k1"}`],
    ["a parameter twice by escape", (alg: string) => `{"alg":"${alg}","\\u0061lg":"none","typ":"aat+jwt","kid":"k1"}`],
    ["a byte order mark", (alg: string) => `\ufeff{"alg":"${alg}","typ":"aat+jwt","kid":"k1"}`],
    ["something after it", (alg: string) => `{"alg":"${alg}","typ":"aat+jwt","kid":"k1"}{}`],
    ["an array", (alg: string) => `["${alg}"]`],
    ["null", () => "null"],
    ["nothing", () => ""],
    ["no JSON", () => "alg=none"],
  ])("is refused as JSON with %s", async (_, header) => {
    const token = await forge(header(world.algorithm), claimsOf(await world.root()), world.issuer);
    expect(await refusalOf(verifyAt(token, [world.anchor]))).toBe("token_malformed");
  });

  it.each<[string, (token: string) => string]>([
    ["four segments", (token) => `${token}.AAAA`],
    ["five segments, as encrypted tokens have", (token) => `${token}.AAAA.AAAA`],
    ["two segments", (token) => token.slice(0, token.lastIndexOf("."))],
    ["one segment", (token) => token.replaceAll(".", "")],
    ["an empty header", (token) => token.slice(token.indexOf("."))],
    ["padding", (token) => `${token}==`],
    ["the standard alphabet", (token) => `+${token.slice(1)}`],
    ["a second spelling of its signature", (token) => token.slice(0, -1) + secondSpelling(token.at(-1) as string)],
    ["a space", (token) => ` ${token}`],
    ["a newline at its end", (token) => `${token}\n`],
    ["an empty token after it", (token) => `${token}~`],
    ["an empty token before it", (token) => `~${token}`],
    ["JSON serialisation", (token) => JSON.stringify({ payload: token.split(".")[1] })],
    ["letters that are not ASCII", (token) => `${token}é`],
    ["nothing in it", () => ""],
  ])("is refused in a token with %s", async (_, bend) => {
    expect(await refusalOf(verifyAt(bend(await world.root()), [world.anchor]))).toBe("token_malformed");
  });

  it("is refused in a token without a signature, with that of another, or without what was signed", async () => {
    const token = await world.root();
    const input = token.slice(0, token.lastIndexOf("."));
    const detached = token.replace(/\..*\./, "..");
    expect(await refusalOf(verifyAt(detached, [world.anchor]))).toBe("token_signature_invalid");
    const other = await world.root({ sub: "bob" });
    for (const signature of ["", other.slice(other.lastIndexOf(".") + 1), "A".repeat(86)]) {
      expect(await refusalOf(verifyAt(`${input}.${signature}`, [world.anchor]))).toBe("token_signature_invalid");
    }
  });
});

describe("a compact JWS", async () => {
  const [world] = worlds as [World];
  const split = (text: string, kid: "required" | "forbidden" = "required") =>
    splitJws(text, { typ: "aat+jwt", kid, refusedAlgorithm: "token_alg_refused" }, "token_malformed", "the root token");
  const whole = { alg: "Ed25519", typ: "aat+jwt", kid: "k1" };
  const made = (header: string | Claims): Promise<string> => forge(header, "{}", world.issuer);

  it("is taken apart into what was signed, what it says, and the signature", async () => {
    const text = await signJws({ typ: "aat+jwt", kid: "k1" }, '{"a":1}', world.issuer);
    const { header, signingInput, payload, signature } = split(text);
    expect(header).toEqual(whole);
    expect(signingInput).toBe(text.split(".").slice(0, 2).join("."));
    expect(new TextDecoder().decode(payload)).toBe('{"a":1}');
    expect(signature).toHaveLength(64);
    const bare = await signJws({ typ: "aat+jwt" }, "{}", world.issuer);
    expect(Object.keys(split(bare, "forbidden").header)).toEqual(["alg", "typ"]);
  });

  it.each<[problem: string, string | Promise<string>]>([
    ["three segments are expected", ""],
    ["three segments are expected", "AAAA"],
    ["three segments are expected", "AAAA.AAAA"],
    ["three segments are expected", ".AAAA.AAAA"],
    ["three segments are expected", "AAAA.AAAA.AAAA.AAAA"],
    ["a segment is not canonical base64url", "A=.AAAA.AAAA"],
    ["a segment is not canonical base64url", "AAAA.A=.AAAA"],
    ["a segment is not canonical base64url", "AAAA.AAAA.A="],
    ["the header of the root token is not acceptable JSON", made("alg=none")],
    ["the header of the root token is not acceptable JSON", made({ ...whole, kid: { deep: {} } })],
    ["the header is not an object", made("[]")],
    ["the header is not an object", made("null")],
    ["its typ is not aat+jwt", made({ ...whole, typ: "JWT" })],
    ["a header parameter that is not allowed", made({ ...whole, crit: "exp" })],
    ["a kid of up to 64 letters, digits, - and _ is required", made({ ...whole, kid: undefined })],
    ["a kid of up to 64 letters, digits, - and _ is required", made({ ...whole, kid: "k".repeat(65) })],
    ["a kid of up to 64 letters, digits, - and _ is required", made({ ...whole, kid: 7 })],
  ])("is refused by the rule that it broke: %s", async (problem, text) => {
    const error = await errorOf(async () => split(await text));
    expect(error.code).toBe("token_malformed");
    expect(error.message).toContain("the root token");
    expect(error.message).toContain(problem);
  });

  it("may name its key by a thumbprint where that is the rule, in the place of a kid, and nowhere else", async () => {
    const jkt = await thumbprintOf(world.planner.publicJwk);
    const either = { typ: "aat+jwt", kid: "or jkt" } as const;
    const problemOf = async (header: Claims, rule: HeaderRule = either): Promise<string> => {
      const text = await made({ ...whole, kid: undefined, ...header });
      const run = () => splitJws(text, rule, "token_malformed", "the root token");
      return (await refusalOf(run)) === "accepted" ? "accepted" : (await errorOf(run)).message;
    };
    for (const header of [{ jkt }, { kid: "k1" }]) expect(await problemOf(header)).toBe("accepted");
    for (const header of [{ jkt, kid: "k1" }, { jkt: 7 }, { jkt: jkt.slice(2) }, { jkt: `${jkt}=` }, { jkt: null }])
      expect(await problemOf(header)).toMatch(/: a jkt is a key's thumbprint, and stands in the place of a kid$/);
    expect(await problemOf({})).toMatch(/: a kid of up to 64 letters, digits, - and _ is required, or a jkt$/);
    expect(await problemOf({ jkt, crit: "exp" })).toMatch(/: a header parameter that is not allowed$/);
    for (const kid of ["required", "forbidden"] as const)
      expect(await problemOf({ jkt }, { ...either, kid })).toMatch(/: a header parameter that is not allowed$/);
    expect(await problemOf({}, { ...either, kid: "required" })).toMatch(/, - and _ is required$/);
  });

  it("may have the alg EdDSA where that is the rule, and no third one", async () => {
    const outcome = async (alg: string, eddsa?: boolean): Promise<string> => {
      const rule = { typ: "aat+jwt", kid: "required", ...(eddsa !== undefined && { eddsa }) } as const;
      const text = await made({ ...whole, alg });
      return refusalOf(() => splitJws(text, rule, "proof_invalid", "it"));
    };
    expect(await outcome("EdDSA", true)).toBe("accepted");
    expect(await outcome("Ed25519", true)).toBe("accepted");
    for (const eddsa of [false, undefined]) expect(await outcome("EdDSA", eddsa)).toBe("proof_invalid");
    expect(await outcome("none", true)).toBe("proof_invalid");
  });

  it.each<[string, unknown]>([
    ["did not sign: it failed, or gave no answer in time", new Error("hunter2")],
    [OF_64_BYTES, undefined],
    [OF_64_BYTES, new Uint8Array(63)],
    [OF_64_BYTES, new Uint8Array(71)], // DER, as key services give it
    [OF_64_BYTES, "s".repeat(64)],
  ])("is not made where its signer %s: %#", async (words, signature) => {
    const sign = async () => {
      if (signature instanceof Error) throw signature;
      return signature as Uint8Array;
    };
    const error = await errorOf(signJws({ typ: "aat+jwt" }, "{}", { ...world.issuer, sign }));
    expect([error.code, error.message]).toEqual(["signing_failed", `the signer ${words}`]);
    expect(error.cause).toBe(signature instanceof Error ? signature : undefined);
  });

  it("is not made by a signer of another key than its own", async () => {
    const other = { ...world.issuer, sign: world.mallory.sign };
    const error = await errorOf(signJws({ typ: "aat+jwt" }, "{}", other));
    expect(error.code).toBe("config_invalid");
    expect(error.message).toContain("by the private key of its own publicJwk");
  });

  it("is refused by the rule that it broke, where it has a kid that it may not have, or another algorithm", async () => {
    const named = await made(whole);
    expect((await errorOf(() => split(named, "forbidden"))).message).toContain("a kid is not allowed here");
    const none = await made({ ...whole, alg: "none" });
    const error = await errorOf(() => split(none));
    expect(error.code).toBe("token_alg_refused");
    expect(error.message).toContain("the algorithm of the root token is not accepted; only Ed25519 and ES256 are");
  });
});

/** Another last character that decodes to the same bytes: its lowest four bits count for nothing in 64 bytes. */
function secondSpelling(letter: string): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  return alphabet[alphabet.indexOf(letter) ^ 1] as string;
}
