import { describe, expect, it } from "vitest";
import { readerOf, type Shape } from "../../options/index.ts";
import { errorOf, PAY, refusalOf } from "../../world.fixture.ts";
import { generateSigner } from "../keys/signer.ts";
import {
  AGENT_NAMED,
  AUDIENCE,
  BUDGET_ID,
  CLASS_NAME,
  checkSigner,
  ISSUER,
  isKeptJwk,
  isSha256,
  KEY_ID,
  PUBLIC_JWK,
  SIGNER,
  SUBJECT,
  TRUSTED_KEY,
} from "./shapes.ts";

const ed25519 = await generateSigner("Ed25519");
const p256 = await generateSigner("ES256");
const [okp, ec] = [ed25519.publicJwk, p256.publicJwk];
const offCurve = { ...ec, y: ec.x };
const smallOrder = { ...okp, x: "A".repeat(43) };
const failing = {
  sign: ed25519.sign,
  get publicJwk(): never {
    throw new Error("hunter2");
  },
};

describe("what a programmer names is taken where a token can say it, and refused where none can:", () => {
  it.each<[string, Shape, right: readonly unknown[], wrong: readonly unknown[]]>([
    ["an enforcement point", AUDIENCE, [PAY, "urn:acme:pay"], ["pay", `${PAY}#x`, "", 5]],
    [
      "an issuer",
      ISSUER,
      ["https://id.example"],
      ["http://id.example", "urn:acme:id", "https://", "https://id.example#x", " https://id.example", ""],
    ],
    ["a user", SUBJECT, ["alice", "Zoë 🔑", "a".repeat(256)], ["", "a".repeat(257), "a\ud800", 7]],
    ["an agent", AGENT_NAMED, ["planner", "planner/reader"], ["a b", "-a", "a/", "", "a".repeat(129)]],
    ["a class of agents", CLASS_NAME, ["reader", "a.b_c-1", "a".repeat(64)], ["", "a/b", " a", "a ", "a".repeat(65)]],
    ["a kid", KEY_ID, ["2026-11", "k".repeat(64)], ["k 1", "", "k".repeat(65)]],
    ["a budget", BUDGET_ID, ["payments/2026-11"], ["payments/", "a b", ""]],
    ["a public key", PUBLIC_JWK, [okp, ec], [{ ...okp, d: okp.x }, offCurve, smallOrder, "key", null, undefined]],
    [
      "a trusted key",
      TRUSTED_KEY,
      [{ kid: "k1", jwk: okp }],
      [
        { kid: "k 1", jwk: okp },
        { kid: "k1", jwk: offCurve },
      ],
    ],
    [
      "a signer",
      SIGNER,
      [ed25519, p256],
      [{ publicJwk: okp }, { sign: ed25519.sign }, { ...p256, publicJwk: offCurve }, failing, null, undefined],
    ],
  ])("%s", async (_, shape, right, wrong) => {
    const outcomeOf = (value: unknown): Promise<string> => refusalOf(() => readerOf("test", shape)(value));
    for (const value of right) expect(await outcomeOf(value), String(value)).toBe("accepted");
    for (const value of wrong) expect(await outcomeOf(value), String(value)).toMatch(/^config_invalid/);
  });
});

it("a signer that is none is refused by the name of what was called", async () => {
  expect(await refusalOf(() => checkSigner("hold", ed25519))).toBe("accepted");
  const error = await errorOf(() => checkSigner("hold", failing));
  expect([error.code, error.pointer]).toEqual(["config_invalid", "/signer"]);
  expect(error.message).toContain("hold: signer must be a signer, such as await generateSigner()");
  expect(error.message).not.toContain("hunter2");
});

it("a key that a registry keeps may have other members, and no private one", () => {
  for (const key of [okp, ec, { ...okp, kid: "k1" }, { ...ec, use: "sig" }]) expect(isKeptJwk(key)).toBe(true);
  const { x, ...withoutX } = okp;
  const { y: _, ...withoutY } = ec as typeof ec & { y: string };
  const others = [
    { ...okp, d: x },
    { ...ec, k: x },
    offCurve,
    smallOrder,
    withoutX,
    withoutY,
    [okp],
    "key",
    null,
    undefined,
  ];
  for (const key of others) expect(isKeptJwk(key), JSON.stringify(key)).toBe(false);
});

it("a thumbprint is 32 bytes of base64url", () => {
  expect(isSha256("A".repeat(43))).toBe(true);
  for (const text of ["A".repeat(42), "A".repeat(44), `${"A".repeat(42)}B`, "", 5, undefined]) {
    expect(isSha256(text)).toBe(false);
  }
});
