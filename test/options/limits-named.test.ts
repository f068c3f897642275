import { createIssuer, delegate, generateSigner, parseDelegation, serialize } from "@hopwise/core";
import { anyArguments, exact, type Grant, grant, object, wildcard } from "@hopwise/core/grant";
import { createCompany } from "@hopwise/core/testing";
import { type Limits, prove } from "@hopwise/core/tokens";
import { describe, expect, it } from "vitest";

// Whoever meets a limit has to learn which of `limits` it is; and raising that one, and those of sizes, has to help.

const company = await createCompany();
const audience = [company.audience].flat();
const [signer, other] = [await generateSigner(), await generateSigner()];
const SIZES = { tokenBytes: 100_000, chainBytes: 200_000 };

interface Row {
  /** Does what is beyond the limit, with the limits that are given, and by those of the defaults else. */
  readonly go: (limits?: Partial<Limits>) => Promise<unknown>;
  readonly raised: number;
  /** How one that is lower than by default has to be set, where nothing is beyond that. */
  readonly lowered?: number;
}

async function issue(
  handed: Grant,
  limits?: Partial<Limits>,
  more: object = {},
  pinned: object = {},
): Promise<unknown> {
  const issuer = await createIssuer({
    issuer: company.issuer.trustAnchor.issuer,
    signer,
    audiences: audience,
    subjects: "any",
    tools: "any",
    clock: company.clock,
    ...pinned,
    ...(limits && { limits }),
  });
  const holder = company.keys["planner"] ?? other;
  const held = await issuer.issue({ subject: "alice", agent: "planner", holder, grant: handed, ...more });
  // Issued is not enough: it has to be read, handed on and verified, too.
  await parseDelegation(serialize(held), { ...(limits && { limits }) });
  const order = { to: "reader", holder: other, grant: handed, clock: company.clock, ...(limits && { limits }) };
  await delegate(held, order);
  const authorizer = company.authorizer({ trust: [issuer.trustAnchor], ...(limits && { limits }) });
  const decision = await authorizer.call(held, "send_payment", {});
  if (decision.outcome === "denied" && decision.stage === "token") throw decision;
  return decision;
}

const named = (count: number, name: string, value: unknown) =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`${name}${i}`, value]));
const tools = (handed: object): Grant => grant(handed as Record<string, typeof anyArguments>);
const nested = (levels: number): ReturnType<typeof wildcard | typeof object> =>
  levels === 0 ? wildcard() : object({ a: nested(levels - 1) });
const deep = (levels: number): object => (levels === 0 ? {} : { a: deep(levels - 1) });
const all = grant({ send_payment: anyArguments });
const proven = async (args: object, limits?: Partial<Limits>) => {
  const planner = await company.chain("alice", "planner");
  const given = { tool: "send_payment", arguments: args as Record<string, string>, audience: company.audience };
  return prove(planner, { ...given, clock: company.clock, ...(limits && { limits }) });
};

const ROWS: { readonly [Name in keyof Limits]: Row | "a matter of clocks, and told as one" } = {
  tokenBytes: {
    go: (limits) => issue(tools({ pay: named(60, "argument", exact("x".repeat(200))) }), limits),
    raised: 100_000,
  },
  chainBytes: {
    go: async (limits) =>
      parseDelegation(serialize(await company.chain("alice", "planner")), { limits: { ...limits } }),
    raised: 8000,
    lowered: 256,
  },
  chainTokens: { go: (limits) => issue(all, limits, {}, { maxDepth: 20 }), raised: 30 },
  tools: { go: (limits) => issue(tools(named(300, "tool", anyArguments)), limits), raised: 300 },
  argumentsPerTool: { go: (limits) => issue(tools({ pay: named(70, "argument", wildcard()) }), limits), raised: 70 },
  constraintDepth: { go: (limits) => issue(tools({ pay: { a: nested(12) } }), limits), raised: 12 },
  nameLength: { go: (limits) => issue(tools({ pay: { ["n".repeat(300)]: wildcard() } }), limits), raised: 300 },
  valueLength: { go: (limits) => issue(tools({ pay: { a: exact("v".repeat(5000)) } }), limits), raised: 5000 },
  argumentsSize: { go: (limits) => proven({ a: "x".repeat(70_000) }, limits), raised: 80_000 },
  argumentsDepth: { go: (limits) => proven(deep(20), limits), raised: 24 },
  lifetimeSeconds: { go: (limits) => issue(all, limits, { lifetimeSeconds: 604_800 }), raised: 604_800 },
  skewSeconds: "a matter of clocks, and told as one",
  proofWindowSeconds: "a matter of clocks, and told as one",
};

describe.each(Object.entries(ROWS).flatMap(([name, row]) => (typeof row === "string" ? [] : [{ name, ...row }])))(
  "the limit $name",
  ({ name, go, raised, lowered }) => {
    it("is named to whoever goes beyond it", async () => {
      const limits = lowered === undefined ? undefined : { [name]: lowered };
      await expect(go(limits)).rejects.toThrow(`set limits: { ${name} } of `);
    });

    it("lets more pass once it is raised", async () => {
      await expect(go({ ...SIZES, [name]: raised })).resolves.toBeDefined();
    });
  },
);
