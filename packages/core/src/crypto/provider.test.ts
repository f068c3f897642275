import { createPublicKey, hash, verify as nodeVerify } from "node:crypto";
import { exportJWK, generateKeyPair } from "jose";
import { describe, expect, it } from "vitest";
import { provider as node } from "./node.ts";
import type { CryptoProvider, PublicJwk, SignatureAlgorithm } from "./types.ts";
import { provider as web } from "./web.ts";

const text = "what was signed";
const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, "hex"));

/** A fresh key, and what it signs, by a third implementation's key and WebCrypto. */
async function keyOf(algorithm: SignatureAlgorithm) {
  const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true });
  const { kty, crv, x, y } = await exportJWK(publicKey);
  const parameters = algorithm === "Ed25519" ? { name: "Ed25519" } : { name: "ECDSA", hash: "SHA-256" };
  return {
    jwk: { kty, crv, x, ...(y !== undefined && { y }) } as PublicJwk,
    sign: async (data: string) =>
      new Uint8Array(await crypto.subtle.sign(parameters, privateKey, new TextEncoder().encode(data))),
  };
}

/** The order of P-256's group. */
const N = BigInt("0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
const word = (value: bigint): string => value.toString(16).padStart(64, "0");

describe.each<[string, CryptoProvider]>([
  ["node:crypto", node],
  ["WebCrypto", web],
])("the provider over %s", (_, provider) => {
  it("hashes texts and bytes as FIPS 180-4 says, in base64url", async () => {
    const abc = Buffer.from("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", "hex");
    expect(await provider.sha256("abc")).toBe(abc.toString("base64url"));
    expect(await provider.sha256(Uint8Array.of(97, 98, 99))).toBe(abc.toString("base64url"));
    expect(await provider.sha256("")).toBe("47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU");
    expect(await provider.sha256("€")).toBe(hash("sha256", "€", "base64url"));
  });

  it.each(["Ed25519", "ES256"] as const)("accepts what an %s key signed, and nothing else", async (algorithm) => {
    const [own, other] = await Promise.all([keyOf(algorithm), keyOf(algorithm)]);
    const key = await provider.importKey(own.jwk);
    const signature = await own.sign(text);
    expect(key.algorithm).toBe(algorithm);
    expect(signature).toHaveLength(64);
    expect(await provider.verify(key, text, signature)).toBe(true);
    expect(await provider.verify(key, `${text}.`, signature)).toBe(false);
    expect(await provider.verify(await provider.importKey(other.jwk), text, signature)).toBe(false);
    for (const at of [0, 31, 32, 63]) {
      const bent = Uint8Array.from(signature);
      bent[at] = (bent[at] as number) ^ 1;
      expect(await provider.verify(key, text, bent)).toBe(false);
    }
  });

  it.each(["Ed25519", "ES256"] as const)("answers false to an %s signature of wrong length", async (algorithm) => {
    const own = await keyOf(algorithm);
    const key = await provider.importKey(own.jwk);
    const signature = await own.sign(text);
    const wrong = [new Uint8Array(), signature.subarray(0, 63), Uint8Array.of(...signature, 0), new Uint8Array(128)];
    for (const bent of wrong) expect(await provider.verify(key, text, bent)).toBe(false);
  });

  it("answers false to an ES256 signature in DER, which is another spelling of the same", async () => {
    const own = await keyOf("ES256");
    const signature = await own.sign(text);
    const integer = (part: Uint8Array): number[] => {
      const digits = [0, ...part];
      while (digits[0] === 0 && (digits[1] as number) < 0x80) digits.shift();
      return [2, digits.length, ...digits];
    };
    const body = [...integer(signature.subarray(0, 32)), ...integer(signature.subarray(32))];
    const der = Uint8Array.of(0x30, body.length, ...body);
    expect(nodeVerify("sha256", Buffer.from(text), createPublicKey({ key: { ...own.jwk }, format: "jwk" }), der)).toBe(
      true,
    );
    expect(await provider.verify(await provider.importKey(own.jwk), text, der)).toBe(false);
  });

  it("answers false to an ES256 signature whose r or s is zero or out of range", async () => {
    const own = await keyOf("ES256");
    const key = await provider.importKey(own.jwk);
    const signature = Buffer.from(await own.sign(text)).toString("hex");
    const [r, s] = [signature.slice(0, 64), signature.slice(64)];
    const wrong = [0n, N, N + 1n, 2n ** 256n - 1n].map(word);
    for (const bad of wrong) {
      expect(await provider.verify(key, text, bytes(bad + s))).toBe(false);
      expect(await provider.verify(key, text, bytes(r + bad))).toBe(false);
      for (const other of wrong) expect(await provider.verify(key, text, bytes(bad + other))).toBe(false);
    }
  });

  it("answers false to an Ed25519 signature whose s is not below the group's order", async () => {
    const own = await keyOf("Ed25519");
    const signature = await own.sign(text);
    const order = 2n ** 252n + 27742317777372353535851937790883648493n;
    const s = BigInt(`0x${Buffer.from(signature.subarray(32).toReversed()).toString("hex")}`);
    const malleated = Uint8Array.of(...signature.subarray(0, 32), ...bytes(word(s + order)).toReversed());
    expect(await provider.verify(await provider.importKey(own.jwk), text, malleated)).toBe(false);
  });

  it("refuses to import what is not a point of P-256", async () => {
    const { jwk } = await keyOf("ES256");
    const zero = Buffer.alloc(32).toString("base64url");
    for (const bent of [{ y: jwk.x }, { x: zero, y: zero }, { y: Buffer.alloc(32, 0xff).toString("base64url") }]) {
      await expect((async () => provider.importKey({ ...jwk, ...bent } as PublicJwk))()).rejects.toThrow();
    }
  });

  it("decodes canonical base64url, and no second spelling of the same bytes", () => {
    const decoded = ["", "AA", "-_8"].map((encoded) => Array.from(provider.decodeBase64url(encoded) ?? [-1]));
    expect(decoded).toEqual([[], [0], [0xfb, 0xff]]);
    const wrong = [
      "AB",
      "AAB",
      "A",
      "AA==",
      "AA=",
      "+/8",
      "A A",
      " AA",
      "AA\n",
      "AA.",
      "AA~",
      "AÄ",
      "AA\u0000",
      "=",
      "AAAAA",
    ];
    for (const spelling of wrong) expect([spelling, provider.decodeBase64url(spelling)]).toEqual([spelling, undefined]);
  });

  it("encodes bytes, also those of a part of a buffer", () => {
    const all = Uint8Array.of(1, 2, 0xfb, 0xff, 3);
    expect(provider.encodeBase64url(all.subarray(2, 4))).toBe("-_8");
    expect(provider.encodeBase64url(new Uint8Array())).toBe("");
  });
});
