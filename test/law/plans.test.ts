/**
 * Lists by plan, on the real engine and under random policies: what a list shows by plans of many actions is what it shows
 * where each action is planned alone, errors and all, and it takes fewer requests.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startPdp } from "@hopwise/cerbos";
import { createAuthorizer, inMemoryAgents, inMemoryUsers, memoryAudit, memoryState, type ToolMap } from "@hopwise/core";
import type { JsonObject, PolicyDecisionPoint } from "@hopwise/core/adapter";
import fc from "fast-check";
import { expect, it } from "vitest";
import { ran } from "../support/ran.ts";
import { PATIENCE, report, runs, SEED } from "./random/runs.ts";

const KINDS = runs(60, 1500);
/** More than one plan takes. */
const ACTIONS: readonly string[] = Array.from({ length: 24 }, (_, i) => `a${i}`);
const USERS = ["u0", "u1", "u2"];
const ISSUER = "https://id.example";
const ROLES = ["staff", "lead"];

const CONDITIONS = [
  "R.attr.args.amount < 5.0",
  "!(R.attr.args.amount < 5.0)",
  "R.attr.args.amount > 50.0",
  "has(R.attr.args.memo)",
  'R.attr.region == "EMEA"',
  "R.attr.region == P.attr.region",
  "P.attr.limit > 500.0",
  "P.attr.missing == 1",
  'P.id == "u1"',
  "true",
  "false",
];

const oneOf = <T>(...of: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...of);
const some = <T>(of: readonly T[]): fc.Arbitrary<readonly T[]> => fc.subarray([...of], { minLength: 1 });

const rule = fc
  .record({
    effect: oneOf("EFFECT_ALLOW", "EFFECT_ALLOW", "EFFECT_ALLOW", "EFFECT_DENY"),
    actions: fc.oneof(oneOf<readonly string[]>(["*"]), some(ACTIONS)),
    whom: fc.oneof(
      some(ROLES).map((roles) => ({ roles })),
      oneOf({ roles: ["*"] }, { derivedRoles: ["near"] }),
    ),
    // One expression for each rule: Cerbos 0.55 mixes up rules whose leaves are equal.
    when: fc.array(oneOf(...CONDITIONS), { maxLength: 2 }),
    join: oneOf(" && ", " || "),
  })
  .map(({ effect, actions, whom, when, join: by }) => ({
    effect,
    actions,
    ...whom,
    ...(when.length > 0 && { condition: { match: { expr: when.map((it) => `(${it})`).join(by) } } }),
  }));

const kind = fc.record({
  open: oneOf(true, false),
  rules: fc.array(rule, { minLength: 1, maxLength: 5 }),
  schema: fc.oneof(
    { weight: 4, arbitrary: oneOf({}) },
    {
      weight: 1,
      arbitrary: some(ACTIONS).map((actions) => ({
        schemas: { resourceSchema: { ref: "cerbos:///call.json", ignoreWhen: { actions } } },
      })),
    },
    {
      weight: 1,
      arbitrary: some(ACTIONS).map((actions) => ({
        schemas: { principalSchema: { ref: "cerbos:///hop.json", ignoreWhen: { actions } } },
      })),
    },
  ),
  fenced: fc.oneof(oneOf(undefined, undefined), some(ACTIONS)),
  user: fc.nat(USERS.length - 1),
});

type Kind = typeof kind extends fc.Arbitrary<infer K> ? K : never;

/** Its user does not fit the schema of hops, but for some actions. */
const UNFIT: Kind = {
  open: true,
  rules: [],
  schema: { schemas: { principalSchema: { ref: "cerbos:///hop.json", ignoreWhen: { actions: ["a0", "a1"] } } } },
  fenced: undefined,
  user: 2,
};

/** Writes a policy for each kind, and a role policy that fences some of them in. */
function writePolicies(folder: string, kinds: readonly Kind[]): void {
  const write = (name: string, content: object): void => writeFileSync(join(folder, name), JSON.stringify(content));
  const policy = (name: string, content: object): void =>
    write(`${name}.yaml`, { apiVersion: "api.cerbos.dev/v1", ...content });
  mkdirSync(join(folder, "_schemas"));
  write("_schemas/call.json", { type: "object", required: ["args"] });
  write("_schemas/hop.json", { type: "object", required: ["limit"] });
  for (const [i, { open, rules, schema }] of kinds.entries()) {
    const all = open ? [{ effect: "EFFECT_ALLOW", actions: ["*"], roles: ["*"] }, ...rules] : rules;
    const resourcePolicy = {
      resource: `k${i}`,
      version: "default",
      importDerivedRoles: ["near"],
      rules: all,
      ...schema,
    };
    policy(`k${i}`, { resourcePolicy });
  }
  const near = { name: "near", parentRoles: ["*"], condition: { match: { expr: "R.attr.region == P.attr.region" } } };
  policy("near", { derivedRoles: { name: "near", definitions: [near] } });
  const fences = kinds.map(({ fenced }, i) => ({ resource: `k${i}`, allowActions: fenced ?? ["*"] }));
  policy("lead", { rolePolicy: { role: "lead", version: "default", rules: fences } });
}

it(
  "shows by plans of many actions what it shows by a plan for each, and takes fewer requests",
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "hopwise-plans-"));
    const kinds = [UNFIT, ...fc.sample(kind, { numRuns: KINDS, seed: SEED })];
    writePolicies(folder, kinds);
    const pdp = await startPdp({ policies: folder });
    const attributes: readonly JsonObject[] = [{ limit: 900, region: "EMEA" }, { limit: 100 }, { region: "AMER" }];
    const roles = [["staff"], ["lead"], ["staff", "lead"]];
    const users = inMemoryUsers({
      [ISSUER]: Object.fromEntries(
        USERS.map((id, i) => [id, { roles: roles[i] ?? [], attributes: attributes[i] ?? {} }]),
      ),
    });
    const tools: ToolMap = Object.fromEntries(
      kinds.flatMap((_, i) => ACTIONS.map((action) => [`k${i}_${action}`, { kind: `k${i}`, action }])),
    );
    const asked = { together: 0, alone: 0 };
    /** Has no answer about many actions: then each is asked about alone, as if there were no groups. */
    const listing = (by: keyof typeof asked) => {
      const cerbos: PolicyDecisionPoint = {
        checkResources: (request, options) => pdp.client.checkResources(request, options),
        planResources: async (request, options) => {
          const many = "actions" in request && request.actions.length > 1;
          if (by === "alone" && many) return { kind: "KIND_ALWAYS_DENIED", validationErrors: [] } as never;
          asked[by]++;
          return pdp.client.planResources(request, options);
        },
      };
      const authorizer = createAuthorizer({
        cerbos,
        audience: "https://pay.example/mcp",
        trust: [],
        users,
        agents: inMemoryAgents({}),
        tools,
        audit: memoryAudit(),
        state: memoryState(),
        deadlineMs: 30_000,
      });
      return async (subject: string, of: number) => {
        const user = { issuer: ISSUER, subject };
        const admission = await authorizer.admit({ tool: "mcp:tools/list", user });
        if (admission.outcome === "denied") throw new Error(admission.message);
        const answer = await admission.list(ACTIONS.map((action) => ({ tool: `k${of}_${action}` })));
        return answer.outcome === "listed" ? answer.shown : `${answer.code} at ${answer.hop}: ${answer.message}`;
      };
    };
    const [together, alone] = [listing("together"), listing("alone")];
    const seen = { open: 0, closed: 0, mixed: 0, refused: 0 };
    for (const [i, { user }] of kinds.entries()) {
      const subject = USERS[user] as string;
      const expected = await alone(subject, i);
      expect([i, await together(subject, i)]).toEqual([i, expected]);
      if (typeof expected === "string") seen.refused++;
      else if (expected.every(Boolean)) seen.open++;
      else if (expected.some(Boolean)) seen.mixed++;
      else seen.closed++;
      ran("lists by plan");
    }
    report("lists by plan", [JSON.stringify({ ...seen, ...asked })]);
    for (const [what, times] of Object.entries(seen)) expect(times, what).toBeGreaterThan(0);
    expect(asked.together).toBeLessThan(asked.alone);
    await pdp.close();
    rmSync(folder, { recursive: true });
  },
  PATIENCE,
);
