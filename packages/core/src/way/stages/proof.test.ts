import { beforeAll, describe, expect, it } from "vitest";
import { memoryState } from "../../state/index.ts";
import { createNonces, prove } from "../../token/index.ts";
import { ARGUMENTS, errorOf, JTI, NOW, PAY } from "../../world.fixture.ts";
import type { EnforcementPoint } from "../options.ts";
import { ALICE, BY_ALICE, codeOf, createScene, decide, type Parts, payment, type Scene } from "../point.fixture.ts";
import { checkProof, refuseMissing } from "./proof.ts";

let scene: Scene;
beforeAll(async () => {
  scene = await createScene();
});

const call = { tool: "send_payment", arguments: ARGUMENTS };

describe("a caller", () => {
  it("is refused without a chain and a proof, unless a session or the server speaks for them", async () => {
    const byProof = await scene.byProof();
    expect(refuseMissing({ ...byProof, credential: undefined })).toMatchObject({
      code: "proof_missing",
      message: "the call came without a delegation chain and a proof; send both with each call",
    });
    for (const half of [
      { chain: "" },
      { proof: "" },
      { chain: 5, proof: "" },
      { chain: [], proof: [] },
      null,
      "text",
    ]) {
      expect(refuseMissing({ ...byProof, credential: half as never })).toMatchObject({ code: "proof_missing" });
    }
    for (const caller of [byProof, scene.inSession, BY_ALICE]) expect(refuseMissing(caller)).toBeUndefined();
  });
});

describe("a proof", () => {
  const checked = async (parts: Parts = {}, claims = {}) => {
    const { point } = scene.point(parts);
    const caller = await scene.byProof({ jti: JTI, ...claims });
    return checkProof(payment(caller), { user: ALICE, chain: scene.chain }, ARGUMENTS, point);
  };

  it("is of this call, by the holder of the chain, now", async () => {
    expect(await checked()).toEqual({ jti: JTI, issuedAt: NOW, audience: PAY, chain: scene.chain });
  });

  it.each<[string, object, string]>([
    ["another tool", { aat_tool: "read_invoice" }, "proof_invalid"],
    ["other arguments", { hta: { to: "Globex" } }, "proof_arguments_mismatch"],
    ["another enforcement point", { aat_aud: "https://other.example/mcp" }, "proof_audience_mismatch"],
    ["another time", { iat: NOW - 3600 }, "proof_invalid"],
  ])("of %s is refused", async (_, claims, code) => {
    expect(await errorOf(checked({}, claims))).toMatchObject({ code });
  });

  it("is judged by the enforcement point's own limits", async () => {
    const limits = { ...scene.point().point.limits, proofWindowSeconds: 4000 };
    expect((await checked({ limits }, { iat: NOW - 3600 })).issuedAt).toBe(NOW - 3600);
  });

  it("proves nothing without a chain", async () => {
    const error = await errorOf(
      checkProof(payment(BY_ALICE), { user: ALICE, chain: undefined }, ARGUMENTS, scene.point().point),
    );
    expect(error).toMatchObject({ code: "proof_missing", message: "a proof is of a chain, and there is none" });
  });

  it("with a nonce is as new as the nonce: its maker's clock does not count", async () => {
    const nonces = createNonces();
    const nonce = await nonces.issue(NOW);
    expect((await checked({ nonces }, { nonce, iat: NOW - 3600 })).nonce?.value).toBe(nonce);
  });
});

/** The memory of a process that began then, in seconds; undefined for a store that outlives processes. */
const begun = (since: number | undefined, now: number): Parts => {
  const { replay, ...state } = memoryState({ since: (since ?? 0) * 1000, clock: () => now * 1000 });
  return { ...state, replay: since === undefined ? { claim: replay.claim } : replay, clock: () => now * 1000 };
};
const WINDOW = 30;

describe.each<[what: string, begun: number | undefined, made: number, now: number, good: boolean]>([
  ["a store that outlives the process knows everything, also what was made in the past", undefined, 0, 5, true],
  ["and what is ahead of its clock", undefined, 10, 5, true],
  ["made a second before the memory began", 0, -1, 5, false],
  ["made in the very second in which it began", 0, 0, 5, true],
  ["made in that second, before the memory began", 0.5, 0.2, 0.9, false],
  ["made in that second, in the millisecond before", 0.5, 0.499, 0.9, false],
  ["made in that second, in the millisecond in which a part had passed already", 0.5004, 0.5, 0.9, false],
  ["made in that second, in the very millisecond", 0.5, 0.5, 0.9, true],
  ["made in that second, after the memory began", 0.5, 0.501, 0.9, true],
  ["made since", 0, 3, 5, true],
  ["made this very second", 0, 5, 5.2, true],
  ["made this very millisecond", 0, 5.123, 5.123, true],
  ["made a millisecond ahead of the clock of a memory that began a moment ago", 0, 5.124, 5.123, false],
  ["made ahead of the clock of a memory that began a moment ago", 0, 6, 5.2, false],
  ["made ahead, a moment before its first window ends", 0, 40, WINDOW - 0.001, false],
  ["made ahead, after its first window", 0, 40, WINDOW, true],
])("%s", (_, since, made, now, good) => {
  const at = (seconds: number): number => (NOW * 1000 + Math.round(seconds * 1e6) / 1000) / 1000;
  const parts = (): Parts => begun(since === undefined ? undefined : at(since), at(now));

  it(`a proof is ${good ? "good" : "refused: it may have been used before"}`, async () => {
    const iat = Math.floor(at(made));
    const caller = await scene.byProof({ iat, hw_ms: Math.round((at(made) - iat) * 1000) });
    const { point } = scene.point(parts());
    const check = checkProof(payment(caller), { user: ALICE, chain: scene.chain }, ARGUMENTS, point);
    if (good) expect((await check).issuedAt).toBe(at(made));
    else {
      const error = await errorOf(check);
      expect(error.code).toBe("proof_invalid");
      expect(error.message).toMatch(/before this server began to remember proofs|ahead of the verifier's clock/);
    }
  });

  it(`a nonce is ${good ? "good" : "answered with a new one, which is good"}`, async () => {
    // Known to two processes, one after the other.
    const [before, after] = [0, 1].map(() => createNonces({ secret: new Uint8Array(32).fill(7), lifetimeSeconds: 60 }));
    const nonce = (await before?.issue(at(made))) as string;
    const { point } = scene.point({ ...parts(), nonces: after });
    const check = async (named: string) => {
      const caller = await scene.byProof({ nonce: named });
      return checkProof(payment(caller), { user: ALICE, chain: scene.chain }, ARGUMENTS, point);
    };
    if (good) expect((await check(nonce)).nonce?.value).toBe(nonce);
    else {
      const error = await errorOf(check(nonce));
      expect(error.code).toBe("proof_nonce_required");
      expect((await check(error.nonce as string)).nonce?.value).toBe(error.nonce);
    }
  });
});

describe("a nonce", () => {
  const nonces = createNonces({ lifetimeSeconds: 60 });
  const proven = async (point: EnforcementPoint, nonce?: string, secondsOff = 0) => {
    const clock = (): number => (NOW + secondsOff) * 1000;
    const credential = await prove(scene.researcher, {
      ...call,
      audience: PAY,
      clock,
      ...(nonce !== undefined && { nonce }),
    });
    return decide(payment({ via: "proof", credential, transportUser: undefined }), point);
  };
  const ask = async (point: EnforcementPoint): Promise<string> => {
    const decision = await proven(point);
    if (decision.outcome !== "denied" || decision.nonce === undefined) throw new Error("no nonce was given");
    expect(decision).toMatchObject({ code: "proof_nonce_required", retryable: true });
    return decision.nonce;
  };

  it("is asked for, good for one proof, and stands in for the holder's clock", async () => {
    const { point } = scene.point({ nonces });
    const nonce = await ask(point);
    expect(codeOf(await proven(point, nonce, -600))).toBe("allowed");
    expect(codeOf(await proven(point, nonce))).toBe("proof_replayed");
  });

  it("is refused where it lapsed, is another's, or is no nonce at all", async () => {
    let now = NOW;
    const { point } = scene.point({ nonces, clock: () => now * 1000 });
    const lapsed = await ask(point);
    now += 60;
    expect(codeOf(await proven(point, lapsed))).toBe("proof_nonce_required");
    now = NOW;
    for (const nonce of [await createNonces().issue(NOW), "", "x".repeat(75)]) {
      expect(codeOf(await proven(point, nonce))).toBe("proof_nonce_required");
    }
  });

  it("is refused where none was asked for", async () => {
    expect(codeOf(await proven(scene.point().point, await nonces.issue(NOW)))).toBe("proof_invalid");
  });

  it("needs a secret that cannot be guessed", async () => {
    const error = await errorOf(() => createNonces({ secret: new Uint8Array(31) }));
    expect(error).toMatchObject({ code: "config_invalid" });
  });
});
