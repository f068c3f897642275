/**
 * The law over a hundred thousand random chains and calls: what the stages after the token decide is what the model
 * says, and no chain is allowed what a shorter one is not. Nothing is signed here; chains are what a verifier would give.
 */
import { memoryAudit, memoryState, type ToolMap } from "@hopwise/core";
import type { JsonObject } from "@hopwise/core/adapter";
import type { Grant } from "@hopwise/core/grant";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { wideningOf } from "../../../packages/core/src/grant/index.ts";
import type { Budget, Chain, Link, Thumbprint } from "../../../packages/core/src/token/index.ts";
import { admit } from "../../../packages/core/src/way/admission.ts";
import type { IncomingCaller } from "../../../packages/core/src/way/call.ts";
import type { EnforcementPoint } from "../../../packages/core/src/way/options.ts";
import { LEFT_OUT } from "../../../packages/core/src/way/point.fixture.ts";
import { shadowOf } from "../../../packages/core/src/way/shadow.ts";
import { ran } from "../../support/ran.ts";
import { anySchema, anyStrayCall, anyWideGrant, isEvery, part, TOOLS } from "../random/chains.ts";
import { answerOf, handingOver, randomDecisionPoint } from "../random/policies.ts";
import { breathe, expectMet, PATIENCE, report, runs, SEED, thousands } from "../random/runs.ts";
import { oneIn, readBy } from "../random/schemas.ts";
import { type Call, isAllowed, type ModelChain, type Policies } from "./model.ts";

const CASES = runs(1000, 100_000);
const CHUNK = 2000;
const AGENTS = ["a1", "a2", "a3", "a4"];
const NOW = 1_800_000_000;
const KEY = "key" as Thumbprint;
const AUDIENCE = "https://pay.example/mcp";
const BUDGET: Budget = { id: "b", from: NOW - 60, until: NOW + 60, calls: 1_000_000 };

interface Case {
  readonly grants: readonly Grant[];
  readonly keep: readonly (readonly boolean[])[];
  readonly calls: readonly Call[];
  /** The tools that the tool map names one by one; the others are of its `"*"`. */
  readonly named: readonly string[];
  readonly hasBudget: boolean;
  readonly seed: number;
  readonly edges: boolean;
}

/** A call, and, every third time, what the tool's own schema makes of its arguments. */
const anyReadCall: fc.Arbitrary<Call> = fc
  .record({ call: anyStrayCall, schema: anySchema, isRead: oneIn(3) })
  .map(({ call, schema, isRead }) => {
    if (!isRead) return call;
    const { parsed, inputSchema, adds } = readBy(schema, call.arguments);
    return { ...call, read: parsed, announced: inputSchema, adds };
  });

const anyCase: fc.Arbitrary<Case> = fc.record({
  grants: fc.array(anyWideGrant, { minLength: 1, maxLength: AGENTS.length }),
  keep: fc.array(fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }), { minLength: 4, maxLength: 4 }),
  calls: fc.array(anyReadCall, { minLength: 1, maxLength: 2 }),
  named: fc.oneof({ weight: 3, arbitrary: fc.constant(TOOLS) }, { weight: 1, arbitrary: fc.subarray([...TOOLS]) }),
  hasBudget: oneIn(12),
  seed: fc.nat(),
  edges: fc.boolean(),
});

/** Each agent hands on a part of what it was given, or something else altogether. */
function linksOf({ grants, keep }: Case): ModelChain["links"] {
  const links: { agent: string; grant: Grant }[] = [];
  for (const [i, grant] of grants.entries()) {
    const parent = links[i - 1]?.grant;
    links.push({
      agent: AGENTS[i] as string,
      grant: parent === undefined ? grant : part(parent, grant, keep[i] ?? []),
    });
  }
  return links;
}

const rolesOf = (hop: string): readonly string[] => [`${hop}s`];

function verifiedChain({ user, links, hasBudget }: ModelChain): Chain {
  const tokens = links.map(({ agent, grant }, i) => {
    const budget = hasBudget && i === 0 ? BUDGET : undefined;
    return { agent, grant, hash: agent, key: KEY, expiresAt: NOW + 60, budget } as unknown as Link;
  });
  return {
    id: "root",
    user: { issuer: "https://id.example", subject: user },
    links: tokens,
    rootKey: KEY,
    rootAudience: [AUDIENCE],
    audience: [AUDIENCE],
    expiresAt: NOW + 60,
    holder: undefined,
  } as unknown as Chain;
}

/** The way of a call, from a chain that a verifier would give to the record. */
async function decide(model: ModelChain, call: Call, { seed, edges, named }: Case): Promise<boolean> {
  const audit = memoryAudit();
  const chain = verifiedChain(model);
  const point: EnforcementPoint = {
    ...LEFT_OUT,
    cerbos: randomDecisionPoint(seed),
    verifier: { verify: async () => chain, lookAgain: async () => {}, verifyExpired: async () => chain },
    users: { find: ({ subject }) => ({ id: subject, roles: rolesOf(subject) }) },
    agents: { find: (name) => ({ roles: rolesOf(name), keys: [KEY] }) },
    tools: toolsOf(call, named),
    delegation: edges ? { kind: "delegation", action: "delegate" } : "grants-only",
    audience: [AUDIENCE],
    state: memoryState(),
    userIds: (_, { subject }) => subject,
    audit,
    shadow: shadowOf({ tools: {} }),
    clock: () => NOW * 1000,
    nowSeconds: () => NOW,
  };
  const caller: IncomingCaller =
    model.links.length === 0
      ? { via: "user", user: chain.user }
      : { via: "session", holder: async () => ({ held: undefined as never, compact: "", audience: AUDIENCE }) };
  const admitted = await admit({ tool: call.tool, arguments: call.arguments, traceparent: undefined, caller }, point);
  const read = { parsed: call.read, inputSchema: call.announced as JsonObject | undefined };
  const { outcome } = admitted.outcome === "admitted" ? await admitted.decide(read) : admitted;
  expect(audit.records.map((record) => record.outcome)).toEqual([outcome]);
  return outcome === "allowed";
}

/** The tools that are named, and one entry for the others. Whichever it is says what is the tool's own. */
function toolsOf({ tool, adds = [] }: Call, named: readonly string[]): ToolMap {
  const entry = { kind: "thing", action: (name: string) => name };
  const names = [...named, "*"];
  const its = named.includes(tool) ? tool : "*";
  return Object.fromEntries(names.map((name) => [name, name === its ? { ...entry, adds } : entry]));
}

interface Tally {
  chains: number;
  pairs: number;
  asked: number;
  allowed: number;
  narrowed: number;
  /** Chains that a verifier would refuse, since a link is not narrower; asked about all the same. */
  widened: number;
  stoppedByGrant: number;
  /** Calls of chains whose first agent has every tool; of which a schema changed the arguments; of chains with a budget. */
  everyTool: { asked: number; allowed: number };
  read: { asked: number; allowed: number };
  budgets: number;
}

async function check(random: Case, tally: Tally): Promise<void> {
  const links = linksOf(random);
  tally.chains++;
  if (links.some(({ grant }, i) => i > 0 && wideningOf(links[i - 1]?.grant as Grant, grant) !== undefined))
    tally.widened++;
  const policies: Policies = {
    allows: (upTo, { tool, arguments: sent, read = sent }) =>
      answerOf(random.seed, { upTo, roles: rolesOf(upTo.at(-1) as string) }, [tool, read]) === "allow",
    ...(random.edges && {
      handsOver: (upTo, to, grant, call) =>
        answerOf(random.seed, { upTo, roles: rolesOf(upTo.at(-1) as string) }, handingOver(to, grant, call)) ===
        "allow",
    }),
  };
  const { hasBudget } = random;
  for (const own of random.calls) {
    const call: Call = { ...own, byPattern: !random.named.includes(own.tool) };
    tally.pairs++;
    const answers: boolean[] = [];
    for (let length = 0; length <= links.length; length++) {
      const chain: ModelChain = { user: "alice", links: links.slice(0, length), hasBudget };
      const allowed = await decide(chain, call, random);
      const expected = isAllowed(chain, call, policies);
      expect(allowed, JSON.stringify({ chain, call, seed: random.seed, edges: random.edges })).toBe(expected);
      answers.push(allowed);
    }
    const firstDenied = answers.indexOf(false);
    if (firstDenied !== -1) expect(answers.slice(firstDenied), "a longer chain was allowed more").not.toContain(true);
    tally.asked += answers.length;
    ran("prefixes of a chain asked about a call", answers.length);
    tally.allowed += answers.filter(Boolean).length;
    if (answers[0] && firstDenied !== -1) tally.narrowed++;
    if (!isAllowed({ user: "alice", links }, call, { allows: () => true })) tally.stoppedByGrant++;
    const toAgents = answers.slice(1);
    const count = (of: { asked: number; allowed: number }): void => {
      of.asked += toAgents.length;
      of.allowed += toAgents.filter(Boolean).length;
    };
    if (isEvery(links[0]?.grant)) count(tally.everyTool);
    if (call.read !== undefined && JSON.stringify(call.read) !== JSON.stringify(call.arguments)) count(tally.read);
    if (hasBudget) tally.budgets++;
  }
}

describe("the decision", () => {
  it(
    "is the model's, for random chains, calls and policies, and never more for a longer chain",
    async () => {
      const tally: Tally = {
        chains: 0,
        pairs: 0,
        asked: 0,
        allowed: 0,
        narrowed: 0,
        widened: 0,
        stoppedByGrant: 0,
        everyTool: { asked: 0, allowed: 0 },
        read: { asked: 0, allowed: 0 },
        budgets: 0,
      };
      for (let done = 0; done < CASES; done += CHUNK) {
        const property = fc.asyncProperty(anyCase, (random) => check(random, tally));
        await fc.assert(property, { numRuns: Math.min(CHUNK, CASES - done), seed: (SEED + done) | 0 });
        await breathe();
      }
      expectMet("allowed", tally.allowed, tally.asked * 0.32);
      expectMet("narrowed", tally.narrowed, tally.pairs * 0.71);
      expectMet("stopped by a grant", tally.stoppedByGrant, tally.pairs * 0.78);
      for (const { asked, allowed } of [tally.everyTool, tally.read]) expectMet("allowed", allowed, asked * 0.08);
      expectMet("budgets", tally.budgets, tally.pairs * 0.1);
      const share = ({ asked, allowed }: { asked: number; allowed: number }): string =>
        `${thousands(asked)} asked, ${thousands(allowed)} allowed`;
      report("decisions, nothing signed", [
        `chains: ${thousands(tally.chains)}, pairs of chain and call: ${thousands(tally.pairs)}, asked with every prefix: ${thousands(tally.asked)}`,
        `allowed: ${thousands(tally.allowed)}; calls allowed to the user and lost on the way: ${thousands(tally.narrowed)}`,
        `calls outside of some grant: ${thousands(tally.stoppedByGrant)}; chains with a link that is not narrower: ${thousands(tally.widened)}`,
        `agents under every tool: ${share(tally.everyTool)}; where a schema changed the arguments: ${share(tally.read)}`,
        `calls by chains with a budget, all refused: ${thousands(tally.budgets)}`,
        "differences from the model: 0, widenings: 0",
      ]);
    },
    PATIENCE,
  );
});
