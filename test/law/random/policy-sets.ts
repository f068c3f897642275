/**
 * Random policy sets for the real engine: rules that allow and deny, conditions on the hop, the resource and the
 * arguments, derived roles, role policies, principal policies, reasons, rules on handing over. Each set has kinds, roles
 * and agents of its own, so that hundreds of sets can share one engine.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { PublicJwk, ToolEntry, ToolMap } from "@hopwise/core";
import { inMemoryAgents, inMemoryUsers } from "@hopwise/core";
import type { JsonObject } from "@hopwise/core/adapter";
import type { AgentRegistry, UserDirectory } from "@hopwise/core/sources";
import fc from "fast-check";
import { TOOLS } from "./chains.ts";

/** Stands for the number of the set in every name of it. */
const N = "NN";
const DELEGATION = `delegation${N}`;
const kindOf = (tool: string): string => `${tool}${N}`;
const ACTIONS: readonly string[] = ["use", "delegate", "other"];
const ROLES = [`staff${N}`, `lead${N}`, `worker${N}`, `reader${N}`];
export const AGENTS: readonly string[] = [1, 2, 3].map((i) => `a${i}-${N}`);

/** Of the hop that is asked, and of who it acts for. Some fail where an attribute is missing. */
const ABOUT_HOP = [
  "P.attr.limit > 500.0",
  "P.attr.trusted",
  'P.attr.delegation.kind == "agent"',
  'P.attr.delegation.kind == "user"',
  "P.attr.delegation.depth < 2.0",
  "P.attr.delegation.depth != 1.0",
  "size(P.attr.delegation.chain) <= 2",
  `P.attr.delegation.chain.exists(h, h.id == "agent:a2-${N}")`,
  'P.attr.delegation.delegator.kind == "user"',
  `"lead${N}" in P.attr.delegation.user.roles`,
  `P.id == "agent:a1-${N}"`,
  "P.attr.missing == 1",
];

const ABOUT_CALL = [
  "R.attr.args.amount <= P.attr.limit",
  "R.attr.args.amount <= P.attr.delegation.user.attr.limit",
  "R.attr.args.amount > 500.0",
  'R.attr.args.to.startsWith("G")',
  "has(R.attr.args.memo)",
  'R.id == "INV-7"',
  "R.attr.region == P.attr.region",
  "R.attr.region == P.attr.delegation.user.attr.region",
];

const ABOUT_HANDING_OVER = [
  "R.attr.depth <= 2.0",
  'R.attr.toKind == "agent"',
  `R.attr.to == "agent:a2-${N}"`,
  "R.attr.expiresIn < 3000.0",
  '"send_payment" in R.attr.actions',
  "size(R.attr.actions) < 3",
  "!R.attr.everyTool",
];

type Json = { readonly [name: string]: unknown };

/** How often of a hundred draws. */
const often = (percent: number): fc.Arbitrary<boolean> => fc.nat(99).map((draw) => draw < percent);
const some = (of: readonly string[]): fc.Arbitrary<readonly string[]> => fc.subarray([...of], { minLength: 1 });
/** Present so often, else left out. */
const maybe = (percent: number, member: fc.Arbitrary<Json>): fc.Arbitrary<Json> =>
  fc.tuple(often(percent), member).map(([is, value]) => (is ? value : {}));

const condition = (atoms: readonly string[]): fc.Arbitrary<Json> =>
  fc
    .record({
      of: fc.array(fc.constantFrom(...atoms), { minLength: 1, maxLength: 3 }),
      how: fc.constantFrom("all", "any", "none"),
      not: often(20),
    })
    .map(({ of, how, not }) => {
      // One expr each: Cerbos 0.52 to 0.55 mixes up trees of the same expressions, and no folder that has such is started.
      const exprs = of.map((expr) => `(${not ? `!(${expr})` : expr})`);
      const joined = exprs.join(how === "all" ? " && " : " || ");
      return { condition: { match: { expr: how === "none" ? `!(${joined})` : joined } } };
    });

const output = fc
  .constantFrom(
    ...Array<string>(8).fill('{"reason": "because"}'),
    '{"reason": P.id + " may not"}',
    '{"redact": ["amount"]}', // an obligation that nobody can fulfil yet
  )
  .map((ruleActivated) => ({ output: { when: { ruleActivated } } }));

/** A rule for some roles, for everybody, or for a derived role. */
const rule = (atoms: readonly string[]): fc.Arbitrary<Json> =>
  fc
    .record({
      effect: fc.constantFrom("EFFECT_ALLOW", "EFFECT_ALLOW", "EFFECT_ALLOW", "EFFECT_DENY"),
      actions: fc.oneof({ weight: 3, arbitrary: fc.constant(["use", "delegate"]) }, some(ACTIONS), fc.constant(["*"])),
      whom: fc.oneof(
        { weight: 2, arbitrary: some(ROLES).map((roles) => ({ roles })) },
        { weight: 2, arbitrary: fc.constant({ roles: ["*"] }) },
        { weight: 1, arbitrary: fc.constant({ derivedRoles: [`near${N}`] }) },
      ),
      when: maybe(60, condition(atoms)),
      says: maybe(20, output),
    })
    .map(({ effect, actions, whom, when, says }) => ({ effect, actions, ...whom, ...when, ...says }));

const resourcePolicy = (resource: string, atoms: readonly string[]): fc.Arbitrary<Json> =>
  fc
    .record({ rules: fc.array(rule(atoms), { minLength: 1, maxLength: 4 }), open: often(75) })
    .map(({ rules, open }) => ({
      apiVersion: "api.cerbos.dev/v1",
      resourcePolicy: {
        resource,
        version: "default",
        importDerivedRoles: [`derived${N}`],
        // Without one rule that lets most things through, hardly any chain would be allowed anything.
        rules: [...(open ? [{ effect: "EFFECT_ALLOW", actions: ["*"], roles: ["*"] }] : []), ...rules],
      },
    }));

const derivedRoles: fc.Arbitrary<Json> = fc
  .record({ parentRoles: some(ROLES), when: maybe(70, condition(ABOUT_HOP)) })
  .map(({ parentRoles, when }) => ({
    apiVersion: "api.cerbos.dev/v1",
    derivedRoles: { name: `derived${N}`, definitions: [{ name: `near${N}`, parentRoles, ...when }] },
  }));

/** The most that a role may do: each kind named with some actions, or not at all. */
const rolePolicy = (role: string): fc.Arbitrary<Json> =>
  fc
    .tuple(
      ...[...TOOLS.map(kindOf), DELEGATION].map((resource) =>
        fc.tuple(fc.constant(resource), often(80), fc.oneof(some(ACTIONS), fc.constant(["use", "delegate"]))),
      ),
    )
    .map((kinds) => ({
      apiVersion: "api.cerbos.dev/v1",
      rolePolicy: {
        role,
        version: "default",
        rules: kinds
          .filter(([, named], i) => named || i === 0)
          .map(([resource, , allowActions]) => ({
            resource,
            allowActions,
          })),
      },
    }));

/** What is said of one hop by its id is final for that hop. */
const principalPolicy = (principal: string): fc.Arbitrary<Json> =>
  fc
    .record({
      resource: fc.constantFrom(...TOOLS.map(kindOf), DELEGATION),
      effect: fc.constantFrom("EFFECT_ALLOW", "EFFECT_DENY"),
      when: maybe(50, condition(ABOUT_HOP)),
    })
    .map(({ resource, effect, when }) => ({
      apiVersion: "api.cerbos.dev/v1",
      principalPolicy: {
        principal,
        version: "default",
        rules: [{ resource, actions: [{ action: "*", effect, ...when }] }],
      },
    }));

const optionalPolicy = (percent: number, policy: fc.Arbitrary<Json>): fc.Arbitrary<readonly Json[]> =>
  fc.tuple(often(percent), policy).map(([is, own]) => (is ? [own] : []));

const policies: fc.Arbitrary<readonly Json[]> = fc
  .tuple(
    fc.tuple(...TOOLS.map((tool) => resourcePolicy(kindOf(tool), [...ABOUT_HOP, ...ABOUT_CALL]))),
    resourcePolicy(DELEGATION, [...ABOUT_HOP, ...ABOUT_HANDING_OVER]),
    derivedRoles,
    optionalPolicy(30, rolePolicy(`worker${N}`)),
    optionalPolicy(30, rolePolicy(`reader${N}`)),
    optionalPolicy(10, principalPolicy(`agent:a1-${N}`)),
    optionalPolicy(5, principalPolicy(`alice${N}`)),
  )
  .map(([resources, ...others]) => [...resources, ...others.flat()]);

const attributes: fc.Arbitrary<JsonObject> = fc
  .record({ limit: fc.constantFrom(100, 1000, 10_000), region: fc.constantFrom("EMEA", "AMER"), trusted: fc.boolean() })
  .chain((all) => fc.subarray(Object.entries(all), { minLength: 2 }).map((kept) => Object.fromEntries(kept)));

const rolesFrom = (of: readonly string[]): fc.Arbitrary<readonly string[]> =>
  fc.subarray([...of], { minLength: 1, maxLength: 2 });

/** One world of its own: policies, and who is who in it. */
export interface PolicySet {
  readonly policies: readonly Json[];
  readonly user: { readonly roles: readonly string[]; readonly attributes: JsonObject };
  readonly agents: readonly { readonly roles: readonly string[]; readonly attributes: JsonObject }[];
}

export const anyPolicySet: fc.Arbitrary<PolicySet> = fc.record({
  policies,
  user: fc.record({ roles: rolesFrom(ROLES.slice(0, 2)), attributes }),
  agents: fc.array(fc.record({ roles: rolesFrom(ROLES.slice(1)), attributes }), {
    minLength: AGENTS.length,
    maxLength: AGENTS.length,
  }),
});

/** Puts the set's number into every name of it. */
export function numbered<T>(value: T, number: number): T {
  return JSON.parse(JSON.stringify(value).replaceAll(N, String(number))) as T;
}

/** JSON is YAML, and needs no quoting rules of its own. */
export function writePolicySet(folder: string, set: PolicySet, number: number): void {
  const own = join(folder, `set-${number}`);
  mkdirSync(own, { recursive: true });
  for (const [i, policy] of numbered(set.policies, number).entries()) {
    writeFileSync(join(own, `policy-${i}.yaml`), JSON.stringify(policy, null, 2));
  }
}

/** Where the people, the agents and the tools of a set are found: those that are named, and one entry for the others. */
export function sourcesOf(
  set: PolicySet,
  number: number,
  issuer: string,
  keys: readonly PublicJwk[],
  named: readonly string[] = TOOLS,
): {
  readonly users: UserDirectory;
  readonly agents: AgentRegistry;
  readonly tools: ToolMap;
  readonly delegation: string;
} {
  const { user, agents } = numbered(set, number);
  return {
    users: inMemoryUsers({ [issuer]: { [`alice${number}`]: user } }),
    agents: inMemoryAgents(
      Object.fromEntries(
        agents.map((agent, i) => [numbered(AGENTS[i] as string, number), { ...agent, keys: [keys[i] as PublicJwk] }]),
      ),
    ),
    tools: Object.fromEntries(
      [...named, "*"].map((tool) => [
        tool,
        {
          kind: numbered(kindOf(tool === "*" ? TOOLS[0] : tool), number),
          action: "use",
          id: ({ id, to }, called) => String(id ?? to ?? called),
          attributes: ({ id, account }) => ({ region: id === "INV-21" || account === "4712" ? "AMER" : "EMEA" }),
        } satisfies ToolEntry,
      ]),
    ),
    delegation: numbered(DELEGATION, number),
  };
}
