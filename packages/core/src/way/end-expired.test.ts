/** A call on a chain that expired or was revoked: on record where its holder made it, only counted where anybody else did. */
import { beforeAll, describe, expect, it } from "vitest";
import { refusalOf } from "../errors.ts";
import { memoryRevocations, type RevocationKind, type RevocationTarget } from "../state/index.ts";
import { createChainVerifier, createNonces, DEFAULT_LIMITS } from "../token/index.ts";
import { type Claims, DOCS, NOW, PAY } from "../world.fixture.ts";
import type { IncomingCaller } from "./call.ts";
import {
  ALICE,
  BY_ALICE,
  codeOf,
  createScene,
  decide,
  type Parts,
  payment,
  type Scene,
  settled,
} from "./point.fixture.ts";
import { openSession } from "./session.ts";

let scene: Scene;
beforeAll(async () => {
  scene = await createScene();
});

/** What makes a chain useless, although it is genuine. What can be revoked without a row here does not compile. */
const GONE: { readonly [What in RevocationKind | "expired"]: () => RevocationTarget | undefined } = {
  token: () => ({ token: scene.chain.id }),
  key: () => ({ key: scene.chain.holder.thumbprint }),
  agent: () => ({ agent: "planner" }),
  user: () => ({ user: ALICE, notBefore: NOW + 1 }),
  expired: () => undefined,
};
type Gone = keyof typeof GONE;
const ROWS = Object.keys(GONE) as Gone[];
const codeFor = (gone: Gone): string => (gone === "expired" ? "token_expired" : "revoked");

/** A place where the scene's chain is no good any more, and the time there. */
function placeWhere(gone: Gone, parts: Parts = {}) {
  const target = GONE[gone]();
  const now = target === undefined ? NOW + 3600 : NOW;
  const at = { now: NOW };
  const clock = (): number => at.now * 1000;
  const revocations = memoryRevocations(clock);
  const verifier = createChainVerifier([scene.world.anchor], DEFAULT_LIMITS);
  const watched = scene.point({ clock, revocations, verifier, ...parts });
  const takeAway = (): void => {
    at.now = now;
    if (target !== undefined) revocations.revoke(target);
  };
  return { ...watched, now, takeAway };
}

/** What is kept of the denials so far: the codes on record, and how many strangers were counted. */
async function kept({ audit }: Pick<ReturnType<typeof placeWhere>, "audit">) {
  await settled();
  return { records: audit.records.map(({ code }) => code), strangers: Object.fromEntries(audit.unverifiedCounts) };
}

const withProof = (compact: string, proof: string): IncomingCaller => ({
  via: "proof",
  credential: { chain: compact, proof },
  transportUser: undefined,
});

describe.each(ROWS)("a call on a chain that is no good any more (%s)", (gone) => {
  const code = codeFor(gone);

  it("is on record with its chain where the proof holds, and the caller hears why", async () => {
    const place = placeWhere(gone);
    place.takeAway();
    const denied = await decide(payment(await scene.byProof({ iat: place.now })), place.point);
    expect(denied).toMatchObject({ outcome: "denied", code, stage: gone === "expired" ? "token" : "state" });
    expect(await kept(place)).toEqual({ records: [code], strangers: {} });
    expect(place.audit.records).toMatchObject([
      {
        via: "proof",
        tokens: [{ agent: "planner" }, { agent: "researcher" }],
        chain: { id: scene.chain.id, issuer: ALICE.issuer },
      },
    ]);
  });

  it("is on record once for each proof: one that was captured fills no log, and its sender hears nothing new", async () => {
    const place = placeWhere(gone);
    place.takeAway();
    const caller = await scene.byProof({ iat: place.now });
    const answers = [];
    for (let i = 0; i < 3; i++) answers.push(await decide(payment(caller), place.point));
    expect(answers.map((answer) => refusalOf(answer as never))).toEqual(Array(3).fill(refusalOf(answers[0] as never)));
    expect(await kept(place)).toEqual({ records: [code], strangers: { [code]: 2 } });
  });

  it("leaves a proof that was used before useless, and only counts it", async () => {
    const place = placeWhere(gone);
    const caller = await scene.byProof({ iat: NOW });
    expect(codeOf(await decide(payment(caller), place.point))).toBe("allowed");
    place.takeAway();
    expect(codeOf(await decide(payment(caller), place.point))).toBe(code);
    expect(await kept(place)).toEqual({ records: [undefined], strangers: { [code]: 1 } });
  });

  interface Stranger {
    readonly of: string;
    readonly callerAt: (now: number) => Promise<IncomingCaller>;
    readonly parts?: Parts;
    readonly says: string;
  }
  const STRANGERS: readonly Stranger[] = [
    {
      of: "a stranger's key",
      callerAt: async (iat) =>
        withProof(scene.compact, await scene.world.proof(scene.compact, { iat }, { signer: scene.world.mallory })),
      says: "proof_invalid",
    },
    { of: "no kind", callerAt: async () => withProof(scene.compact, "none"), says: "proof_invalid" },
    {
      of: "other arguments",
      callerAt: (iat) => scene.byProof({ iat, hta: { to: "Mallory" } }),
      says: "proof_arguments_mismatch",
    },
    { of: "another tool", callerAt: (iat) => scene.byProof({ iat, aat_tool: "read_invoice" }), says: "proof_invalid" },
    {
      of: "another enforcement point",
      callerAt: (iat) => scene.byProof({ iat, aat_aud: DOCS }),
      says: "proof_audience_mismatch",
    },
    { of: "another time", callerAt: (iat) => scene.byProof({ iat: iat - 3600 }), says: "proof_invalid" },
    {
      of: "no nonce, where one is asked for",
      callerAt: (iat) => scene.byProof({ iat }),
      parts: { nonces: createNonces() },
      says: "proof_nonce_required",
    },
    {
      of: "which nobody can tell whether it was used before",
      callerAt: (iat) => scene.byProof({ iat }),
      parts: { replay: { claim: () => Promise.reject(new Error("down")) } },
      says: code,
    },
  ];
  it.each(STRANGERS)("is only counted where its proof is of $of", async ({ callerAt, parts, says }) => {
    const place = placeWhere(gone, parts);
    place.takeAway();
    const denied = await decide(payment(await callerAt(place.now)), place.point);
    // Whoever does not hold the key learns nothing of what is remembered. That a chain expired stands in it.
    const told = gone === "expired" ? code : says;
    expect(codeOf(denied)).toBe(told);
    expect(await kept(place)).toEqual({ records: [], strangers: { [told]: 1 } });
    if (told !== code) return;
    const holder = placeWhere(gone);
    holder.takeAway();
    const proven = await decide(payment(await scene.byProof({ iat: holder.now })), holder.point);
    expect(refusalOf(denied as never)).toEqual(refusalOf(proven as never));
  });

  it("is on record with its chain in a session, whose holder was proven when it began", async () => {
    const place = placeWhere(gone);
    let asked = 0;
    const session = await openSession(async () => {
      asked++;
      return scene.researcher;
    }, place.point);
    place.takeAway();
    expect(codeOf(await session.authorize({ tool: "send_payment", arguments: {} }))).toBe(code);
    expect(asked).toBe(2);
    expect(codeOf(await session.list([{ tool: "send_payment" }]))).toBe(code);
    expect(codeOf(await session.refuse({ tool: "send_payment", arguments: {} }))).toBe(code);
    expect(await kept(place)).toEqual({ records: [code, code, code], strangers: {} });
    for (const record of place.audit.records) {
      expect(record).toMatchObject({ via: "session", tokens: [{}, {}], chain: { id: scene.chain.id } });
    }
  });
});

describe("an expired chain", () => {
  const at = async (compact: string, parts: Parts = {}) => {
    const place = placeWhere("expired", parts);
    place.takeAway();
    const proof = await scene.world.proof(compact, { iat: place.now });
    expect(codeOf(await decide(payment(withProof(compact, proof)), place.point))).toBe("token_expired");
    return kept(place);
  };
  const COUNTED = { records: [], strangers: { token_expired: 1 } };
  const child = async (claims: Claims, root: Claims = {}): Promise<string> => {
    const parent = await scene.world.root(root);
    return `${parent}~${await scene.world.child(parent, claims)}`;
  };

  it("is on record where it is genuine, also where only its last token expired", async () => {
    const genuine = { records: ["token_expired"], strangers: {} };
    expect(await at(await child({ exp: NOW + 60 }))).toEqual(genuine);
    expect(await at(await child({ exp: NOW + 60 }, { exp: NOW + 7200 }))).toEqual(genuine);
  });

  it.each<[string, () => Promise<string>]>([
    ["a child that nobody issued", async () => child({ par_hash: "A".repeat(43) })],
    ["a child that outlives its parent", async () => child({ exp: NOW + 7200 })],
    ["another user", async () => child({ sub: "bob" })],
    ["another audience than ours", async () => child({}, { aud: [DOCS] })],
    [
      "a child of a stranger",
      async () => {
        const root = await scene.world.root();
        return `${root}~${await scene.world.child(root, {}, { signer: scene.world.mallory })}`;
      },
    ],
  ])("is a stranger's where it is not genuine besides: it has %s", async (_, chain) => {
    expect(await at(await chain())).toEqual(COUNTED);
  });

  it("is a stranger's where its issuer's key was withdrawn", async () => {
    const place = placeWhere("expired");
    const anchor = { ...scene.world.anchor, keys: { find: async () => [] } };
    const withdrawn = createChainVerifier([anchor], DEFAULT_LIMITS);
    const { verify } = createChainVerifier([scene.world.anchor], DEFAULT_LIMITS);
    const { point, audit } = scene.point({ clock: () => place.now * 1000, verifier: { ...withdrawn, verify } });
    expect(codeOf(await decide(payment(await scene.byProof({ iat: place.now })), point))).toBe("token_expired");
    expect(await kept({ audit })).toEqual(COUNTED);
  });
});

describe("a user without agents whose rights were revoked", () => {
  it("is on record: the server itself says who it is", async () => {
    const place = placeWhere("user");
    place.takeAway();
    expect(codeOf(await decide(payment(BY_ALICE), place.point))).toBe("revoked");
    expect(await kept(place)).toEqual({ records: ["revoked"], strangers: {} });
    expect(place.audit.records).toMatchObject([{ via: "user", audience: PAY }]);
  });
});
