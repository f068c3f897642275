import type { JWK } from "jose";
import { expect, it } from "vitest";
import { localJwks, remoteJwks } from "./jwks.ts";
import { generateSigner } from "./signer.ts";

const ed25519: JWK = { ...(await generateSigner("Ed25519")).publicJwk, kid: "a" };
const p256: JWK = { ...(await generateSigner("ES256")).publicJwk, kid: "b" };
const kept = (...keys: JWK[]): string[] => localJwks({ keys }).map(({ kid }) => kid);

it("keeps a published key that is for verifying signatures, or of which nothing is said", () => {
  expect(kept(ed25519, p256)).toEqual(["a", "b"]);
  expect(kept({ ...ed25519, use: "sig", key_ops: ["verify"], alg: "EdDSA" })).toEqual(["a"]);
  expect(kept({ ...ed25519, alg: "Ed25519" }, { ...p256, key_ops: ["sign", "verify"], alg: "ES256" })).toEqual([
    "a",
    "b",
  ]);
});

it.each<[string, Partial<JWK>]>([
  ["encryption, by its use", { use: "enc" }],
  ["encryption, by its operations", { key_ops: ["encrypt"] }],
  ["signing only", { key_ops: ["sign"] }],
  ["nothing", { key_ops: [] }],
  ["operations that are no list", { key_ops: "verify" as never }],
  ["agreeing on keys, by its algorithm", { alg: "ECDH-ES" }],
  ["an algorithm without a signature", { alg: "none" }],
  ["an algorithm of another size", { alg: "ES384" }],
])("leaves out a published key that is for %s", (_, member) => {
  expect(kept({ ...p256, ...member })).toEqual([]);
  expect(kept({ ...ed25519, ...member })).toEqual([]);
});

it("leaves out a key whose algorithm is that of the other kind", () => {
  expect(kept({ ...p256, alg: "EdDSA" }, { ...p256, alg: "Ed25519" }, { ...ed25519, alg: "ES256" })).toEqual([]);
});

it("leaves out a key that was published with its private part: everybody could sign with it", () => {
  const d = ed25519.x as string;
  expect(kept({ ...p256, d }, { ...ed25519, d })).toEqual([]);
  expect(kept({ ...p256, d }, ed25519)).toEqual(["a"]);
});

it("leaves out a key that nobody may use: one off its curve, and one of small order", () => {
  const offCurve = { ...p256, y: p256.x as string };
  expect(kept(offCurve, { ...ed25519, x: `AQ${"A".repeat(41)}` })).toEqual([]);
});

it("does so with what was fetched, too", async () => {
  const keys = [{ ...p256, key_ops: ["encrypt"] }, ed25519];
  const source = remoteJwks("https://id.example/jwks", { fetch: async () => Response.json({ keys }) });
  expect(await source.find("b")).toEqual([]);
  expect(await source.find("a")).toHaveLength(1);
});
