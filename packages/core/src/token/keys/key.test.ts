import { calculateJwkThumbprint, calculateJwkThumbprintUri, exportJWK, generateKeyPair } from "jose";
import { describe, expect, it, vi } from "vitest";
import type { PublicJwk } from "../../crypto/index.ts";
import type { JsonValue } from "../../json/index.ts";
import { ALGORITHMS, errorOf, forge, refusalOf } from "../../world.fixture.ts";
import { importKnownKey, kidOf, parsePublicJwk, thumbprintOf, thumbprintUri } from "./key.ts";
import { generateSigner, signerFromJwk } from "./signer.ts";

const X = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

describe("the thumbprint of a key", () => {
  it("is that of RFC 8037, appendix A.3", async () => {
    const jwk = { kty: "OKP", crv: "Ed25519", x: X } as const;
    expect(await thumbprintOf(jwk)).toBe("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
  });

  it.each(ALGORITHMS)("of an %s key is the one that jose finds, as URI, too", async (algorithm) => {
    const { publicJwk } = await generateSigner(algorithm);
    expect(await thumbprintOf(publicJwk)).toBe(await calculateJwkThumbprint(publicJwk));
    expect(thumbprintUri(await thumbprintOf(publicJwk))).toBe(await calculateJwkThumbprintUri(publicJwk));
    expect(await kidOf(publicJwk)).toBe((await calculateJwkThumbprint(publicJwk)).slice(0, 8));
  });

  it.each<[rule: string, jwk: unknown]>([
    ["a coordinate is not 32 bytes of base64url", { kty: "OKP", crv: "Ed25519", x: X.slice(1) }],
    ["a coordinate is not 32 bytes of base64url", { kty: "OKP", crv: "Ed25519", x: 5 }],
    ["an Ed25519 key has exactly crv, kty and x", { kty: "OKP", crv: "Ed25519", x: X, y: X }],
    ["a P-256 key has exactly crv, kty, x and y", { kty: "EC", crv: "P-256", x: X }],
    ["a P-256 key is not a point on its curve; make a new key", { kty: "EC", crv: "P-256", x: X, y: X }],
    [
      "an Ed25519 key is of small order or not canonical; make a new key",
      { kty: "OKP", crv: "Ed25519", x: "A".repeat(43) },
    ],
    ["only Ed25519 and P-256 keys are known", { kty: "RSA", n: "abc", e: "AQAB" }],
  ])("is that of no other key than one that can be used: %s", async (rule, jwk) => {
    for (const named of [thumbprintOf, kidOf]) {
      const error = await errorOf(named(jwk as PublicJwk));
      expect(error).toMatchObject({ code: "config_invalid", rule });
      expect(error.message).toBe(`${named.name}: jwk must be a public JWK, such as signer.publicJwk: ${rule}`);
    }
  });

  it.each([[null], ["key"], [{}], [{ kty: 5 }]])("is none of what is no key at all: %j", async (given) => {
    for (const named of [thumbprintOf, kidOf]) {
      const error = await errorOf(named(given as never));
      expect([error.code, error.pointer]).toEqual(["config_invalid", "/jwk"]);
      expect(error.message).toContain(`${named.name}: jwk must be a public JWK, such as signer.publicJwk`);
    }
  });

  it.each(ALGORITHMS)(
    "of an %s key counts only what RFC 7638 counts, whatever else a registry keeps with it",
    async (algorithm) => {
      const { publicJwk } = await generateSigner(algorithm);
      const kept = { ...publicJwk, ...{ kid: "k1", use: "sig", alg: algorithm } };
      expect(await calculateJwkThumbprint(kept)).toBe(await thumbprintOf(publicJwk));
      expect(await thumbprintOf(kept)).toBe(await thumbprintOf(publicJwk));
    },
  );
});

describe("a key", () => {
  const ed = (x: string): PublicJwk => ({ kty: "OKP", crv: "Ed25519", x });

  it("is refused where it is of small order or not canonical", async () => {
    const belowTop = "f".repeat(60);
    const hex = ["01", "00", `ec${belowTop}7f`, `ed${belowTop}7f`, `ee${belowTop}ff`];
    for (const point of hex) {
      const x = Buffer.from(point.padEnd(64, "0"), "hex").toString("base64url");
      expect(await refusalOf(importKnownKey(ed(x)))).toBe("token_key_refused");
    }
  });

  it("is refused where it is not on P-256, with the cause", async () => {
    const { publicJwk } = await generateSigner("ES256");
    const error = await errorOf(importKnownKey({ ...publicJwk, y: publicJwk.x } as PublicJwk));
    expect(error.code).toBe("token_key_refused");
    expect(error.message).toBe("a key is not a point on its curve; make a new key");
    expect(error.cause).toBeInstanceOf(Error);
  });

  const x = X;
  const okp = { kty: "OKP", crv: "Ed25519", x };
  const ec = { kty: "EC", crv: "P-256", x, y: x };
  it.each<[rule: string, value: JsonValue | undefined]>([
    ["a JWK object is expected", undefined],
    ["a JWK object is expected", [okp]],
    ["a coordinate is not 32 bytes of base64url", { ...okp, x: 7 }],
    ["a coordinate is not 32 bytes of base64url", { ...okp, x: x.slice(1) }],
    ["a coordinate is not 32 bytes of base64url", { ...ec, x: `${x}AA` }],
    ["a coordinate is not 32 bytes of base64url", { ...ec, y: null }],
    ["an Ed25519 key has exactly crv, kty and x", { ...okp, y: x }],
    ["an Ed25519 key has exactly crv, kty and x", { ...okp, kid: "k1" }],
    ["an Ed25519 key has exactly crv, kty and x", { kty: "OKP", crv: "Ed25519" }],
    ["a P-256 key has exactly crv, kty, x and y", { ...ec, d: x }],
    ["a P-256 key has exactly crv, kty, x and y", { kty: "EC", crv: "P-256", x }],
    ["only Ed25519 and P-256 keys are known", { ...okp, crv: "X25519" }],
    ["only Ed25519 and P-256 keys are known", { ...okp, crv: "P-256" }],
    ["only Ed25519 and P-256 keys are known", { ...okp, kty: "EC" }],
    ["only Ed25519 and P-256 keys are known", { ...ec, crv: "P-384" }],
    ["only Ed25519 and P-256 keys are known", { ...ec, kty: "OKP" }],
    ["only Ed25519 and P-256 keys are known", { ...ec, kty: "RSA" }],
    ["only Ed25519 and P-256 keys are known", {}],
  ])("is refused by the rule that it broke, at the place where it stood: %s", async (rule, value) => {
    const error = await errorOf(() => parsePublicJwk(value, "config_invalid", "/keys/1"));
    expect(error).toMatchObject({ code: "config_invalid", pointer: "/keys/1", rule });
    expect(error.message).toContain(`"/keys/1" is broken: ${rule}`);
  });

  it("is read whatever the order of its members, and only as what it is", () => {
    expect(parsePublicJwk({ x, crv: "Ed25519", kty: "OKP" }, "token_malformed", "")).toEqual(okp);
    expect(parsePublicJwk({ y: x, x, crv: "P-256", kty: "EC" }, "token_malformed", "")).toEqual(ec);
  });
});

describe.each(ALGORITHMS)("a signer with an %s key", (algorithm) => {
  const privateJwk = async () => exportJWK((await generateKeyPair(algorithm, { extractable: true })).privateKey);

  it("shows its public key, exactly the members that count, and keeps its private one", async () => {
    for (const signer of [await generateSigner(algorithm), await signerFromJwk(await privateJwk())]) {
      const names = algorithm === "ES256" ? ["crv", "kty", "x", "y"] : ["crv", "kty", "x"];
      expect(Object.keys(signer.publicJwk).sort()).toEqual(names);
      expect(await refusalOf(importKnownKey(signer.publicJwk))).toBe("accepted");
    }
  });

  it("signs the same from a JWK as the JWK's own key", async () => {
    const jwk = await privateJwk();
    const token = await forge({ alg: algorithm }, { hello: 1 }, await signerFromJwk(jwk));
    const { compactVerify, importJWK } = await import("jose");
    const { d: _, ...publicJwk } = jwk;
    await expect(compactVerify(token, await importJWK(publicJwk, algorithm))).resolves.toBeDefined();
  });

  it("keeps its private key where nobody can take it out, also where it came from a JWK that could be", async () => {
    const sign = vi.spyOn(crypto.subtle, "sign");
    try {
      for (const signer of [
        await generateSigner(algorithm),
        await signerFromJwk({ ...(await privateJwk()), ext: true }),
      ]) {
        await signer.sign(new Uint8Array(1));
      }
      const used = sign.mock.calls.map(([, key]) => key as { type: string; extractable: boolean });
      expect(used.map(({ type, extractable }) => [type, extractable])).toEqual(Array(2).fill(["private", false]));
    } finally {
      sign.mockRestore();
    }
  });

  it("signs bytes and nothing else: of a text no bytes would be signed, or zeros", async () => {
    const signer = await generateSigner(algorithm);
    for (const data of ["text", null, { length: 4 }]) {
      const error = await errorOf(signer.sign(data as never));
      expect([error.code, error.pointer]).toEqual(["config_invalid", "/data"]);
      expect(error.message).toContain("sign: data must be the bytes to sign, a Uint8Array");
    }
  });

  it("is not made from a broken JWK without being told what is wrong, and where", async () => {
    const jwk = await privateJwk();
    const { d: _, ...publicJwk } = jwk;
    for (const given of [publicJwk, null]) {
      const missing = await errorOf(signerFromJwk(given as never));
      expect([missing.code, missing.pointer]).toEqual(["config_invalid", "/privateJwk"]);
      expect(missing.message).toContain("signerFromJwk: privateJwk must be a private JWK, with d");
    }
    expect(await errorOf(signerFromJwk({ ...jwk, x: "AAAA" }))).toMatchObject({
      message: "signerFromJwk: privateJwk must be a private JWK, with d: a coordinate is not 32 bytes of base64url",
      rule: "a coordinate is not 32 bytes of base64url",
    });
    const error = await errorOf(signerFromJwk({ ...jwk, d: "AAAA" }));
    expect(error.message).toContain("d is not the private half");
    expect(error.cause).toBeDefined();
  });

  it("is not made from a JWK that is public, broken or of another kind", async () => {
    const jwk = await privateJwk();
    const { d: _, ...publicJwk } = jwk;
    const broken = [
      publicJwk,
      { ...jwk, x: "AAAA" },
      { ...jwk, crv: "P-521" },
      { ...jwk, kty: "RSA" },
      { kty: "oct", k: "AAAA", d: "AAAA" },
      { ...jwk, d: "AAAA" },
      { ...jwk, d: "not base64url!" },
    ];
    for (const bent of broken) expect((await errorOf(signerFromJwk(bent))).code).toBe("config_invalid");
  });
});

it("a signer is made of no other algorithm than these two", async () => {
  const error = await errorOf(generateSigner("RS256" as never));
  expect(error.code).toBe("config_invalid");
  expect(error.message).toContain('generateSigner: algorithm must be one of "Ed25519", "ES256"');
});
