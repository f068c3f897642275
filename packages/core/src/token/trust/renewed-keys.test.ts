/** An issuer that changes its key and keeps the kid: its published keys are asked for once more, and nobody else's fault tells. */
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createWorld, errorOf, NOW, never, refusalOf, type World } from "../../world.fixture.ts";
import type { KeySource, TrustedKey } from "../keys/jwks.ts";
import { importKnownKey } from "../keys/key.ts";
import { DEFAULT_LIMITS } from "../keys/limits.ts";
import { createChainVerifier } from "../verify/verify-chain.ts";
import { type AnchorAnswer, createAnchorKeys } from "./anchor-keys.ts";

let world: World;
let root: string;
let before: TrustedKey;
let after: TrustedKey;
/** What is published now, and what was asked of the source. */
let published: readonly TrustedKey[];
let asked: string[];
let source: Required<Pick<KeySource, "find" | "renew">>;

beforeAll(async () => {
  world = await createWorld();
  after = (world.anchor.keys as readonly TrustedKey[])[0] as TrustedKey;
  before = { kid: after.kid, jwk: world.mallory.publicJwk };
  root = await world.root();
});
beforeEach(() => {
  [published, asked] = [[before], []];
  source = {
    find: async (kid) => {
      asked.push(`find ${kid}`);
      return published;
    },
    renew: async (kid) => {
      asked.push(`renew ${kid}`);
      published = [after];
    },
  };
});

const publishes =
  (...keys: readonly TrustedKey[]) =>
  async (): Promise<void> => {
    published = keys;
  };
const verifying = (keys: KeySource = source) =>
  createChainVerifier([{ ...world.anchor, keys }], DEFAULT_LIMITS, 20).verify(root, NOW);

describe("a root that none of the keys of its kid signed", () => {
  it("is verified by the key that took their place, once that was asked for", async () => {
    expect((await verifying()).user.subject).toBe("alice");
    expect(asked.slice(0, 3)).toEqual(["find k1", "renew k1", "find k1"]);
  });

  it("is refused as before where there is no other key, or none that signed it", async () => {
    const others: (readonly TrustedKey[])[] = [[before], [], [{ kid: "k1", jwk: world.planner.publicJwk }]];
    for (const now of others) {
      published = [before];
      expect(await refusalOf(verifying({ ...source, renew: publishes(...now) }))).toBe("token_signature_invalid");
    }
  });

  it("is refused as before where asking anew fails, or takes too long", async () => {
    const fails = () => Promise.reject(new Error("down"));
    for (const renew of [fails, () => never, () => fails() as never]) {
      expect(await refusalOf(verifying({ ...source, renew }))).toBe("token_signature_invalid");
    }
  });

  it("is not asked about once more where the source always gives the keys of the moment, or its keys are a list", async () => {
    expect(await refusalOf(verifying({ find: source.find }))).toBe("token_signature_invalid");
    expect(asked).toEqual(["find k1"]);
  });

  it("is not asked about once more where a key signed it, or none has its kid", async () => {
    published = [after];
    await verifying();
    expect(asked).not.toContain("renew k1");
    published = [];
    expect(await refusalOf(verifying())).toBe("token_untrusted_issuer /kid");
    expect(asked).not.toContain("renew k1");
  });
});

describe("what an anchor has anew", () => {
  const answerOf = (keys: KeySource | readonly TrustedKey[], deadlineMs = 20) =>
    createAnchorKeys(() => [{ ...world.anchor, keys }], importKnownKey, deadlineMs).ask("k1")[0] as AnchorAnswer;

  it("are the keys that it did not have before, and it has nothing anew where its keys are a list", async () => {
    const answer = answerOf({ ...source, renew: publishes(before, after) });
    expect(await answer.keys).toMatchObject([{ jwk: before.jwk }]);
    expect(await answer.renewed?.()).toMatchObject([{ jwk: after.jwk }]);
    expect(answerOf([after])).not.toHaveProperty("renewed");
    expect(answerOf({ find: source.find })).not.toHaveProperty("renewed");
  });

  it("are those of its kid alone", async () => {
    const answer = answerOf({ ...source, renew: publishes({ ...after, kid: "k2" }) });
    expect(await answer.renewed?.()).toEqual([]);
  });

  it("cannot be had where it fails, in words that name the issuer, and ends no process where nobody waits", async () => {
    const answer = answerOf({ ...source, renew: () => Promise.reject(new Error("hunter2")) });
    void answer.renewed?.();
    const error = await errorOf(answer.renewed?.() as Promise<unknown>);
    expect([error.code, error.message]).toEqual([
      "issuer_keys_unavailable",
      `the keys of "${world.anchor.issuer}" cannot be had: their source failed`,
    ]);
  });

  it("is waited for as long as the deadline lets it", async () => {
    const answer = answerOf({ ...source, renew: () => never });
    expect((await errorOf(answer.renewed?.() as Promise<unknown>)).message).toContain("no answer within 20 ms");
  });
});
