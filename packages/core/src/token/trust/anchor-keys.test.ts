/** One issuer's fault is its own: the walk over what can be wrong with the keys of an anchor beside ours. */
import { describe, expect, it, vi } from "vitest";
import { createWorld, errorOf, NOW, never, PAY, refusalOf, type World } from "../../world.fixture.ts";
import { type KeySource, remoteJwks, type TrustedKey } from "../keys/jwks.ts";
import { importKnownKey } from "../keys/key.ts";
import { DEFAULT_LIMITS } from "../keys/limits.ts";
import { createChainVerifier } from "../verify/verify-chain.ts";
import { createAnchorKeys } from "./anchor-keys.ts";
import type { TrustAnchor } from "./trust.ts";

const [ours, theirs] = (await Promise.all([createWorld(), createWorld("ES256")])) as [World, World];
const PARTNER = "https://id.partner.example";
const OURS = ours.anchor.keys as readonly TrustedKey[];
const THEIRS: readonly TrustedKey[] = [{ kid: "p1", jwk: theirs.issuer.publicJwk }];
const partner: TrustAnchor = { ...theirs.anchor, issuer: PARTNER, keys: THEIRS, subjects: ["bob"] };
const theirRoot = (claims = {}) => theirs.root({ iss: PARTNER, sub: "bob", ...claims }, { header: { kid: "p1" } });

const publishing = (...keys: readonly unknown[]): KeySource => ({ find: async () => keys as readonly TrustedKey[] });
const answering = (answer: unknown): KeySource => ({ find: (async () => answer) as never });
const offCurve = { ...theirs.issuer.publicJwk, y: (theirs.planner.publicJwk as { y: string }).y } as never;
const smallOrder = { kty: "OKP", crv: "Ed25519", x: `AQ${"A".repeat(41)}` } as const;
const copies = (count: number, key: object) => Array.from({ length: count }, () => ({ ...key }));

/** What is wrong with an anchor's keys, by kind of `TrustAnchor["keys"]`, and what its own chains come to. A kind without a row does not compile. */
type Kind = { readonly list: readonly TrustedKey[]; readonly source: KeySource };
const FAULTS: { readonly [kind in keyof Kind]: readonly (readonly [string, TrustAnchor["keys"], string])[] } = {
  source: [
    ["is down", { find: () => Promise.reject(new Error("ECONNREFUSED secret.internal")) }, "issuer_keys_unavailable"],
    [
      "throws",
      {
        find: () => {
          throw new Error("no");
        },
      },
      "issuer_keys_unavailable",
    ],
    ["never answers", { find: () => never }, "issuer_keys_unavailable"],
    ["answers nothing", answering(undefined), "issuer_keys_unavailable"],
    ["answers something else", answering({ keys: [] }), "issuer_keys_unavailable"],
    ["answers holes", publishing(null, undefined, 7), "issuer_keys_unavailable"],
    ["publishes nothing", publishing(), "token_untrusted_issuer /kid"],
    [
      "publishes a key off its curve",
      publishing({ kid: "p1", jwk: offCurve }, { kid: "k1", jwk: offCurve }),
      "token_untrusted_issuer /kid",
    ],
    [
      "publishes a key of small order under our kid",
      publishing({ kid: "k1", jwk: smallOrder }),
      "token_untrusted_issuer /kid",
    ],
    [
      "publishes the private part of its key",
      publishing({ kid: "p1", jwk: { ...theirs.issuer.publicJwk, d: theirs.issuer.publicJwk.x } }),
      "token_untrusted_issuer /kid",
    ],
    [
      "publishes what is no key",
      publishing(...["p1", "k1"].flatMap((kid) => [{ kid }, { kid, jwk: null }, { kid, jwk: {} }, { kid, jwk: "x" }])),
      "token_untrusted_issuer /kid",
    ],
    [
      "publishes our key under its own kid",
      publishing({ kid: "p1", jwk: ours.issuer.publicJwk }, ...THEIRS),
      "accepted",
    ],
    ["publishes our key under our kid", publishing(...OURS, ...THEIRS), "accepted"],
    ["publishes its key under our kid", publishing({ kid: "k1", jwk: theirs.issuer.publicJwk }, ...THEIRS), "accepted"],
    [
      "floods our kid with keys of strangers",
      publishing(...copies(50, { kid: "k1", jwk: ours.mallory.publicJwk }), ...THEIRS),
      "accepted",
    ],
    ["floods our kid with copies of our key", publishing(...copies(50, OURS[0] as object), ...THEIRS), "accepted"],
    ["has a broken key beside a good one", publishing({ kid: "p1", jwk: offCurve }, ...THEIRS), "accepted"],
  ],
  list: [
    ["has another's key", [{ kid: "p1", jwk: ours.mallory.publicJwk }], "token_alg_refused"],
    ["has our key under our kid", [...OURS, ...THEIRS], "accepted"],
    ["has its key under our kid", [{ kid: "k1", jwk: theirs.issuer.publicJwk }, ...THEIRS], "accepted"],
    [
      "has four of our kid",
      [...copies(4, { kid: "k1", jwk: ours.mallory.publicJwk }), ...THEIRS] as TrustedKey[],
      "accepted",
    ],
    [
      "has a key off its curve",
      [
        { kid: "p1", jwk: offCurve },
        { kid: "k1", jwk: offCurve },
      ],
      "token_untrusted_issuer /kid",
    ],
  ],
};
const ROWS = Object.values(FAULTS).flat();
const ORDERS = [
  ["last", (keys: TrustAnchor["keys"]) => [ours.anchor, { ...partner, keys }]],
  ["first", (keys: TrustAnchor["keys"]) => [{ ...partner, keys }, ours.anchor]],
] as const;

describe.each(ORDERS)("an anchor that stands %s", (_, trusting) => {
  it.each(ROWS)("and %s costs no chain of ours, be it new or known", async (_what, keys) => {
    // An hour: who waited for the other would not come to an end.
    const verifier = createChainVerifier(trusting(keys), DEFAULT_LIMITS, 3_600_000);
    for (let i = 0; i < 3; i++) {
      const chain = await verifier.verify(await ours.chain(), NOW);
      expect(chain.user.subject).toBe("alice");
      expect(await refusalOf(verifier.lookAgain(chain, NOW))).toBe("accepted");
    }
  });

  it.each(ROWS)(
    "and %s has chains of its own that come to what is right, within the deadline",
    async (_what, keys, code) => {
      const verifier = createChainVerifier(trusting(keys), DEFAULT_LIMITS, 20);
      expect(await refusalOf(verifier.verify(await theirRoot(), NOW))).toBe(code);
    },
  );

  it.each(ROWS)("and %s lends nobody our name, nor takes our user", async (_what, keys) => {
    const verifier = createChainVerifier(trusting(keys), DEFAULT_LIMITS, 20);
    for (const kid of ["p1", "k1"]) {
      for (const claims of [{}, { iss: PARTNER }, { iss: PARTNER, sub: "bob" }]) {
        const signed = await theirs.root(claims, { header: { kid } });
        const result = await refusalOf(verifier.verify(signed, NOW));
        if (claims.sub === undefined) expect(result, JSON.stringify({ kid, ...claims })).not.toBe("accepted");
      }
      const ofOurKey = await ours.root({ iss: PARTNER, sub: "alice" }, { header: { kid } });
      expect(await refusalOf(verifier.verify(ofOurKey, NOW))).not.toBe("accepted");
    }
  });
});

describe("a chain that was verified", () => {
  it("stands on its own issuer alone: another that fails since then is not asked", async () => {
    let fails = false;
    let asked = 0;
    const find = async (kid: string) => {
      asked++;
      if (fails) throw new Error("down");
      return THEIRS.filter((key) => key.kid === kid);
    };
    const verifier = createChainVerifier([{ ...partner, keys: { find } }, ours.anchor], DEFAULT_LIMITS, 20);
    const chain = await verifier.verify(await ours.chain(), NOW);
    const own = await verifier.verify(await theirRoot(), NOW);
    fails = true;
    const before = asked;
    expect(await refusalOf(verifier.lookAgain(chain, NOW))).toBe("accepted");
    expect(asked).toBe(before);
    expect(await refusalOf(verifier.lookAgain(own, NOW))).toBe("issuer_keys_unavailable");
  });

  it("is withdrawn with its own issuer's key, although another publishes the same", async () => {
    let published = OURS;
    const anchor = { ...ours.anchor, keys: { find: async () => published } };
    const copying = { ...partner, keys: [...OURS, ...THEIRS] };
    const verifier = createChainVerifier([copying, anchor], DEFAULT_LIMITS);
    const chain = await verifier.verify(await ours.chain(), NOW);
    published = [];
    expect(await refusalOf(verifier.lookAgain(chain, NOW))).toBe("token_untrusted_issuer /kid");
    expect(
      await refusalOf(createChainVerifier([copying, anchor], DEFAULT_LIMITS).verify(await ours.chain(), NOW)),
    ).toBe("token_untrusted_issuer /iss");
  });
});

it("an issuer of several anchors is bound by the first that has the key, and waits for its own alone", async () => {
  const narrow = { ...ours.anchor, tools: ["send_payment"] };
  const root = await ours.root();
  const check = (...trust: readonly TrustAnchor[]) =>
    refusalOf(createChainVerifier(trust, DEFAULT_LIMITS, 20).verify(root, NOW));
  expect(await check(narrow, ours.anchor)).toBe("token_untrusted_issuer /authorization_details/0/tools");
  expect(await check(ours.anchor, narrow)).toBe("accepted");
  expect(await check({ ...narrow, keys: publishing() }, ours.anchor)).toBe("accepted");
  expect(await check({ ...narrow, keys: { find: () => never } }, ours.anchor)).toBe("accepted");
});

it("a key of whom it is not known whether it is published is no stranger's: that can be tried again", async () => {
  const down = { ...partner, keys: answering(undefined) };
  const verifier = createChainVerifier([ours.anchor, down], DEFAULT_LIMITS, 20);
  const error = await errorOf(verifier.verify(await ours.root({}, { header: { kid: "k9" } }), NOW));
  expect(error.code).toBe("issuer_keys_unavailable");
  expect(error.message).toBe(`the keys of "${PARTNER}" cannot be had: their source failed (TypeError)`);
  expect(await refusalOf(createChainVerifier([], DEFAULT_LIMITS).verify(await ours.root(), NOW))).toBe(
    "token_untrusted_issuer /kid",
  );
});

it("says how long a source was waited for, and never what its error says", async () => {
  const of = async (keys: KeySource): Promise<string> => {
    const verifier = createChainVerifier([{ ...partner, keys }], DEFAULT_LIMITS, 20);
    return (await errorOf(verifier.verify(await theirRoot({ aud: [PAY] }), NOW))).message;
  };
  expect(await of({ find: () => never })).toContain("no answer within 20 ms");
  expect(await of({ find: () => Promise.reject(new Error("hunter2")) })).not.toContain("hunter2");
});

it("waits for a second where nobody says otherwise", async () => {
  vi.useFakeTimers();
  try {
    const [asked] = createAnchorKeys(() => [{ ...partner, keys: { find: () => never } }], importKnownKey).ask("p1");
    await vi.advanceTimersByTimeAsync(1000);
    expect((await errorOf(asked?.keys as Promise<unknown>)).message).toContain("no answer within 1000 ms");
  } finally {
    vi.useRealTimers();
  }
});

describe("the keys of an anchor", () => {
  const [ourKey] = OURS as [TrustedKey];
  const [theirKey] = THEIRS as [TrustedKey];

  it("are imported once, however many ask at a time, and those that are known are there at once", async () => {
    const keys = [
      { kid: "a", jwk: ourKey.jwk },
      { kid: "b", jwk: ourKey.jwk },
      { kid: "b", jwk: theirKey.jwk },
    ];
    const importKey = vi.fn(importKnownKey);
    const anchors = createAnchorKeys(() => [{ ...ours.anchor, keys }], importKey, 20);
    const ask = (kid: string): unknown => anchors.ask(kid)[0]?.keys;
    const [first, second] = await Promise.all([ask("a"), ask("a")]);
    expect(second).toEqual(first);
    expect(ask("a")).toEqual(first);
    expect(await ask("b"), "one that is known, beside one that is not").toMatchObject([
      { jwk: ourKey.jwk },
      { jwk: theirKey.jwk },
    ]);
    expect(ask("b")).toHaveLength(2);
    expect(importKey).toHaveBeenCalledTimes(2);
  });

  it("may fail where nobody waits for them: that ends no process", async () => {
    const unhandled = vi.fn();
    process.on("unhandledRejection", unhandled);
    try {
      const down = { ...partner, keys: { find: () => Promise.reject(new Error("down")) } };
      expect(createAnchorKeys(() => [down], importKnownKey, 20).ask("k1")).toHaveLength(1);
      await new Promise((done) => setTimeout(done));
      expect(unhandled).not.toHaveBeenCalled();
    } finally {
      process.off("unhandledRejection", unhandled);
    }
  });

  it("that cannot be had are told from a kid that is unknown so far, each with its issuer and its cause", async () => {
    const faultOf = async (keys: KeySource) =>
      errorOf(
        createAnchorKeys(() => [{ ...partner, keys }], importKnownKey, 20).ask("k9")[0]?.keys as Promise<unknown>,
      );
    const down = new Error("down");
    const failed = await faultOf({ find: () => Promise.reject(down) });
    expect([failed.code, failed.cause]).toEqual(["issuer_keys_unavailable", down]);
    const published = remoteJwks("https://id.partner.example/jwks", { fetch: async () => Response.json({ keys: [] }) });
    await published.find("k9");
    const unknown = await faultOf(published);
    expect(unknown.code).toBe("issuer_key_unknown");
    expect(unknown.message).toContain(`the kid is not one of "${PARTNER}": its keys have no such kid`);
    expect(unknown.cause).toMatchObject({ code: "issuer_key_unknown" });
    const lookalike = Object.assign(new Error("hunter2"), { code: "issuer_key_unknown" });
    const gone = remoteJwks("https://id.partner.example/jwks", { fetch: () => Promise.reject(lookalike) });
    for (const source of [{ find: () => Promise.reject(lookalike) }, gone]) {
      const { code, message } = await faultOf(source);
      expect(code).toBe("issuer_keys_unavailable");
      expect(message).toContain(`the keys of "${PARTNER}" cannot be had: `);
      expect(message).not.toContain("hunter2");
    }
  });
});
