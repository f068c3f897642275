import { describe, expect, it, vi } from "vitest";
import { errorOf, NOW } from "../../world.fixture.ts";
import { createNonces } from "./nonce.ts";

const secret = new Uint8Array(32).fill(7);

describe("a nonce", () => {
  it("is good for sixty seconds where nothing else was said, and not in the second in which it lapses", async () => {
    const nonces = createNonces();
    const nonce = await nonces.issue(NOW);
    expect(await nonces.timesOf(nonce, NOW)).toEqual({ issuedAt: NOW, expiresAt: NOW + 60 });
    expect(await nonces.timesOf(nonce, NOW + 59)).toEqual({ issuedAt: NOW, expiresAt: NOW + 60 });
    expect(await nonces.timesOf(nonce, NOW + 60)).toBeUndefined();
  });

  it("says with its fraction when it was made: a memory that began a moment earlier or later must know", async () => {
    const nonces = createNonces();
    for (const made of [NOW + 0.4567, NOW + 0.123, (NOW * 1000 + 999) / 1000]) {
      const nonce = await nonces.issue(made);
      expect(await nonces.timesOf(nonce, NOW + 1)).toEqual({ issuedAt: made, expiresAt: NOW + 60 });
    }
  });

  it("is good for as long as was said", async () => {
    const nonces = createNonces({ lifetimeSeconds: 5 });
    const nonce = await nonces.issue(NOW);
    expect((await nonces.timesOf(nonce, NOW + 4))?.expiresAt).toBe(NOW + 5);
    expect(await nonces.timesOf(nonce, NOW + 5)).toBeUndefined();
  });

  it("is another each time, also from two instances with one secret", async () => {
    const [a, b] = [createNonces({ secret }), createNonces({ secret })];
    const some = await Promise.all(Array.from({ length: 50 }, () => [a.issue(NOW), b.issue(NOW)]).flat());
    expect(new Set(some).size).toBe(100);
  });

  it("begins with sixteen random bytes: not one of them is always the same", async () => {
    const nonces = createNonces({ secret });
    const some = await Promise.all(Array.from({ length: 50 }, () => nonces.issue(NOW)));
    for (let at = 0; at < 16; at++) {
      expect(new Set(some.map((nonce) => Buffer.from(nonce, "base64url")[at])).size).toBeGreaterThan(1);
    }
  });

  it("is known to those who share the secret, and to nobody else", async () => {
    const nonce = await createNonces({ secret }).issue(NOW);
    expect((await createNonces({ secret: secret.slice() }).timesOf(nonce, NOW))?.expiresAt).toBe(NOW + 60);
    expect(await createNonces({ secret: secret.slice().fill(8, 31) }).timesOf(nonce, NOW)).toBeUndefined();
    expect(await createNonces().timesOf(nonce, NOW)).toBeUndefined();
    expect(await createNonces({ secret }).timesOf(await createNonces().issue(NOW), NOW)).toBeUndefined();
  });

  it("is not ours where one bit of it was changed, be it of its expiry", async () => {
    const nonces = createNonces();
    const bytes = Buffer.from(await nonces.issue(NOW), "base64url");
    expect(bytes).toHaveLength(64);
    for (let at = 0; at < bytes.length; at++) {
      const bent = Buffer.from(bytes);
      bent[at] = (bent[at] as number) ^ 1;
      expect(await nonces.timesOf(bent.toString("base64url"), NOW), `byte ${at}`).toBeUndefined();
    }
  });

  it("is not ours where it was cut, made longer or written in another way", async () => {
    const nonces = createNonces();
    const nonce = await nonces.issue(NOW);
    const bytes = Buffer.from(nonce, "base64url");
    const longer = Buffer.concat([bytes, Buffer.alloc(1)]);
    const others = ["", nonce.slice(0, 32), nonce.slice(32), `${nonce}=`, ` ${nonce}`, bytes.toString("hex")];
    for (const text of [...others, bytes.subarray(0, 63).toString("base64url"), longer.toString("base64url")]) {
      expect(await nonces.timesOf(text, NOW), text).toBeUndefined();
    }
  });

  it("is made and looked at by a time in seconds, and is a text", async () => {
    const nonces = createNonces();
    const nonce = await nonces.issue(NOW);
    const faults: [Promise<unknown>, string, string][] = [
      [nonces.issue(Number.NaN), "/nowSeconds", "issue: nowSeconds must be"],
      [nonces.timesOf(nonce, "now" as never), "/nowSeconds", "timesOf: nowSeconds must be"],
      [nonces.timesOf(5 as never, NOW), "/nonce", "timesOf: nonce must be the nonce that a proof names"],
    ];
    for (const [run, pointer, words] of faults) {
      const error = await errorOf(run);
      expect([error.code, error.pointer]).toEqual(["config_invalid", pointer]);
      expect(error.message).toContain(words);
    }
  });

  it("is made with a secret that cannot be taken out again", async () => {
    const sign = vi.spyOn(crypto.subtle, "sign");
    try {
      await createNonces({ secret }).issue(NOW);
      expect(sign.mock.calls.map(([, key]) => (key as { extractable: boolean }).extractable)).toEqual([false]);
    } finally {
      sign.mockRestore();
    }
  });

  it("needs a secret of thirty-two bytes", async () => {
    expect(() => createNonces({ secret })).not.toThrow();
    const error = await errorOf(() => createNonces({ secret: secret.slice(1) }));
    expect(error.code).toBe("config_invalid");
    expect(error.message).toContain("at least 32 bytes");
  });
});
