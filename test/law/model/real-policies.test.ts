/**
 * The law on the real engine, under thousands of random policy sets: every prefix of a chain, and the user alone, is asked
 * about the same calls. Nothing longer may be allowed what something shorter is not, and what the policies say of a hop must
 * not depend on who comes after it.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Pdp, startPdp } from "@hopwise/cerbos";
import {
  type Authorizer,
  createAuthorizer,
  createIssuer,
  type Decision,
  delegate,
  generateSigner,
  type HeldDelegation,
  HopwiseError,
  type Issuer,
  memoryState,
  type Session,
  type Signer,
} from "@hopwise/core";
import { type Grant, readGrant } from "@hopwise/core/grant";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ran } from "../../support/ran.ts";
import { anyStrayCall, anyStrayGrant, EVERY, isEvery, part, TOOLS, WIDEST } from "../random/chains.ts";
import { AGENTS, anyPolicySet, numbered, type PolicySet, sourcesOf, writePolicySet } from "../random/policy-sets.ts";
import { expectMet, PATIENCE, report, runs, SEED, thousands } from "../random/runs.ts";
import { oneIn } from "../random/schemas.ts";
import { type Call, covers } from "./model.ts";

const SETS = runs(60, 5000);
/** So many sets share one engine. */
const BATCH = 250;
const ISSUER = "https://id.example";
const AUDIENCE = "https://pay.example/mcp";

const anyWorld = fc.record({
  set: anyPolicySet,
  grants: fc.array(fc.oneof(fc.constant(WIDEST), anyStrayGrant, anyStrayGrant, fc.constant(EVERY)), {
    minLength: AGENTS.length,
    maxLength: AGENTS.length,
  }),
  keep: fc.array(
    fc.array(
      fc.nat(7).map((draw) => draw > 0),
      { minLength: 6, maxLength: 6 },
    ),
    {
      minLength: AGENTS.length,
      maxLength: AGENTS.length,
    },
  ),
  calls: fc.array(anyStrayCall, { minLength: 12, maxLength: 12 }),
  named: fc.oneof({ weight: 3, arbitrary: fc.constant(TOOLS) }, { weight: 1, arbitrary: fc.subarray([...TOOLS]) }),
  /** Whether the anchor lets the issuer hand over every tool. */
  everyTool: oneIn(4).map((not) => !not),
  hasBudget: oneIn(12),
  asksEdges: fc.nat(3).map((draw) => draw > 0),
});
type World = typeof anyWorld extends fc.Arbitrary<infer W> ? W : never;

interface Tally {
  sets: number;
  chains: number;
  calls: number;
  asked: number;
  allowed: number;
  allowedToAgents: number;
  narrowed: number;
  /** Calls that the last hop alone would have been allowed, and an earlier hop is not. */
  savedByEarlierHops: number;
  /** Where the root hands over every tool: calls allowed to agents; chains refused since the anchor does not say so. */
  byEveryTool: number;
  untrusted: number;
  codes: Map<string, number>;
}

/** The longest chain that delegating does not refuse, and each of its prefixes. */
async function grow(
  { grants, keep, hasBudget }: World,
  number: number,
  issuer: Issuer,
  keys: readonly Signer[],
): Promise<HeldDelegation[]> {
  const chain: HeldDelegation[] = [];
  for (const [i, own] of grants.entries()) {
    const parent = chain.at(-1);
    const agent = numbered(AGENTS[i] as string, number);
    const holder = keys[i] as Signer;
    try {
      chain.push(
        parent === undefined
          ? await issuer.issue({
              subject: `alice${number}`,
              agent,
              holder,
              grant: readGrant(own),
              ...(hasBudget && { budget: { id: "b", from: 0, until: 4_000_000_000, calls: CALLS } }),
            })
          : await delegate(parent, { to: agent, holder, grant: part(parent.grant, own, keep[i] ?? []) }),
      );
    } catch (error) {
      if (error instanceof HopwiseError && error.code === "chain_widened") break;
      throw error;
    }
  }
  return chain;
}

/** A budget that some calls of a world use up: shorter chains are asked first, and longer ones spend what these left. */
const CALLS = 3;

/** What was said of each hop must be the same for every chain that begins with these hops. */
function sameVerdicts(shorter: Decision, longer: Decision): void {
  for (const [i, verdict] of shorter.verdicts.entries()) {
    const later = longer.verdicts[i];
    if (later === undefined) continue;
    expect([later.id, later.effect]).toEqual([verdict.id, verdict.effect]);
    if (verdict.delegation !== undefined) expect(later.delegation).toBe(verdict.delegation);
  }
}

async function checkCall(
  call: World["calls"][number],
  asks: readonly ((call: World["calls"][number]) => Promise<Decision>)[],
  grants: readonly Grant[],
  world: World,
  tally: Tally,
): Promise<void> {
  const decisions: Decision[] = [];
  for (const ask of asks) decisions.push(await ask(call));
  const allowed = decisions.map(({ outcome }) => outcome === "allowed");
  const firstDenied = allowed.indexOf(false);
  if (firstDenied !== -1) expect(allowed.slice(firstDenied), "a longer chain was allowed more").not.toContain(true);
  for (const [i, decision] of decisions.entries()) {
    if (i > 0) sameVerdicts(decisions[i - 1] as Decision, decision);
    if (allowed[i]) expect(grants.slice(0, i).every((grant) => covers(grant, here(call, world)))).toBe(true);
    if (i === 0) continue;
    if (allowed[i] && isEvery(grants[0])) tally.byEveryTool++;
  }
  for (const decision of decisions) {
    if (decision.outcome === "denied") tally.codes.set(decision.code, (tally.codes.get(decision.code) ?? 0) + 1);
    const effects = decision.verdicts.map(({ effect }) => effect);
    if (effects.at(-1) === "allow" && effects.slice(0, -1).some((effect) => effect !== "allow"))
      tally.savedByEarlierHops++;
  }
  tally.calls++;
  tally.asked += allowed.length;
  ran("prefixes of a chain asked about a call", allowed.length);
  tally.allowed += allowed.filter(Boolean).length;
  tally.allowedToAgents += allowed.slice(1).filter(Boolean).length;
  if (allowed[0] && firstDenied !== -1) tally.narrowed++;
}

/** The call at an enforcement point that names some tools. */
const here = (call: World["calls"][number], { named }: World): Call => ({
  ...call,
  byPattern: !named.includes(call.tool),
});

/** Three calls that every grant covers, as far as there are any, and one that some grant does not. */
function chosen({ calls, ...world }: World, grants: readonly Grant[]): World["calls"] {
  const isCovered = (call: World["calls"][number]): boolean =>
    grants.every((grant) => covers(grant, here(call, { ...world, calls })));
  return [...calls.filter(isCovered).slice(0, 3), ...calls.filter((call) => !isCovered(call)).slice(0, 1)];
}

async function checkWorld(
  world: World,
  number: number,
  pdp: Pdp,
  issuer: Issuer,
  keys: readonly Signer[],
  tally: Tally,
): Promise<void> {
  const { delegation: kind, ...sources } = sourcesOf(
    world.set,
    number,
    ISSUER,
    keys.map(({ publicJwk }) => publicJwk),
    world.named,
  );
  const now = Date.now();
  const authorizer: Authorizer = createAuthorizer({
    ...sources,
    cerbos: pdp,
    audience: AUDIENCE,
    trust: [{ ...issuer.trustAnchor, everyTool: world.everyTool }],
    delegation: world.asksEdges ? { kind, action: "delegate" } : "grants-only",
    audit: { record: () => {} },
    state: memoryState({ since: 0 }),
    deadlineMs: 20_000,
    clock: () => now, // what is left of a delegation's life is an attribute, and must not change between two questions
  });
  const chain = await grow(world, number, issuer, keys);
  const isTrusted = world.everyTool || !isEvery(chain[0]?.grant);
  const untrusted = { code: "token_untrusted_issuer" };
  for (const held of isTrusted ? [] : chain)
    await expect(authorizer.openSession(held)).rejects.toMatchObject(untrusted);
  if (!isTrusted) tally.untrusted += chain.length;
  const sessions: Session[] = await Promise.all((isTrusted ? chain : []).map((held) => authorizer.openSession(held)));
  const user = { issuer: ISSUER, subject: `alice${number}` };
  const asks = [
    (call: World["calls"][number]) => authorizer.authorize({ ...call, user }),
    ...sessions.map((session) => (call: World["calls"][number]) => session.authorize(call)),
  ];
  const grants = chain.map(({ grant }) => grant);
  for (const call of chosen(world, grants)) await checkCall(call, asks, grants, world, tally);
  tally.sets++;
  ran("policy sets");
  tally.chains += chain.length;
}

/** Starts one engine on a batch of sets and asks about each of them. */
async function checkBatch(
  worlds: readonly World[],
  strictEvaluation: boolean,
  issuer: Issuer,
  keys: readonly Signer[],
  tally: Tally,
): Promise<void> {
  const policies = mkdtempSync(join(tmpdir(), "hopwise-random-policies-"));
  try {
    for (const [number, { set }] of worlds.entries()) writePolicySet(policies, set satisfies PolicySet, number);
    await using pdp = await startPdp({ policies, strictEvaluation, startTimeoutMs: 120_000 });
    for (const [number, world] of worlds.entries()) {
      await checkWorld(world, number, pdp, issuer, keys, tally).catch((cause: unknown) => {
        throw new Error(`HOPWISE_SEED=${SEED}, strict evaluation ${strictEvaluation}: ${JSON.stringify(world)}`, {
          cause,
        });
      });
    }
  } finally {
    rmSync(policies, { recursive: true, force: true });
  }
}

describe("the law on the real engine", () => {
  it(
    "never allows a longer chain more, under random policies with and without strict evaluation",
    async () => {
      const issuer = await createIssuer({
        issuer: ISSUER,
        signer: await generateSigner(),
        audiences: [AUDIENCE],
        subjects: "any",
        tools: "any",
        everyTool: true,
      });
      const keys = await Promise.all(AGENTS.map(() => generateSigner()));
      const tally: Tally = {
        sets: 0,
        chains: 0,
        calls: 0,
        asked: 0,
        allowed: 0,
        allowedToAgents: 0,
        narrowed: 0,
        savedByEarlierHops: 0,
        byEveryTool: 0,
        untrusted: 0,
        codes: new Map(),
      };
      for (let done = 0; done < SETS; done += BATCH) {
        const worlds = fc.sample(anyWorld, { numRuns: Math.min(BATCH, SETS - done), seed: (SEED + done) | 0 });
        await checkBatch(worlds, (done / BATCH) % 2 === 0, issuer, keys, tally);
      }
      report("the law on the real engine", [
        `policy sets: ${thousands(tally.sets)}, chains with their prefixes: ${thousands(tally.chains)}, calls: ${thousands(tally.calls)}`,
        `asked: ${thousands(tally.asked)}, allowed: ${thousands(tally.allowed)}, of these to agents: ${thousands(tally.allowedToAgents)}`,
        `allowed to the user and lost on the way: ${thousands(tally.narrowed)}`,
        `the last hop alone would have been allowed, an earlier one is not: ${thousands(tally.savedByEarlierHops)}`,
        `under every tool: allowed to agents ${thousands(tally.byEveryTool)}, refused where the anchor does not say so ${thousands(tally.untrusted)}`,
        `denials by code: ${[...tally.codes].map(([code, count]) => `${code} ${thousands(count)}`).join(", ")}`,
        "widenings: 0",
      ]);
      expectMet("allowed to agents", tally.allowedToAgents, tally.asked * 0.1);
      expectMet("narrowed", tally.narrowed, tally.calls * 0.35);
      expectMet("saved by earlier hops", tally.savedByEarlierHops, tally.asked * 0.07);
      for (const often of [tally.byEveryTool, tally.untrusted, tally.codes.get("budget_exhausted") ?? 0]) {
        expect(often).toBeGreaterThanOrEqual(runs(0, SETS / 60));
      }
    },
    PATIENCE,
  );
});
