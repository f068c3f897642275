import { exportJWK, generateKeyPair } from "jose";
import { afterEach, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { createWorld, errorOf, NOW, refusalOf, type World } from "../../world.fixture.ts";
import { createChainVerifier } from "../verify/verify-chain.ts";
import { localJwks, remoteJwks } from "./jwks.ts";
import { DEFAULT_LIMITS } from "./limits.ts";

const URL_OF_KEYS = "https://id.acme.example/jwks";
let world: World;
beforeAll(async () => {
  world = await createWorld();
});

/** An endpoint whose keys can be changed, and that can be down. */
function endpoint(...keys: object[]) {
  const state = { keys, down: false, fetches: 0 };
  const fetch = (async () => {
    state.fetches++;
    if (state.down) throw new Error("down");
    return new Response(JSON.stringify({ keys: state.keys }), { headers: { "content-type": "application/json" } });
  }) as typeof globalThis.fetch;
  return { state, fetch };
}

const start = 1_760_000_000_000;
/** Moves both clocks: the one that says how old a set is, and the one that spaces fetches. */
const stopClocks = (): ((sinceStartMs: number) => void) => {
  vi.useFakeTimers({ now: start, toFake: ["Date", "performance"] });
  return (sinceStartMs) => vi.advanceTimersByTime(start + sinceStartMs - Date.now());
};
afterEach(() => {
  vi.useRealTimers();
});
/** What nobody waits for has come to its end. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const published = (kid = "k1", jwk: object = world.issuer.publicJwk): object => ({
  ...jwk,
  kid,
  use: "sig",
  alg: "Ed25519",
});
const verifierOf = (keys: ReturnType<typeof remoteJwks>) =>
  createChainVerifier([{ ...world.anchor, keys }], DEFAULT_LIMITS);

describe("an issuer's published keys", () => {
  it("are asked for again after a fetch that took no notice of its signal, and never ended", async () => {
    const { state, fetch } = endpoint(published());
    let hangs = true;
    const deaf = ((...given) => (hangs ? new Promise(() => {}) : fetch(...given))) as typeof globalThis.fetch;
    const keys = remoteJwks(URL_OF_KEYS, { fetch: deaf, timeoutMs: 20, cooldownMs: 0 });
    expect((await errorOf(keys.find("k1"))).code).toBe("issuer_keys_unavailable");
    hangs = false;
    expect(await keys.find("k1")).toHaveLength(1);
    expect(state.fetches).toBe(1);
  });

  it("are asked for again where a platform ended the fetch that nobody waited for, and its timer with it", async () => {
    // By this jose knows such a platform.
    vi.stubGlobal("WebSocketPair", class {});
    onTestFinished(() => void vi.unstubAllGlobals());
    const at = stopClocks();
    const { state, fetch } = endpoint(published());
    let hangs = false;
    const ended = ((...given) => (hangs ? new Promise(() => {}) : fetch(...given))) as typeof globalThis.fetch;
    const keys = remoteJwks(URL_OF_KEYS, { fetch: ended });
    await keys.find("k1");
    hangs = true;
    at(6 * 60_000);
    expect(await keys.find("k1"), "nobody waits").toHaveLength(1);
    hangs = false;
    at(11 * 60_000);
    expect(await keys.find("k1")).toHaveLength(1);
    expect(state.fetches).toBe(2);
  });

  it("verify its roots, and are fetched once for many", async () => {
    const { state, fetch } = endpoint(published());
    const verifier = verifierOf(remoteJwks(URL_OF_KEYS, { fetch }));
    const chains = await Promise.all([world.root(), world.chain(), world.root({ jti: "BAAAAAAAAAAAAAAAAAAAAA" })]);
    await Promise.all(chains.map((chain) => verifier.verify(chain, NOW)));
    expect(state.fetches).toBe(1);
  });

  it("are fetched once for ten thousand unknown kids, also while the endpoint is down", async () => {
    for (const down of [false, true]) {
      const { state, fetch } = endpoint(published());
      state.down = down;
      const keys = remoteJwks(URL_OF_KEYS, { fetch });
      const answers = await Promise.all(Array.from({ length: 10_000 }, (_, i) => refusalOf(keys.find(`unknown-${i}`))));
      expect(new Set(answers)).toEqual(new Set([down ? "issuer_keys_unavailable" : "accepted"]));
      expect(state.fetches).toBe(1);
    }
  });

  it("are none where the endpoint's answer has no end, of which no more is read than a key set may have", async () => {
    let pulled = 0;
    const left: unknown[] = [];
    const body = () =>
      new ReadableStream<Uint8Array>({
        pull: (controller) => {
          pulled++;
          controller.enqueue(new Uint8Array(64 * 1024).fill(0x20));
        },
        cancel: (reason) => void left.push(reason),
      });
    const keys = remoteJwks(URL_OF_KEYS, { fetch: async () => new Response(body()) });
    expect(await refusalOf(keys.find("k1"))).toBe("issuer_keys_unavailable");
    expect(pulled).toBeLessThan(32);
    expect(left).toHaveLength(1);
  });

  it("may rotate: a new key is found after the cool-down, and old chains live while theirs is published", async () => {
    const { state, fetch } = endpoint(published());
    const verifier = verifierOf(remoteJwks(URL_OF_KEYS, { fetch, cooldownMs: 0, maxAgeMs: 0 }));
    const old = await world.root();
    const renewed = await world.root({}, { signer: world.clerk, header: { kid: "k2" } });
    expect(await refusalOf(verifier.verify(old, NOW))).toBe("accepted");
    expect(await refusalOf(verifier.verify(renewed, NOW))).toBe("token_untrusted_issuer /kid");
    state.keys = [published(), published("k2", world.clerk.publicJwk)];
    expect(await refusalOf(verifier.verify(renewed, NOW))).toBe("accepted");
    expect(await refusalOf(verifier.verify(old, NOW))).toBe("accepted");
    state.keys = [published("k2", world.clerk.publicJwk)];
    expect(await refusalOf(verifier.verify(old, NOW)), "a verified chain outlived its key").toBe(
      "token_untrusted_issuer /kid",
    );
  });

  it("may change under their kid: they are asked for anew once the old one made no signature, as often as the cool-down lets them", async () => {
    const changed = await world.root({}, { signer: world.clerk });
    for (const [cooldownMs, code, fetches] of [
      [0, "accepted", 2],
      [60_000, "token_signature_invalid", 1],
    ] as const) {
      const { state, fetch } = endpoint(published());
      const verifier = verifierOf(remoteJwks(URL_OF_KEYS, { fetch, cooldownMs }));
      expect(await refusalOf(verifier.verify(await world.root(), NOW))).toBe("accepted");
      state.keys = [published("k1", world.clerk.publicJwk)];
      expect(await refusalOf(verifier.verify(changed, NOW))).toBe(code);
      expect(state.fetches).toBe(fetches);
    }
  });

  it("are those of one fetch: one that is too old by its own time is not given while the next one comes", async () => {
    const { state, fetch } = endpoint(published());
    const keys = remoteJwks(URL_OF_KEYS, { fetch, cooldownMs: 0, maxAgeMs: 20 });
    expect(await keys.find("k1")).toHaveLength(1);
    await new Promise((done) => setTimeout(done, 40));
    state.keys = [published("k2", world.clerk.publicJwk)];
    let came = false;
    const next = Promise.resolve(keys.find("k2")).finally(() => {
      came = true;
    });
    const withdrawn: Promise<unknown>[] = [];
    while (!came) {
      withdrawn.push(Promise.resolve(keys.find("k1")));
      await Promise.resolve();
    }
    expect(await next).toHaveLength(1);
    expect(withdrawn.length).toBeGreaterThan(5);
    expect((await Promise.all(withdrawn)).flat()).toEqual([]);
  });

  it("may be new under an unknown kid while they may not be asked for, whatever issuer the root names: nobody signed that", async () => {
    const { state, fetch } = endpoint(published());
    const verifier = verifierOf(remoteJwks(URL_OF_KEYS, { fetch }));
    const known = await world.root();
    expect(await refusalOf(verifier.verify(known, NOW))).toBe("accepted");
    const forged = await world.root({}, { signer: world.mallory, header: { kid: "k9" } });
    const ofAnother = await world.root(
      { iss: "https://evil.example" },
      { signer: world.mallory, header: { kid: "k9" } },
    );
    for (let i = 0; i < 50; i++) {
      expect(await refusalOf(verifier.verify(forged, NOW))).toBe("issuer_key_unknown");
      expect(await refusalOf(verifier.verify(ofAnother, NOW))).toBe("issuer_key_unknown");
    }
    expect(state.fetches, "a forger causes no fetch within the cool-down").toBe(1);
    expect(await refusalOf(verifier.verify(known, NOW))).toBe("accepted");
  });

  it("end a chain that was verified by a key which another has replaced under the same kid", async () => {
    const { state, fetch } = endpoint(published());
    const verifier = verifierOf(remoteJwks(URL_OF_KEYS, { fetch, cooldownMs: 0, maxAgeMs: 0 }));
    const root = await world.root();
    expect(await refusalOf(verifier.verify(root, NOW))).toBe("accepted");
    state.keys = [published("k1", world.clerk.publicJwk)];
    expect(await refusalOf(verifier.verify(root, NOW))).toBe("token_untrusted_issuer /kid");
  });

  it("are asked for anew where a signature of a known kid does not verify: its issuer may have changed the key, and kept the kid", async () => {
    const at = stopClocks();
    const { state, fetch } = endpoint(published());
    const verifier = verifierOf(remoteJwks(URL_OF_KEYS, { fetch }));
    const old = await world.root();
    expect(await refusalOf(verifier.verify(old, NOW))).toBe("accepted");
    state.keys = [published("k1", world.clerk.publicJwk)];
    const [first, second] = await Promise.all([
      world.root({}, { signer: world.clerk }),
      world.root({ jti: "BAAAAAAAAAAAAAAAAAAAAA" }, { signer: world.clerk }),
    ]);
    at(60_000 - 1);
    expect(await refusalOf(verifier.verify(first, NOW)), "within the cool-down").toBe("token_signature_invalid");
    at(60_000);
    expect(await Promise.all([first, second].map((root) => refusalOf(verifier.verify(root, NOW))))).toEqual([
      "accepted",
      "accepted",
    ]);
    expect(await refusalOf(verifier.verify(old, NOW)), "of the key that was replaced").toBe(
      "token_untrusted_issuer /kid",
    );
    expect(state.fetches).toBe(2);
    state.keys = [published()];
    at(120_000);
    expect(await refusalOf(verifier.verify(old, NOW)), "put back: it was a slip").toBe("accepted");
    expect(await refusalOf(verifier.verify(first, NOW))).toBe("token_untrusted_issuer /kid");
    expect(state.fetches).toBe(3);
  });

  it("are asked for by a forger of a known kid no more than once in each cool-down, who learns nothing else by it", async () => {
    const at = stopClocks();
    const { state, fetch } = endpoint(published());
    const verifier = verifierOf(remoteJwks(URL_OF_KEYS, { fetch }));
    const forged = await world.root({}, { signer: world.mallory });
    for (let second = 0; second < 120; second++) {
      at(second * 1000);
      state.down = second > 0;
      expect(await refusalOf(verifier.verify(forged, NOW))).toBe("token_signature_invalid");
    }
    expect(state.fetches).toBe(2);
    expect(await refusalOf(verifier.verify(await world.root(), NOW))).toBe("accepted");
  });

  it("are used while they are fresh and the endpoint is down, and then nothing is", async () => {
    const { state, fetch } = endpoint(published());
    const fresh = verifierOf(remoteJwks(URL_OF_KEYS, { fetch }));
    const stale = verifierOf(remoteJwks(URL_OF_KEYS, { fetch, maxAgeMs: 0, cooldownMs: 0 }));
    const root = await world.root();
    await Promise.all([fresh.verify(root, NOW), stale.verify(root, NOW)]);
    state.down = true;
    expect(await refusalOf(fresh.verify(await world.chain(), NOW))).toBe("accepted");
    expect(await refusalOf(stale.verify(root, NOW))).toBe("issuer_keys_unavailable");
  });

  it("are asked for in good time, and nobody waits: an issuer that is slow, or down for less than half their time, costs no call", async () => {
    const at = stopClocks();
    const { state, fetch } = endpoint(published());
    let comes: Promise<unknown> = Promise.resolve();
    const slow = (async (...given) => {
      await comes;
      return fetch(...given);
    }) as typeof globalThis.fetch;
    const keys = remoteJwks(URL_OF_KEYS, { fetch: slow, maxAgeMs: 600_000, cooldownMs: 60_000 });
    await keys.find("k1");
    at(300_000);
    await keys.find("k1");
    expect(state.fetches).toBe(1);
    const { promise, resolve } = Promise.withResolvers<void>();
    comes = promise;
    at(300_001);
    for (let i = 0; i < 3; i++) expect(await keys.find("k1")).toHaveLength(1);
    expect(state.fetches, "nobody waits").toBe(1);
    resolve();
    await settled();
    expect(await keys.health?.()).toMatchObject({ since: new Date(start + 300_001).toISOString() });

    state.down = true;
    at(900_000);
    expect(await keys.find("k1"), "down while they live").toHaveLength(1);
    await settled();
    expect(state.fetches).toBe(3);
    state.down = false;
    at(902_000);
    expect(await keys.find("k1"), "too old, and the issuer is there again").toHaveLength(1);
  });

  it("are asked for in good time no more often than the cool-down lets anybody", async () => {
    const at = stopClocks();
    const { state, fetch } = endpoint(published());
    const keys = remoteJwks(URL_OF_KEYS, { fetch, maxAgeMs: 600_000, cooldownMs: 60_000 });
    await keys.find("k1");
    state.down = true;
    for (let second = 0; second < 600; second++) {
      at(second * 1000);
      expect(await keys.find("k1")).toHaveLength(1);
    }
    expect(state.fetches).toBe(1 + 5);
  });

  it("are pinned to their issuer: another issuer's kid signs nothing in its name", async () => {
    const { fetch } = endpoint(published("k1", world.mallory.publicJwk));
    const partner = { ...world.anchor, issuer: "https://partner.example", keys: remoteJwks(URL_OF_KEYS, { fetch }) };
    const verifier = createChainVerifier([world.anchor, partner], DEFAULT_LIMITS);
    expect(await refusalOf(verifier.verify(await world.root({}, { signer: world.mallory }), NOW))).toBe(
      "token_untrusted_issuer /iss",
    );
  });

  it("come from an address that is configured, over https or on this machine", async () => {
    const elsewhere = [
      "http://localhost.acme.example/jwks",
      "http://127.0.0.1.acme.example/",
      "http://[::2]/",
      "ftp://localhost/jwks",
    ];
    for (const url of ["http://id.acme.example/jwks", "file:///keys", "keys", "", ...elsewhere]) {
      const error = await errorOf(() => remoteJwks(url));
      expect(error.code, url).toBe("config_invalid");
      expect(error.message).toContain("https");
    }
    for (const host of ["https://id.acme.example", "http://localhost:1", "http://127.0.0.1", "http://[::1]"]) {
      expect(() => remoteJwks(`${host}/jwks`), host).not.toThrow();
    }
  });

  it("are asked for at that address, and are given by the kid that was asked for alone", async () => {
    const asked: string[] = [];
    const keys = [published(), published("k2", world.clerk.publicJwk), published("k2", world.planner.publicJwk)];
    const fetch = (async (address) => {
      asked.push(String(address));
      return Response.json({ keys });
    }) as typeof globalThis.fetch;
    const source = remoteJwks(URL_OF_KEYS, { fetch });
    const [found] = await source.find("k1");
    expect(found).toEqual({ kid: "k1", jwk: world.issuer.publicJwk });
    expect(() => Object.assign(found?.jwk ?? {}, { x: "another" })).toThrow(TypeError);
    expect(await source.find("k2")).toEqual([
      { kid: "k2", jwk: world.clerk.publicJwk },
      { kid: "k2", jwk: world.planner.publicJwk },
    ]);
    expect((await errorOf(source.find("k3"))).code).toBe("issuer_key_unknown");
    expect(asked).toEqual([URL_OF_KEYS]);
  });

  it("are waited for five seconds, or as long as was said", async () => {
    const timeout = vi.spyOn(AbortSignal, "timeout");
    try {
      const { fetch } = endpoint(published());
      await remoteJwks(URL_OF_KEYS, { fetch }).find("k1");
      await remoteJwks(URL_OF_KEYS, { fetch, timeoutMs: 70 }).find("k1");
      expect(timeout.mock.calls).toEqual([[5000], [70]]);
    } finally {
      timeout.mockRestore();
    }
  });

  it("are read once for each fetch, not for each call that asks for them", async () => {
    const { fetch } = endpoint(published());
    const keys = remoteJwks(URL_OF_KEYS, { fetch });
    const [first] = await keys.find("k1");
    const [again] = await keys.find("k1");
    expect(again).toBe(first);
  });

  it.each<[string, () => unknown]>([
    ["the clock is put back an hour", () => [vi.setSystemTime(start - 3_600_000), vi.advanceTimersByTime(600_000)]],
    ["the machine sleeps", () => vi.setSystemTime(start + 600_000)],
  ])("are asked for again after their time, though %s", async (_, pass) => {
    stopClocks();
    const { state, fetch } = endpoint(published());
    const keys = remoteJwks(URL_OF_KEYS, { fetch, cooldownMs: 0 });
    expect(await keys.find("k1")).toHaveLength(1);
    pass();
    state.keys = [published("k2", world.clerk.publicJwk)];
    expect(await keys.find("k1")).toEqual([]);
  });

  it("are denied with a reason where they cannot be had", async () => {
    const { state, fetch } = endpoint(published());
    state.down = true;
    const error = await errorOf(remoteJwks(URL_OF_KEYS, { fetch }).find("k1"));
    expect(error.code).toBe("issuer_keys_unavailable");
    expect(error.message).toContain("could not be fetched, or what was fetched is too old");
  });

  it("are denied with the place that was asked, without what may be secret in its address, and with what was wrong", async () => {
    const url = "https://id.acme.example/jwks?key=hunter2";
    const messageOf = async (fetch: typeof globalThis.fetch) =>
      (await errorOf(remoteJwks(url, { fetch }).find("k1"))).message;
    const refused = Object.assign(new Error("hunter2"), { code: "ECONNREFUSED" });
    const wrong: readonly (readonly [typeof globalThis.fetch, string])[] = [
      [
        () => Promise.reject(new TypeError("hunter2", { cause: refused })),
        "no answer: connection refused (ECONNREFUSED)",
      ],
      [async () => new Response("hunter2", { status: 503 }), "it answered 503"],
      [
        async () => new Response(null, { status: 302, headers: { location: "https://hunter2.example" } }),
        "it answered 302, and no redirect is followed: give the address that it leads to",
      ],
      [async () => new Response("hunter2"), "its answer is no JSON"],
      [async () => Response.json({ hunter2: true }), "its answer is no JWK Set"],
      [async () => new Response(Uint8Array.of(0x22, 0xff, 0x22)), "its answer broke off, or is no UTF-8"],
      [async () => new Response(" ".repeat(1024 * 1024 + 1)), "its answer is longer than 1048576 bytes"],
    ];
    for (const [fetch, why] of wrong) {
      expect(await messageOf(fetch)).toMatch(
        new RegExp(
          `too old: https://id\\.acme\\.example/jwks: ${why.replace(/[()]/g, "\\$&")}; it is asked again in \\d s$`,
        ),
      );
    }
  });

  it("are none where the endpoint answered otherwise, of which nothing is read", async () => {
    const left = vi.fn();
    const body = new ReadableStream<Uint8Array>({ cancel: left });
    const keys = remoteJwks(URL_OF_KEYS, { fetch: async () => new Response(body, { status: 503 }) });
    expect(await refusalOf(keys.find("k1"))).toBe("issuer_keys_unavailable");
    expect(left).toHaveBeenCalledTimes(1);
  });

  it.each([false, true])(
    "are asked for by the first that begins alone, whether they are there then or not: %j",
    async (down) => {
      const { state, fetch } = endpoint(published());
      state.down = down;
      const keys = remoteJwks(URL_OF_KEYS, { fetch, cooldownMs: 0 });
      await keys.begin?.();
      await keys.begin?.();
      expect(state.fetches).toBe(1);
    },
  );

  it("are asked for when something begins, once; and once more by the first that needs them where that failed", async () => {
    const { state, fetch } = endpoint(published());
    const keys = remoteJwks(URL_OF_KEYS, { fetch });
    await Promise.all([keys.begin?.(), keys.begin?.(), keys.find("k1")]);
    expect(state.fetches).toBe(1);
    const early = endpoint(published());
    early.state.down = true;
    const late = remoteJwks(URL_OF_KEYS, { fetch: early.fetch });
    await late.begin?.();
    early.state.down = false;
    expect(await late.find("k1")).toHaveLength(1);
  });

  it("say how they are: since when there are some, or why not; who asks helps to get them", async () => {
    const { state, fetch } = endpoint(published());
    const keys = remoteJwks(URL_OF_KEYS, { fetch });
    expect(await keys.health?.()).toEqual({ ok: true, since: expect.stringMatching(/^2.*Z$/) });
    expect(await keys.health?.(), "asked again").toMatchObject({ ok: true });
    expect(state.fetches).toBe(1);
    const none = remoteJwks(URL_OF_KEYS, { fetch: async () => Response.json({ keys: [] }) });
    expect(await none.health?.()).toMatchObject({
      ok: false,
      problem: expect.stringContaining(
        "no key that can be used: one of Ed25519 or P-256, public, with a kid, and for signatures",
      ),
    });
    state.down = true;
    const down = remoteJwks(URL_OF_KEYS, { fetch });
    expect(await down.health?.()).toMatchObject({ ok: false, problem: expect.stringContaining(URL_OF_KEYS) });
  });
});

describe("an issuer's published keys, as time goes by,", () => {
  it("are good for ten minutes, and then fetched again", async () => {
    const at = stopClocks();
    const { state, fetch } = endpoint(published());
    const keys = remoteJwks(URL_OF_KEYS, { fetch });
    expect(await keys.find("k1")).toHaveLength(1);
    state.down = true;
    at(600_000 - 1);
    expect(await keys.find("k1")).toHaveLength(1);
    await settled();
    at(600_000);
    expect((await errorOf(keys.find("k1"))).code).toBe("issuer_keys_unavailable");
    Object.assign(state, { down: false, keys: [] });
    at(602_000);
    expect(await keys.find("k1")).toHaveLength(0);
  });

  it("are asked for an unknown kid once a minute, and the one that came meanwhile is found then", async () => {
    const at = stopClocks();
    const { state, fetch } = endpoint(published());
    const keys = remoteJwks(URL_OF_KEYS, { fetch });
    expect(await keys.find("k2"), "its issuer has just said so").toHaveLength(0);
    state.keys = [published(), published("k2", world.clerk.publicJwk)];
    at(60_000 - 1);
    const error = await errorOf(keys.find("k2"));
    expect([error.code, error.message]).toEqual([
      "issuer_key_unknown",
      `its keys have no such kid, and may not be asked for yet: ${URL_OF_KEYS}; it is asked again in 1 s`,
    ]);
    expect(state.fetches).toBe(1);
    at(60_000);
    expect(await keys.find("k2")).toHaveLength(1);
    expect(state.fetches).toBe(2);
  });

  it("are never asked for more than once a minute where there are some, whatever becomes of that", async () => {
    const at = stopClocks();
    const { state, fetch } = endpoint(published());
    const keys = remoteJwks(URL_OF_KEYS, { fetch });
    expect(await keys.find("k1")).toHaveLength(1);
    state.down = true;
    for (let second = 1; second < 300; second++) {
      at(second * 1000);
      await refusalOf(keys.find(`unknown-${second}`));
    }
    expect(state.fetches).toBe(5);
    expect(await keys.find("k1")).toHaveLength(1);
  });

  it("are there at any time while the endpoint is well, however short they are used: the cool-down is no longer", async () => {
    const at = stopClocks();
    const { state, fetch } = endpoint(published());
    const keys = remoteJwks(URL_OF_KEYS, { fetch, maxAgeMs: 500 });
    for (let quarters = 0; quarters < 20; quarters++) {
      at(quarters * 250);
      expect(await keys.find("k1")).toHaveLength(1);
      await refusalOf(keys.find("unknown"));
    }
    expect(state.fetches).toBe(10);
  });

  it("are not used for less than the cool-down: they would be too old before they may be asked for again", async () => {
    const { fetch } = endpoint(published());
    expect(await errorOf(() => remoteJwks(URL_OF_KEYS, { fetch, maxAgeMs: 30_000, cooldownMs: 30_001 }))).toMatchObject(
      {
        code: "config_invalid",
        pointer: "/cooldownMs",
        message: expect.stringContaining("cooldownMs is 30001, and maxAgeMs 30000: keys would be too old"),
      },
    );
    expect(() => remoteJwks(URL_OF_KEYS, { fetch, cooldownMs: 600_001 })).toThrow("maxAgeMs 600000");
    expect(() => remoteJwks(URL_OF_KEYS, { fetch, cooldownMs: 600_000 })).not.toThrow();
  });

  it("are asked for after a second where there are none, and then after pauses that grow to the cool-down", async () => {
    const at = stopClocks();
    const random = vi.spyOn(Math, "random").mockReturnValue(0.5);
    try {
      const { state, fetch } = endpoint(published());
      const keys = remoteJwks(URL_OF_KEYS, { fetch });
      state.down = true;
      const asked: number[] = [];
      for (let second = 0; second < 200; second++) {
        at(second * 1000);
        const before = state.fetches;
        const kids = Array.from({ length: 20 }, (_, i) => refusalOf(keys.find(`k${second}-${i}`)));
        expect(new Set(await Promise.all(kids))).toEqual(new Set(["issuer_keys_unavailable"]));
        if (state.fetches > before) asked.push(second);
      }
      expect([asked, state.fetches]).toEqual([[0, 1, 3, 7, 15, 31, 63, 123, 183], 9]);
      state.down = false;
      at(243_000);
      expect(await keys.find("k1")).toHaveLength(1);
      // Once they were there, all begins anew.
      state.down = true;
      for (const [ms, fetches] of [
        [843_000, 11],
        [843_999, 11],
        [844_000, 12],
      ] as const) {
        at(ms);
        expect(await refusalOf(keys.find("k1"))).toBe("issuer_keys_unavailable");
        expect(state.fetches).toBe(fetches);
      }
    } finally {
      random.mockRestore();
    }
  });

  it("are had within a second or two after a blip, also by readers that lost them together", async () => {
    const at = stopClocks();
    const { state, fetch } = endpoint(published());
    const all = Array.from({ length: 50 }, () => remoteJwks(URL_OF_KEYS, { fetch }));
    state.down = true;
    await Promise.all(all.map((keys) => refusalOf(keys.find("k1"))));
    state.down = false;
    const had = new Set<number>();
    for (let ms = 700; ms <= 1300; ms += 50) {
      at(ms);
      const now = await Promise.all(all.map((keys) => refusalOf(keys.find("k1"))));
      had.add(now.filter((answer) => answer === "accepted").length);
    }
    expect([...had].at(-1)).toBe(50);
    expect(had.size, "they do not come at once").toBeGreaterThan(3);
  });

  it("that were withdrawn are unknown for good: nobody is told to try again with them", async () => {
    const at = stopClocks();
    const { state, fetch } = endpoint(published(), published("k2", world.clerk.publicJwk));
    const keys = remoteJwks(URL_OF_KEYS, { fetch });
    expect(await keys.find("k1")).toHaveLength(1);
    state.keys = [published("k2", world.clerk.publicJwk)];
    at(600_000);
    expect(await keys.find("k2")).toHaveLength(1);
    expect(await keys.find("k1")).toEqual([]);
    state.keys = [published()];
    at(1_200_000);
    expect(await keys.find("k1"), "published again").toHaveLength(1);
    expect(state.fetches).toBe(3);
  });

  it("that were withdrawn are known up to a thousand, the last ones", async () => {
    const at = stopClocks();
    const { state, fetch } = endpoint(...Array.from({ length: 1001 }, (_, i) => published(`old-${i}`)));
    const keys = remoteJwks(URL_OF_KEYS, { fetch });
    expect(await keys.find("old-0")).toHaveLength(1);
    state.keys = [published()];
    at(600_000);
    expect(await keys.find("k1")).toHaveLength(1);
    expect(await keys.find("old-1")).toEqual([]);
    expect(await refusalOf(keys.find("old-0"))).toBe("issuer_key_unknown");
  });
});

describe("a local JWK Set", () => {
  it("gives the keys that can be used, by their public members alone", async () => {
    const { publicKey, privateKey } = await generateKeyPair("RS256", { extractable: true });
    const secret = await exportJWK(privateKey);
    const keys = [
      published(),
      { ...published("enc"), use: "enc" },
      { ...(await exportJWK(publicKey)), kid: "rsa" },
      { ...secret, kid: "s" },
      { ...published("k2"), kid: undefined },
    ];
    expect(localJwks({ keys: keys as never })).toEqual([{ kid: "k1", jwk: world.issuer.publicJwk }]);
  });

  it("gives keys of both kinds, and those that do not say what they are for", async () => {
    const { issuer } = await createWorld("ES256");
    const keys = [{ ...issuer.publicJwk, kid: "p" }, published("k1")];
    expect(localJwks({ keys: keys as never })).toEqual([
      { kid: "p", jwk: issuer.publicJwk },
      { kid: "k1", jwk: world.issuer.publicJwk },
    ]);
  });
});
