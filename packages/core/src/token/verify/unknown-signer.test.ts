import { expect, it } from "vitest";
import type { CompactJws } from "../keys/index.ts";
import type { TrustAnchor } from "../trust/index.ts";
import { unknownSigner } from "./unknown-signer.ts";

const jws = { header: { kid: "k9" } } as unknown as CompactJws;
const anchor = (name: string, ...kids: readonly string[]): TrustAnchor =>
  ({ issuer: `https://${name}.example`, keys: kids.map((kid) => ({ kid })) }) as unknown as TrustAnchor;
const told = (...anchors: readonly TrustAnchor[]): string =>
  unknownSigner(
    jws,
    anchors.map((anchor) => ({ anchor })),
  ).message;
const UNKNOWN = 'no trusted issuer has a key of the kid of the root token, "k9"';

it("says by which key a root is signed, and which keys are trusted, of which issuers", () => {
  const published = { issuer: "https://c.example", keys: { find: async () => [] } } as unknown as TrustAnchor;
  expect(told(anchor("a", "k1", "k2"), anchor("b", "k3"), published)).toBe(
    `${UNKNOWN}; trusted are of "https://a.example", "k1", "k2"; of "https://b.example", "k3"; of "https://c.example", the usable ones that it publishes`,
  );
});

it("tells of three issuers, and of how many more there are", () => {
  const [a, b, c] = [anchor("a", "k1"), anchor("b", "k1"), anchor("c", "k1")];
  expect(told(a, b, c)).toMatch(/of "https:\/\/c\.example", "k1"$/);
  expect(told(a, b, c, a)).toMatch(/of "https:\/\/c\.example", "k1"; of 1 more$/);
  expect(told(a, b, c, a, b)).toMatch(/; of 2 more$/);
});

it("is refused, at the kid, also where nobody is trusted", () => {
  expect(unknownSigner(jws, [])).toMatchObject({
    code: "token_untrusted_issuer",
    message: `${UNKNOWN}; trust has no anchor`,
    pointer: "/kid",
  });
});
