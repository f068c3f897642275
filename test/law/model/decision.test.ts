/**
 * The law over a hundred thousand random chains and calls: what the stages after the token decide is what the model
 * says, and no chain is allowed what a shorter one is not. Nothing is signed here; chains are what a verifier would give.
 */
import { type Grant, isNarrower, type JsonObject, memoryAudit, type ToolMap } from "@hopwise/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createAdmission, type DecisionContext } from "../../../packages/core/src/admission.ts";
import { checkGrants } from "../../../packages/core/src/check-call.ts";
import { beginInvocation } from "../../../packages/core/src/invocation.ts";
import { NO_TELEMETRY } from "../../../packages/core/src/telemetry/index.ts";
import { type Chain, DEFAULT_LIMITS, type Link } from "../../../packages/core/src/token/index.ts";
import { ran } from "../../support/ran.ts";
import { anyStrayCall, anyStrayGrant, part } from "../random/chains.ts";
import { answerOf, handingOver, randomDecisionPoint } from "../random/policies.ts";
import { breathe, PATIENCE, report, runs, SEED, thousands } from "../random/runs.ts";
import { type Call, isAllowed, type ModelChain, type Policies } from "./model.ts";

const CASES = runs(1000, 100_000);
const CHUNK = 2000;
const AGENTS = ["a1", "a2", "a3", "a4"];
const NOW = 1_800_000_000;
const AUDIENCE = "https://pay.example/mcp";
const TOOLS: ToolMap = Object.fromEntries(
  ["get_transactions", "read_invoice", "send_payment"].map((tool) => [tool, { kind: tool, action: "use" }]),
);

interface Case {
  readonly grants: readonly Grant[];
  readonly keep: readonly (readonly boolean[])[];
  readonly calls: readonly Call[];
  readonly seed: number;
  readonly edges: boolean;
}

const anyCase: fc.Arbitrary<Case> = fc.record({
  grants: fc.array(anyStrayGrant, { minLength: 1, maxLength: AGENTS.length }),
  keep: fc.array(fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }), { minLength: 4, maxLength: 4 }),
  calls: fc.array(anyStrayCall, { minLength: 1, maxLength: 2 }),
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

function verifiedChain({ user, links }: ModelChain): Chain {
  const tokens = links.map(
    ({ agent, grant }) => ({ agent, grant, hash: agent, expiresAt: NOW + 60 }) as unknown as Link,
  );
  return {
    id: "root",
    subject: { issuer: "https://id.example", subject: user },
    links: tokens,
    rootAudience: [AUDIENCE],
    audience: [AUDIENCE],
    expiresAt: NOW + 60,
    holder: undefined,
  } as unknown as Chain;
}

/** The way of a call after its chain verified and its holder was proven: grants, context, policies, record. */
async function decide(model: ModelChain, call: Call, { seed, edges }: Case): Promise<boolean> {
  const context: DecisionContext = {
    cerbos: randomDecisionPoint(seed),
    users: { find: ({ subject }) => ({ id: subject, roles: rolesOf(subject) }) },
    tools: TOOLS,
    delegation: edges ? { kind: "delegation", action: "delegate" } : "grants-only",
    deadlineMs: 10_000,
    limits: DEFAULT_LIMITS,
    nowSeconds: () => NOW,
  };
  const audit = memoryAudit();
  const clock = (): number => NOW * 1000;
  const invocation = beginInvocation({
    tool: call.tool,
    audience: AUDIENCE,
    via: "session",
    named: true,
    audit,
    telemetry: NO_TELEMETRY,
    deadlineMs: 10_000,
    clock,
  });
  invocation.verified = true;
  invocation.received = call.arguments as JsonObject;
  const { subject, ...chain } = verifiedChain(model);
  if (model.links.length > 0) invocation.chain = { ...chain, subject };
  try {
    if (invocation.chain !== undefined) {
      const granted = invocation.chain;
      await invocation.stage("grant", () => checkGrants(granted, AUDIENCE, call.tool, invocation.received));
    }
  } catch (error) {
    return (await invocation.deny(error)).outcome !== "denied";
  }
  const agents = model.links.map(({ agent }) => ({ roles: rolesOf(agent) }));
  const { outcome } = await createAdmission(context, invocation, {
    subject,
    agents,
    origins: [],
    at: AUDIENCE,
  }).decide();
  expect(audit.records.map((record) => record.outcome)).toEqual([outcome]);
  return outcome === "allowed";
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
}

async function check(random: Case, tally: Tally): Promise<void> {
  const links = linksOf(random);
  tally.chains++;
  if (links.some(({ grant }, i) => i > 0 && !isNarrower(links[i - 1]?.grant as Grant, grant))) tally.widened++;
  const policies: Policies = {
    allows: (upTo, { tool, arguments: args }) =>
      answerOf(random.seed, { upTo, roles: rolesOf(upTo.at(-1) as string) }, [tool, args]) === "allow",
    ...(random.edges && {
      handsOver: (upTo, to, grant) =>
        answerOf(random.seed, { upTo, roles: rolesOf(upTo.at(-1) as string) }, handingOver(to, grant)) === "allow",
    }),
  };
  for (const call of random.calls) {
    tally.pairs++;
    const answers: boolean[] = [];
    for (let length = 0; length <= links.length; length++) {
      const chain: ModelChain = { user: "alice", links: links.slice(0, length) };
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
  }
}

describe("the decision", () => {
  it(
    "is the model's, for random chains, calls and policies, and never more for a longer chain",
    async () => {
      const tally: Tally = { chains: 0, pairs: 0, asked: 0, allowed: 0, narrowed: 0, widened: 0, stoppedByGrant: 0 };
      for (let done = 0; done < CASES; done += CHUNK) {
        const property = fc.asyncProperty(anyCase, (random) => check(random, tally));
        await fc.assert(property, { numRuns: Math.min(CHUNK, CASES - done), seed: (SEED + done) | 0 });
        await breathe();
      }
      // A law that is never put to the test holds trivially.
      expect(tally.allowed / tally.asked).toBeGreaterThan(0.2);
      expect(tally.narrowed / tally.pairs).toBeGreaterThan(0.2);
      expect(tally.stoppedByGrant / tally.pairs).toBeGreaterThan(0.2);
      report("decisions, nothing signed", [
        `chains: ${thousands(tally.chains)}, pairs of chain and call: ${thousands(tally.pairs)}, asked with every prefix: ${thousands(tally.asked)}`,
        `allowed: ${thousands(tally.allowed)}; calls allowed to the user and lost on the way: ${thousands(tally.narrowed)}`,
        `calls outside of some grant: ${thousands(tally.stoppedByGrant)}; chains with a link that is not narrower: ${thousands(tally.widened)}`,
        "differences from the model: 0, widenings: 0",
      ]);
    },
    PATIENCE,
  );
});
