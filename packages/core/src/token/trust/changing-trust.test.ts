import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { createWorld, errorOf, NOW, refusalOf, type World } from "../../world.fixture.ts";
import type { TrustedKey } from "../keys/jwks.ts";
import { DEFAULT_LIMITS } from "../keys/limits.ts";
import { createChainVerifier } from "../verify/verify-chain.ts";
import { anchorsOf, createTrust, isChanging, standOn, type Trust } from "./changing-trust.ts";
import type { TrustAnchor } from "./trust.ts";

let world: World;
beforeAll(async () => {
  world = await createWorld();
});

/** Bounds that the chain of this file does not keep. A new member of an anchor without a row does not compile. */
const NARROWER: { readonly [Name in keyof Required<TrustAnchor>]: Partial<TrustAnchor> | string } = {
  issuer: { issuer: "https://id.partner.example" },
  keys: {
    keys: [{ kid: "k1", jwk: { kty: "OKP", crv: "Ed25519", x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" } }],
  },
  audiences: { audiences: ["https://other.example"] },
  subjects: { subjects: ["bob"] },
  tools: { tools: [] },
  lifetimeSeconds: { lifetimeSeconds: 1 },
  maxDepth: { maxDepth: 0 },
  foreign: "lets more roots be",
  everyTool: "lets more roots be",
  sharedBudgets: "lets more roots be",
  approvals: "is not of chains",
};

/** A chain that verified, and its verifier. */
async function verified() {
  const trust = createTrust([world.anchor]);
  const verifier = createChainVerifier(anchorsOf(trust), DEFAULT_LIMITS);
  const text = await world.chain();
  const chain = await verifier.verify(text, NOW);
  return { trust, verifier, text, chain };
}

describe("trust that was changed", () => {
  const narrower = Object.entries(NARROWER).flatMap(([name, bounds]) =>
    typeof bounds === "string" ? [] : [[name, bounds] as const],
  );

  it.each(narrower)("holds for chains that verified before: other %s", async (_, bounds) => {
    const { trust, verifier, text, chain } = await verified();
    trust.replace([{ ...world.anchor, ...bounds }]);
    const refusals = [await refusalOf(verifier.verify(text, NOW)), await refusalOf(verifier.lookAgain(chain, NOW))];
    expect(refusals[0]).toMatch(/^token_(untrusted_issuer|signature_invalid)/);
    expect(refusals[1]).toBe(refusals[0]);
    trust.replace([world.anchor]);
    expect(await verifier.verify(text, NOW)).toBe(chain);
    await verifier.lookAgain(chain, NOW);
  });

  it("trusts nobody where nobody is left", async () => {
    const { trust, verifier, text, chain } = await verified();
    trust.replace([]);
    expect(await refusalOf(verifier.lookAgain(chain, NOW))).toBe("token_untrusted_issuer /kid");
    expect(await refusalOf(verifier.verify(text, NOW))).toBe("token_untrusted_issuer /kid");
  });

  it("costs each chain one more verification, and no chain its end", async () => {
    const subjects = vi.fn(() => true);
    const { trust, verifier, text, chain } = await verified();
    trust.replace([{ ...world.anchor, subjects }]);
    for (let i = 0; i < 3; i++) await verifier.lookAgain(chain, NOW);
    for (let i = 0; i < 3; i++) expect(await verifier.verify(text, NOW)).toBe(chain);
    expect(subjects).toHaveBeenCalledTimes(1);
    expect(await refusalOf(verifier.verify(text, NOW + 1e6))).toBe("token_expired /exp");
    trust.replace([world.anchor]);
    expect(await refusalOf(verifier.verify(text, NOW))).toBe("token_expired /exp");
  });

  it("that changes while a chain is verified holds for its next look", async () => {
    const trust = createTrust([
      {
        ...world.anchor,
        keys: {
          find: async () => {
            trust.replace([]);
            return world.anchor.keys as readonly TrustedKey[];
          },
        },
      },
    ]);
    const verifier = createChainVerifier(anchorsOf(trust), DEFAULT_LIMITS);
    const text = await world.chain();
    const chain = await verifier.verify(text, NOW);
    expect(await refusalOf(verifier.lookAgain(chain, NOW))).toBe("token_untrusted_issuer /kid");
  });

  it("is as it was where the next is refused: by its form, or by what stands on it", async () => {
    const trust = createTrust([world.anchor]);
    const told = vi.fn();
    trust.onChange(told);
    const agreed = anchorsOf(trust);
    const holder = {};
    standOn(trust, holder, (next) => {
      if (next.length === 0) throw new Error("not this one");
    });
    const before = trust.anchors;
    expect((await errorOf(() => trust.replace([{ ...world.anchor, keys: [] }]))).message).toMatch(/anchors\[0\]\.keys/);
    expect((await errorOf(() => trust.replace([{ ...world.anchor, everyTool: true, tools: [] }]))).message).toMatch(
      /^replace: anchors\[0\]: everyTool/,
    );
    expect(() => trust.replace([])).toThrow("not this one");
    expect(trust.anchors).toBe(before);
    expect(agreed()).toBe(before);
    expect(told).not.toHaveBeenCalled();
    expect(holder).toEqual({});
  });

  it("is refused from the start where it cannot be right, by the name of what was called", async () => {
    const both = { ...world.anchor, everyTool: true, tools: [] };
    expect((await errorOf(() => createTrust([both]))).message).toMatch(/^createTrust: anchors\[0\]: everyTool/);
    expect(await refusalOf(() => createTrust([{ ...both, tools: "any" }]))).toBe("accepted");
  });

  it("asks what stands on it as long as somebody holds that, and no longer", async () => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const trust = createTrust([world.anchor]);
    const asked: string[] = [];
    const held = {};
    standOn(trust, held, () => asked.push("held"));
    standOn(trust, {}, () => asked.push("left"));
    await new Promise((done) => setTimeout(done)); // a weak reference holds until its task has ended
    collect();
    trust.replace([]);
    trust.replace([world.anchor]);
    expect(asked).toEqual(["held", "held"]);
    expect(held).toEqual({});
  });

  it("may as well be a list, which stays as it is, whatever stands on it", () => {
    const list = [world.anchor];
    standOn(list, {}, () => {
      throw new Error("not this one");
    });
    expect(anchorsOf(list)()).toBe(list);
  });

  it("tells who listens, until that ends; what a listener throws is its own", () => {
    const trust = createTrust([world.anchor]);
    const told = vi.fn();
    trust.onChange(() => {
      throw new Error("hunter2");
    });
    const end = trust.onChange(told);
    const endAgain = trust.onChange(told);
    trust.onChange(() => trust.onChange(() => {}));
    trust.replace([]);
    end();
    trust.replace([world.anchor]);
    expect(told).toHaveBeenCalledTimes(3);
    endAgain();
    trust.replace([]);
    expect(told).toHaveBeenCalledTimes(3);
  });

  it("cannot be changed otherwise", () => {
    const given = [{ ...world.anchor }];
    const trust = createTrust(given);
    given.push({ ...world.anchor, subjects: "any" });
    expect(trust.anchors).toHaveLength(1);
    expect(() => (trust.anchors as TrustAnchor[]).push(world.anchor)).toThrow(TypeError);
    expect(() => Object.assign(trust.anchors[0] as object, { subjects: "any" })).toThrow(TypeError);
    const [anchor] = createTrust([{ ...world.anchor, subjects: ["bob"], tools: ["pay"] }]).anchors;
    const { subjects, tools, audiences, keys } = anchor as unknown as { [name in keyof TrustAnchor]: string[] };
    for (const list of [subjects, tools, audiences, keys]) expect(() => list?.push("alice")).toThrow(TypeError);
    const [key] = keys as unknown as TrustedKey[];
    expect(() => Object.assign(key as object, { kid: "other" })).toThrow(TypeError);
    expect(() => Object.assign(key?.jwk as object, { x: "other" })).toThrow(TypeError);
    expect(() => Object.assign(trust, { replace: () => {} })).toThrow(TypeError);
  });

  it("is what createTrust made, and nothing that looks like it", () => {
    const trust = createTrust([]);
    expect(isChanging(trust)).toBe(true);
    for (const other of [{ ...trust }, Object.create(trust), [], undefined]) {
      expect(isChanging(other as Trust)).toBe(false);
    }
  });
});
