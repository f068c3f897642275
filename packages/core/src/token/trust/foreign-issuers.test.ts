import { describe, expect, it } from "vitest";
import { grant, wildcard } from "../../grant/index.ts";
import { createWorld, ISSUER, NOW, PAY, refusalOf, verifyAt } from "../../world.fixture.ts";
import { parseDelegation, serialize } from "../make/delegation.ts";
import { createIssuer, type IssuerOptions } from "../make/issue.ts";

const ed25519 = await createWorld("Ed25519");
const es256 = await createWorld("ES256");
const eddsa = { header: { alg: "EdDSA" } };
const foreign = (anchor = ed25519.anchor) => [{ ...anchor, foreign: true }];

describe("a root with alg EdDSA", () => {
  it("is accepted from an issuer marked foreign, with an Ed25519 key, and Hopwise's own tokens stand under it", async () => {
    const root = await ed25519.root({}, eddsa);
    const chain = `${root}~${await ed25519.child(root)}`;
    expect((await verifyAt(chain, foreign())).links).toHaveLength(2);
    expect((await parseDelegation(chain)).agents).toEqual(["planner", "researcher"]);
  });

  it("is refused from any other issuer, and from a key of another kind", async () => {
    const root = await ed25519.root({}, eddsa);
    expect(await refusalOf(verifyAt(root, [ed25519.anchor]))).toBe("token_alg_refused");
    expect(await refusalOf(verifyAt(root, [{ ...ed25519.anchor, foreign: false }]))).toBe("token_alg_refused");
    expect(await refusalOf(verifyAt(await es256.root({}, eddsa), foreign(es256.anchor)))).toBe("token_alg_refused");
  });

  it("must be signed all the same, and by the issuer whose anchor is foreign", async () => {
    const forged = await ed25519.root({}, { ...eddsa, signer: ed25519.mallory });
    expect(await refusalOf(verifyAt(forged, foreign()))).toBe("token_signature_invalid");
    const other = {
      ...ed25519.anchor,
      issuer: "https://partner.example",
      keys: [{ kid: "k1", jwk: ed25519.mallory.publicJwk }],
    };
    const root = await ed25519.root({}, eddsa);
    expect(await refusalOf(verifyAt(root, [ed25519.anchor, { ...other, foreign: true }]))).toBe(
      "token_signature_invalid",
    );
  });

  it("is not that of an issuer who is not foreign, though one who is has the same key", async () => {
    const root = await ed25519.root({}, eddsa);
    const twin = { ...ed25519.anchor, issuer: "https://partner.example", foreign: true };
    for (const trust of [
      [ed25519.anchor, twin],
      [twin, ed25519.anchor],
    ])
      expect(await refusalOf(verifyAt(root, trust))).toBe("token_untrusted_issuer /iss");
    const own = await ed25519.root({ iss: twin.issuer }, eddsa);
    expect(await refusalOf(verifyAt(own, [ed25519.anchor, twin]))).toBe("accepted");
  });

  it("is held to the one of its issuer's anchors that is foreign, and its own roots to the first that has the key", async () => {
    const strict = { ...ed25519.anchor, subjects: ["bob"] };
    const trust = [strict, ...foreign()];
    expect(await refusalOf(verifyAt(await ed25519.root({}, eddsa), trust))).toBe("accepted");
    expect(await refusalOf(verifyAt(await ed25519.root(), trust))).toBe("token_untrusted_issuer /sub");
  });

  it("does not let a derived token or a proof use that name", async () => {
    const root = await ed25519.root({}, eddsa);
    const child = await ed25519.child(root, {}, eddsa);
    expect(await refusalOf(verifyAt(`${root}~${child}`, foreign()))).toBe("token_alg_refused");
    expect(await refusalOf(parseDelegation(`${root}~${child}`))).toBe("token_alg_refused");
  });
});

describe("an issuer of Hopwise's own", () => {
  it("never writes EdDSA, and its anchor is not foreign", async () => {
    const options: IssuerOptions = {
      issuer: ISSUER,
      signer: ed25519.issuer,
      audiences: [PAY],
      subjects: "any",
      tools: "any",
      clock: () => NOW * 1000,
    };
    const { issue, trustAnchor } = await createIssuer(options);
    // @ts-expect-error an own issuer cannot be foreign
    const _never: IssuerOptions = { ...options, foreign: true };
    const held = await issue({
      subject: "alice",
      agent: "planner",
      holder: ed25519.planner,
      grant: grant({ send_payment: { to: wildcard() } }),
    });
    const [head = ""] = serialize(held).split(".");
    expect(JSON.parse(Buffer.from(head, "base64url").toString())).toMatchObject({ alg: "Ed25519" });
    expect(trustAnchor).not.toHaveProperty("foreign");
  });
});

describe("a foreign issuer's root", () => {
  it("is refused with the algorithm of another kind of key, though the signature is right", async () => {
    const root = await ed25519.root({}, { header: { alg: "ES256" } });
    expect(await refusalOf(verifyAt(root, foreign()))).toBe("token_alg_refused");
  });
});
