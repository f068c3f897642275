import { describe, expect, it, vi } from "vitest";
import { verify } from "../../crypto/index.ts";
import { ALGORITHMS, errorOf } from "../../world.fixture.ts";
import { importKnownKey } from "./key.ts";
import { generateSigner, type Signer, signatureBy } from "./signer.ts";

const INPUT = "header.payload";

/** A signer of another make, as of a key service: with the public key of one, and the private key of another. */
async function serviceOf(own: Signer, of: Signer = own) {
  const sign = vi.fn((data: Uint8Array) => of.sign(data));
  return { signer: { publicJwk: own.publicJwk, sign } as Signer, sign };
}

describe.each(ALGORITHMS)("a signer by %s", (algorithm) => {
  it("signs the text that it is given, by its own key", async () => {
    const own = await generateSigner(algorithm);
    const { verification } = await importKnownKey(own.publicJwk);
    const { signer, sign } = await serviceOf(own);
    for (const one of [own, signer, signer]) {
      expect(await verify(verification, INPUT, await signatureBy(one, INPUT))).toBe(true);
    }
    expect(sign).toHaveBeenCalledWith(new TextEncoder().encode(INPUT));
  });

  it("is refused where it signs by another key than its own, also where its name in a key service was given to a new key", async () => {
    const [own, other] = [await generateSigner(algorithm), await generateSigner(algorithm)];
    const { signer, sign } = await serviceOf(own);
    expect(await signatureBy(signer, INPUT)).toHaveLength(64);
    sign.mockImplementation((data) => other.sign(data));
    for (const turned of [signer, signer, (await serviceOf(own, other)).signer]) {
      expect(await errorOf(signatureBy(turned, INPUT))).toMatchObject({
        code: "config_invalid",
        message:
          "the signer does not sign by the private key of its own publicJwk, so that nobody would accept what it signs; give it the public key of the key that it signs with",
      });
    }
  });
});

describe("a signer that does not sign", () => {
  const signing = async (sign: () => unknown) => {
    const { publicJwk } = await generateSigner();
    return errorOf(signatureBy({ publicJwk, sign } as Signer, INPUT));
  };

  it("is told in our words, with its cause", async () => {
    const cause = new Error("hunter2");
    const throws = (): never => {
      throw cause;
    };
    for (const sign of [throws, async () => throws()]) {
      const error = await signing(sign);
      expect([error.code, error.message, error.cause]).toEqual([
        "signing_failed",
        "the signer did not sign: it failed, or gave no answer in time",
        cause,
      ]);
    }
  });

  it("is waited for ten seconds, and no longer", async () => {
    const { publicJwk } = await generateSigner();
    vi.useFakeTimers();
    try {
      let ended = false;
      const never = { publicJwk, sign: () => new Promise(() => {}) } as unknown as Signer;
      const error = errorOf(signatureBy(never, INPUT)).finally(() => {
        ended = true;
      });
      await vi.advanceTimersByTimeAsync(9990);
      expect(ended).toBe(false);
      await vi.advanceTimersByTimeAsync(100);
      expect((await error).code).toBe("signing_failed");
    } finally {
      vi.useRealTimers();
    }
  });

  it.each([
    ["nothing", undefined],
    ["a text", "x".repeat(64)],
    ["a list", Array(64).fill(0)],
    ["fewer bytes, as of DER", new Uint8Array(63)],
    ["more bytes", new Uint8Array(72)],
  ])("gives %s", async (_, signature) => {
    expect(await signing(() => signature)).toMatchObject({
      code: "signing_failed",
      message: "the signer gave no signature of 64 bytes; of ECDSA it is r and s, 32 bytes each, and not DER",
    });
  });
});
