/**
 * Shadow mode beside the law: where it is off nothing changes, and where it is on a call runs if and only if it runs without,
 * or is denied with a code that shadow mode lets through. Random chains, calls and policies, each asked both ways.
 */
import { createHash } from "node:crypto";
import {
  type AuthorizerOptions,
  createAuthorizer,
  type Decision,
  delegate,
  generateSigner,
  type HeldDelegation,
  HopwiseError,
  inMemoryAgents,
  inMemoryUsers,
  memoryState,
  type Signer,
} from "@hopwise/core";
import type { PolicyDecisionPoint } from "@hopwise/core/adapter";
import type { Grant } from "@hopwise/core/grant";
import { answeringPdp } from "@hopwise/core/testing";
import fc from "fast-check";
import { beforeAll, expect, it, vi } from "vitest";
import { ISSUER, PAY_SERVER, tools } from "../../examples/finance-team/company.ts";
import { ran } from "../support/ran.ts";
import { worldHere } from "../support/world.ts";
import { anyCall, anyGrant, part, TOOLS } from "./random/chains.ts";
import { expectMet, PATIENCE, runs } from "./random/runs.ts";

vi.setConfig({ testTimeout: PATIENCE });

const NAMES = ["a1", "a2"] as const;
/** What random policies and grants can end a call with, and shadow mode lets run. */
const LET = /^(policy_denied|delegation_denied|approval_required|budget_exhausted|grant_\w+)$/;

const world = await worldHere();
let keys: readonly [Signer, Signer];
beforeAll(async () => {
  keys = [await generateSigner(), await generateSigner()];
});

/** alice → a1, and → a2 where what a1 may hand on is not refused for widening. */
async function grow(root: Grant, other: Grant, keep: readonly boolean[]): Promise<readonly HeldDelegation[]> {
  const first = await world.issuer.issue({ subject: "alice", agent: NAMES[0], holder: keys[0], grant: root });
  try {
    const grant = part(root, other, [...keep]);
    return [first, await delegate(first, { to: NAMES[1], holder: keys[1], grant })];
  } catch (error) {
    if (error instanceof HopwiseError && error.code === "chain_widened") return [first];
    throw error;
  }
}

/** A decision without what differs from call to call. */
function essenceOf({ invocation: _, time: __, timings: ___, context: ____, ...rest }: Decision): unknown {
  const verdicts = rest.verdicts.map(({ cerbosCallId: _, cerbosPositions: __, ...verdict }) => verdict);
  return JSON.parse(JSON.stringify({ ...rest, verdicts }));
}

type Mode = Pick<AuthorizerOptions, "shadow">;

function options(cerbos: PolicyDecisionPoint, now: number): AuthorizerOptions {
  const agents = Object.fromEntries(NAMES.map((name, i) => [name, { ...AGENT, keys: [keys[i]?.publicJwk ?? ""] }]));
  return {
    cerbos,
    audience: PAY_SERVER,
    trust: [world.issuer.trustAnchor],
    users: inMemoryUsers({ [ISSUER]: { alice: ALICE } }),
    agents: inMemoryAgents(agents),
    tools,
    audit: { record: () => {} },
    state: memoryState({ since: 0 }),
    deadlineMs: 30_000,
    clock: () => now,
    onWarning: () => {},
  };
}

const AGENT = { roles: ["finance_agent"], attributes: { class: "any", owner: "any" } };
const attributes = { department: "finance", region: "EMEA", paymentLimit: 1000 };
const ALICE = { roles: ["employee", "analyst"], attributes };

const grown = fc.record({
  root: anyGrant,
  other: anyGrant,
  keep: fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }),
  calls: fc.array(anyCall, { minLength: 2, maxLength: 5 }),
});

interface Tally {
  asked: number;
  allowed: number;
  let: number;
}

/** Asks about each call in these modes, the first of which enforces. */
async function askBoth(
  { root, other, keep, calls }: typeof grown extends fc.Arbitrary<infer Case> ? Case : never,
  cerbos: PolicyDecisionPoint,
  mode: (tool: string) => Mode,
  check: (plain: Decision, shadowed: Decision) => void,
): Promise<void> {
  const own = options(cerbos, Date.now());
  for (const chain of await grow(root, other, keep)) {
    for (const call of calls) {
      const asked = [{}, mode(call.tool)].map(async (more) => {
        const session = await createAuthorizer({ ...own, ...more }).openSession(chain);
        return session.authorize({ ...call, fulfils: true });
      });
      const [plain, shadowed] = (await Promise.all(asked)) as [Decision, Decision];
      ran("calls asked with shadow mode and without");
      check(plain, shadowed);
    }
  }
}

const inShadow =
  (tally: Tally) =>
  (plain: Decision, shadowed: Decision): void => {
    tally.asked++;
    if (plain.outcome === "denied" && LET.test(plain.code)) {
      const { code, stage, message, hop } = plain;
      expect(shadowed).toMatchObject({ outcome: "allowed", enforced: false, shadow: { code, stage, message, hop } });
      tally.let++;
      return;
    }
    if (plain.outcome === "pending") {
      expect(shadowed).toMatchObject({ outcome: "allowed", shadow: { code: "approval_required" } });
      tally.let++;
      return;
    }
    expect(essenceOf(shadowed)).toEqual(essenceOf(plain));
    tally.allowed += plain.outcome === "allowed" ? 1 : 0;
  };

it.each<[string, (seed: number) => PolicyDecisionPoint, number]>([
  ["policies that decide at random", randomPolicies, runs(200, 2000)],
  ["the policies of the story on the real PDP", () => world.pdp.client, runs(100, 1000)],
])(
  "under %s a call runs if and only if it runs without, or its denial is one to let run",
  async (_, policies, times) => {
    const tally: Tally = { asked: 0, allowed: 0, let: 0 };
    await fc.assert(
      fc.asyncProperty(grown, fc.integer(), (given, seed) =>
        askBoth(given, policies(seed), () => ({ shadow: seed % 2 === 0 ? true : "everything" }), inShadow(tally)),
      ),
      { numRuns: times },
    );
    expectMet("asked", tally.asked, 6 * times);
    expectMet("allowed", tally.allowed, times);
    expectMet("let run", tally.let, 5 * times);
  },
);

it("of tools that are not in shadow mode, nothing changes", async () => {
  const others = (tool: string): Mode => ({
    shadow: TOOLS.filter((name) => name !== tool && !name.startsWith("mcp:")),
  });
  await fc.assert(
    fc.asyncProperty(grown, fc.integer(), (given, seed) =>
      askBoth(given, randomPolicies(seed), others, (plain, shadowed) =>
        expect(essenceOf(shadowed)).toEqual(essenceOf(plain)),
      ),
    ),
    { numRuns: runs(60, 600) },
  );
});

/** Each question has an answer of its own, always the same. */
function randomPolicies(seed: number): PolicyDecisionPoint {
  const pdp = answeringPdp(({ principal, resource, action }) => {
    const question = JSON.stringify([principal, { ...resource, attr: { ...resource.attr, expiresIn: 0 } }, action]);
    const [byte = 0] = createHash("sha256").update(`${seed}${question}`).digest();
    return byte % 4 === 0 ? "deny" : "allow";
  });
  return { ...pdp, planResources: () => Promise.reject(new Error("not asked")) };
}
