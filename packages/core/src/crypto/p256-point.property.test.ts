import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeBase64url, importKey, isP256Point } from "./index.ts";

const coordinate = (text: string | undefined): Uint8Array => decodeBase64url(text ?? "") as Uint8Array;

describe("a point of P-256", () => {
  it("is one exactly where the key can be imported, also with a bit changed", async () => {
    const { publicKey } = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, [
      "verify",
      "sign",
    ]);
    const { x, y } = await crypto.subtle.exportKey("jwk", publicKey);
    const whole = Uint8Array.of(...coordinate(x), ...coordinate(y));
    const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64url");
    await fc.assert(
      fc.asyncProperty(fc.option(fc.nat({ max: 511 })), async (bit) => {
        const bytes = Uint8Array.from(whole);
        if (bit !== null) bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7));
        const [u, v] = [bytes.subarray(0, 32), bytes.subarray(32)];
        const imported = await (async () => importKey({ kty: "EC", crv: "P-256", x: base64(u), y: base64(v) }))().then(
          () => true,
          () => false,
        );
        expect(isP256Point(u, v)).toBe(imported);
        expect(imported).toBe(bit === null);
      }),
      { numRuns: 300 },
    );
  });

  it("has coordinates below the prime: a second spelling would have a second thumbprint", () => {
    expect(isP256Point(new Uint8Array(32).fill(255), new Uint8Array(32).fill(255))).toBe(false);
    expect(isP256Point(new Uint8Array(32), new Uint8Array(32))).toBe(false);
  });
});
