/** The law, in its order: of two things that are wrong with a call the earlier one ends it, and later parts are not asked. */
import { beforeAll, describe, expect, it } from "vitest";
import { HopwiseError } from "../errors.ts";
import { ARGUMENTS } from "../world.fixture.ts";
import type { IncomingCall, ParsedCall } from "./call.ts";
import {
  ALICE,
  answering,
  codeOf,
  createScene,
  decide,
  denying,
  type Parts,
  payment,
  type Scene,
} from "./point.fixture.ts";

let scene: Scene;
beforeAll(async () => {
  scene = await createScene();
});

const TOO_MUCH = { ...ARGUMENTS, amount: 5000 };
/** One thing that is wrong with a call: with what came, with its arguments, or with what is asked about it. */
interface Wrong {
  readonly call?: Partial<IncomingCall>;
  readonly caller?: { readonly credential?: undefined; readonly proof?: string; readonly transportUser?: typeof ALICE };
  readonly parts?: Parts;
  readonly parsed?: ParsedCall;
}

const EXPIRED = new HopwiseError("token_expired", "the chain has expired");

/** In the order of the way: the code, what was asked before it is given, and what is wrong. */
const WAY: readonly (readonly [string, readonly string[], Wrong])[] = [
  ["arguments_malformed", [], { call: { arguments: new Map() } }],
  ["proof_missing", [], { caller: { credential: undefined } }],
  ["token_expired", ["verifier"], { parts: { verifier: { verify: () => Promise.reject(EXPIRED) } } }],
  ["proof_invalid", [], { caller: { proof: "no proof" } }],
  // Both in one turn, and the claim first.
  ["revoked", ["replay", "revocations"], { parts: { revocations: { find: () => ({ agent: "planner" }) } } }],
  ["proof_replayed", [], { parts: { replay: { claim: () => false } } }],
  ["subject_mismatch", [], { caller: { transportUser: { ...ALICE, subject: "bob" } } }],
  ["agent_unknown", ["registry"], { parts: { agents: { find: () => undefined } } }],
  ["grant_argument_refused", [], { call: { arguments: TOO_MUCH } }],
  ["tool_unmapped", [], { parts: { tools: {} } }],
  ["grant_argument_refused", [], { parsed: { parsed: TOO_MUCH } }],
  ["user_unknown", ["directory"], { parts: { users: { find: () => undefined } } }],
  ["policy_denied", ["policies"], { parts: { cerbos: denying() } }],
  ["audit_unavailable", ["record"], { parts: { audit: { record: () => Promise.reject(new Error("full")) } } }],
  ["allowed", [], {}],
];

/**
 * Then who the hops are is asked all the same, and the policies about nobody: else an outage would show which tools and users
 * there are.
 */
const LOOKS_DENIED: { readonly [code: string]: readonly string[] } = {
  tool_unmapped: ["directory", "policies"],
  user_unknown: ["policies"],
};

/** A call with these things wrong, of which the first ones count where two are wrong with the same part. */
async function withWrong(wrongs: readonly Wrong[]) {
  const of = <Name extends keyof Wrong>(name: Name) =>
    Object.assign({}, ...wrongs.map((it) => it[name]).reverse()) as NonNullable<Wrong[Name]>;
  const call = of("call");
  const { proof, ...caller } = of("caller");
  const byProof = await scene.byProof({ hta: call.arguments === TOO_MUCH ? TOO_MUCH : ARGUMENTS });
  const credential = proof === undefined ? byProof.credential : { chain: scene.compact, proof };
  const { point, asked } = scene.point(of("parts"));
  const decision = await decide(payment({ ...byProof, credential, ...caller }, call), point, of("parsed"));
  return { decision, asked: asked() };
}

describe("the order of refusals", () => {
  it.each(WAY.map(([code, , wrong], i) => ({ code, wrong, i })))(
    "$i: $code is said before everything that is wrong later, and nothing of a later stage is asked",
    async ({ code, i }) => {
      const { decision, asked } = await withWrong(WAY.slice(i).map(([, , wrong]) => wrong));
      expect(codeOf(decision)).toBe(code);
      const sofar = WAY.slice(0, i + 1).flatMap(([, parts]) => parts);
      expect(asked.filter((part) => part !== "record" || code === "audit_unavailable" || code === "allowed")).toEqual([
        ...sofar,
        ...(LOOKS_DENIED[code] ?? []),
      ]);
    },
  );

  it("what the schema made of the arguments, where it is no data, is said to those who may see the tool alone", async () => {
    const parsed = { parsed: { parsed: new Map() } };
    expect(codeOf((await withWrong([parsed])).decision)).toBe("arguments_malformed");
    const hidden = { parts: { cerbos: answering({ actions: { list: "EFFECT_DENY" } }) } };
    expect(codeOf((await withWrong([parsed, hidden])).decision)).toBe("tool_hidden");
    const unknown = { parts: { users: { find: () => undefined } } };
    expect(codeOf((await withWrong([parsed, unknown])).decision)).toBe("user_unknown");
  });

  it("a tool that the map does not name is one that the policies deny, while a directory is out, too", async () => {
    const users = { find: () => Promise.reject(new Error("down")) };
    const denied = { parts: { users, cerbos: denying() } };
    const unmapped = { parts: { users, tools: {} } };
    for (const wrong of [denied, unmapped]) {
      expect(codeOf((await withWrong([wrong])).decision)).toBe("context_unavailable");
    }
    // What looks denied by itself stays on record as what it is.
    const nobody = { parts: { users: { find: () => undefined }, tools: {} } };
    expect(codeOf((await withWrong([nobody])).decision)).toBe("tool_unmapped");
  });

  it.each(WAY.map(([code, , wrong], i) => ({ code, wrong, i })))(
    "$i: $code is enough to end a call",
    async ({ code, wrong }) => {
      expect(codeOf((await withWrong([wrong])).decision)).toBe(code);
    },
  );
});
