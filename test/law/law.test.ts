/**
 * The one law: a longer chain can never be allowed more than a shorter one, whatever the policies say. Each prefix of a
 * random chain is asked about the same call; once a prefix is denied, everything longer must be denied.
 */
import { createHash } from "node:crypto";
import {
  type AuthorizerOptions,
  createAuthorizer,
  delegate,
  generateSigner,
  type HeldDelegation,
  HopwiseError,
  inMemoryAgents,
  inMemoryUsers,
  memoryState,
  type Session,
  type Signer,
  type ToolMap,
} from "@hopwise/core";
import type { JsonObject, PolicyDecisionPoint } from "@hopwise/core/adapter";
import type { Grant } from "@hopwise/core/grant";
import type { AuxDataSupplier } from "@hopwise/core/sources";
import { answeringPdp } from "@hopwise/core/testing";
import fc from "fast-check";
import { expect, it, vi } from "vitest";
import { ISSUER, PAY_SERVER, tools } from "../../examples/finance-team/company.ts";
import { ran } from "../support/ran.ts";
import { worldHere } from "../support/world.ts";
import { anyCall, anyGrant, part, TOOLS } from "./random/chains.ts";
import { expectMet, PATIENCE, runs } from "./random/runs.ts";

// Thousands of signatures take their time where others use the cores, too.
vi.setConfig({ testTimeout: PATIENCE });

const DEPTH = 3;
const NAMES = ["a1", "a2", "a3"];
const world = await worldHere();

const keys = await Promise.all(NAMES.map(() => generateSigner()));

/** A chain and each of its prefixes, as far as delegating is not refused for widening. */
async function growChain(
  root: Grant,
  others: readonly Grant[],
  keep: readonly (readonly boolean[])[],
): Promise<HeldDelegation[]> {
  const chain = [await world.issuer.issue({ subject: "alice", agent: "a1", holder: keys[0] as Signer, grant: root })];
  for (let i = 1; i < DEPTH; i++) {
    const parent = chain[i - 1] as HeldDelegation;
    try {
      const grant = part(parent.grant, others[i - 1] as Grant, keep[i - 1] as boolean[]);
      chain.push(await delegate(parent, { to: NAMES[i] as string, holder: keys[i] as Signer, grant }));
    } catch (error) {
      if (error instanceof HopwiseError && error.code === "chain_widened") break;
      throw error;
    }
  }
  return chain;
}

interface Tally {
  asked: number;
  allowed: number;
  narrowed: number;
}

/** A session for each prefix of a chain. */
function openAll(chain: readonly HeldDelegation[], options: Partial<AuthorizerOptions>): Promise<Session[]> {
  // Policies may look at how long a delegation lives, so all prefixes are asked at the same moment.
  const now = Date.now();
  const authorizer = createAuthorizer({ ...baseOptions(), clock: () => now, ...options });
  return Promise.all(chain.map((prefix) => authorizer.openSession(prefix)));
}

/** Asks every prefix about one call, and holds the answers against the law. */
async function checkLaw(
  sessions: readonly Session[],
  call: { tool: string; arguments: object },
  tally: Tally,
): Promise<void> {
  const decisions = await Promise.all(sessions.map((session) => session.authorize(call)));
  const answers = decisions.map((decision) => {
    // Only a judgement counts: what merely failed says nothing about the law.
    if (decision.outcome === "denied")
      expect(decision.code).toMatch(/^(policy_denied|delegation_denied|approval_required|grant_)/);
    return decision.outcome === "allowed";
  });
  tally.asked += answers.length;
  ran("prefixes of a chain asked about a call", answers.length);
  tally.allowed += answers.filter(Boolean).length;
  tally.narrowed += answers.includes(true) && answers.includes(false) ? 1 : 0;
  const firstDenied = answers.indexOf(false);
  if (firstDenied !== -1) expect(answers.slice(firstDenied), "a longer chain was allowed more").not.toContain(true);
}

function baseOptions(): AuthorizerOptions {
  return {
    cerbos: world.pdp.client,
    audience: PAY_SERVER,
    trust: [world.issuer.trustAnchor],
    users: inMemoryUsers({ [ISSUER]: { alice: { roles: ["employee"] } } }),
    agents: inMemoryAgents({}),
    tools,
    delegation: { kind: "delegation", action: "delegate" },
    audit: { record: () => {} },
    state: memoryState({ since: 0 }),
    deadlineMs: 30_000,
  };
}

/** The same tools, in a place that depends on the call. */
function placedTools(seed: number): ToolMap {
  const place = (query: object): string =>
    `p${
      createHash("sha256")
        .update(`${seed}${JSON.stringify(query)}`)
        .digest()[0]
    }`;
  const placed = Object.entries(tools).map(([name, entry]) => [name, { ...entry, scope: place, policyVersion: place }]);
  return Object.fromEntries(placed);
}

/** Whatever it is told: of a chain it is told more than of a prefix only about hops that the prefix does not have. */
const auxData: AuxDataSupplier = (query) => ({ jwt: { token: JSON.stringify(query) } });

const grown = fc.record({
  root: anyGrant,
  others: fc.array(anyGrant, { minLength: DEPTH - 1, maxLength: DEPTH - 1 }),
  keep: fc.array(fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }), {
    minLength: DEPTH - 1,
    maxLength: DEPTH - 1,
  }),
  calls: fc.array(anyCall, { minLength: 4, maxLength: 8 }),
});

it("the law holds for thousands of random chains and calls, under policies that decide at random", async () => {
  const tally: Tally = { asked: 0, allowed: 0, narrowed: 0 };
  await fc.assert(
    fc.asyncProperty(grown, fc.integer(), async ({ root, others, keep, calls }, seed) => {
      const agents = inMemoryAgents(
        Object.fromEntries(
          NAMES.map((name, i) => {
            const place = seed % 3 === i ? { scope: `scope${seed % 2}`, policyVersion: "v1" } : {};
            return [name, { roles: ["agent"], keys: [(keys[i] as Signer).publicJwk], ...place }];
          }),
        ),
      );
      const chain = await growChain(root, others, keep);
      const sessions = await openAll(chain, {
        cerbos: randomPolicies(seed),
        agents,
        tools: placedTools(seed),
        auxData,
      });
      for (const call of calls) await checkLaw(sessions, call, tally);
    }),
    { numRuns: runs(400, 4000) },
  );
  expectMet("asked", tally.asked, runs(6400, 64_000));
  expectMet("allowed", tally.allowed, runs(680, 6800));
  expectMet("narrowed", tally.narrowed, runs(410, 4100));
});

interface People {
  readonly alice: { readonly roles: string[]; readonly attributes: JsonObject };
  readonly roles: readonly string[];
}

/** Alice and her three agents, with random roles, for the policies of the story. */
const people: fc.Arbitrary<People> = fc.record({
  alice: fc.record({
    roles: fc.constantFrom(["employee", "analyst"], ["analyst", "employee"], ["employee"]),
    attributes: fc.record({
      department: fc.constantFrom("finance", "finance", "sales"),
      region: fc.constantFrom("EMEA", "EMEA", "AMER"),
      paymentLimit: fc.constantFrom(0, 1000, 10_000),
    }),
  }),
  roles: fc.array(
    fc.constantFrom("finance_agent", "finance_agent", "finance_agent", "reader_agent", "employee", "nobody"),
    { minLength: DEPTH, maxLength: DEPTH },
  ),
});

function sourcesOf({ alice, roles }: People): Pick<AuthorizerOptions, "users" | "agents"> {
  const attributes = { class: "any", owner: "any" };
  const agents = NAMES.map((name, i) => {
    const agent = { roles: [roles[i] as string], attributes, keys: [(keys[i] as Signer).publicJwk] };
    return [name, agent] as const;
  });
  return { users: inMemoryUsers({ [ISSUER]: { alice } }), agents: inMemoryAgents(Object.fromEntries(agents)) };
}

it("the law holds for hundreds of random chains and calls on the real PDP", async () => {
  const tally: Tally = { asked: 0, allowed: 0, narrowed: 0 };
  await fc.assert(
    fc.asyncProperty(grown, people, async ({ root, others, keep, calls }, team) => {
      const chain = await growChain(root, others, keep);
      const sessions = await openAll(chain, sourcesOf(team));
      for (const call of calls.slice(0, 3)) await checkLaw(sessions, call, tally);
    }),
    { numRuns: runs(250, 2500) },
  );
  expectMet("asked", tally.asked, runs(2000, 20_000));
  expectMet("allowed", tally.allowed, runs(105, 1050));
  expectMet("narrowed", tally.narrowed, runs(68, 680));
});

/** The same tools without listing actions: what of them is shown is planned. */
const planned: ToolMap = Object.fromEntries(
  Object.entries(tools).map(([name, { list: _, ...entry }]) => [name, entry]),
);

it.each<[string, ToolMap]>([
  ["a listing action", tools],
  ["plans", planned],
])("the law holds for lists by %s on the real PDP, and what can be called is shown", async (_, map) => {
  const tally = { shown: 0, narrowed: 0, callable: 0 };
  await fc.assert(
    fc.asyncProperty(grown, people, async ({ root, others, keep, calls }, team) => {
      const now = Date.now();
      const options = { ...baseOptions(), ...sourcesOf(team), tools: map, clock: () => now };
      const authorizer = createAuthorizer(options);
      let before: readonly string[] = TOOLS;
      for (const prefix of await growChain(root, others, keep)) {
        const session = await authorizer.openSession(prefix);
        const answer = await session.list(TOOLS.map((tool) => ({ tool })));
        if (answer.outcome === "denied") throw new Error(answer.message);
        const shown = TOOLS.filter((_, i) => answer.shown[i]);
        expect(before, "a longer chain was shown more").toEqual(expect.arrayContaining(shown));
        tally.shown += shown.length;
        ran("prefixes of a chain asked for a list");
        if (shown.length < before.length) tally.narrowed++;
        before = shown;
        for (const call of calls.slice(0, 2)) {
          if ((await session.authorize(call)).outcome !== "allowed") continue;
          expect(shown, "a tool that can be called is hidden").toContain(call.tool);
          tally.callable++;
        }
      }
    }),
    { numRuns: runs(150, 1500) },
  );
  expectMet("shown", tally.shown, runs(190, 1900));
  expectMet("narrowed", tally.narrowed, runs(230, 2300));
  expectMet("callable", tally.callable, runs(42, 420));
});

/** Policies without rhyme or reason: each question has an answer of its own, always the same. */
function randomPolicies(seed: number): PolicyDecisionPoint {
  const pdp = answeringPdp(({ principal, resource, action, auxData }) => {
    const [byte = 0] = createHash("sha256")
      .update(`${seed}${JSON.stringify([principal, resource, action, auxData])}`)
      .digest();
    return byte % 5 === 0 ? "deny" : "allow";
  });
  return { ...pdp, planResources: () => Promise.reject(new Error("not asked")) };
}

it("the random calls are drawn from every tool", () => {
  expect(fc.sample(anyCall, 200).map(({ tool }) => tool)).toEqual(expect.arrayContaining([...TOOLS]));
});
