/** What the lint says of names that Hopwise alone writes. */
import { describeContext } from "@hopwise/core/describe";
import { expect, it } from "vitest";
import { temporaryFolder } from "../testing/policies.ts";
import { type LintPoliciesOptions, lintPolicies } from "./lint-policies.ts";
import { WRITTEN_OF_HANDING_OVER, WRITTEN_OF_HOP } from "./unknown-members.ts";

const policy = (kind: string, condition: string, output = '"no"'): string => `apiVersion: api.cerbos.dev/v1
resourcePolicy:
  resource: ${kind}
  version: default
  rules:
    - actions: [read]
      effect: EFFECT_ALLOW
      roles: [user]
      condition: { match: { expr: ${JSON.stringify(condition)} } }
      output: { when: { conditionNotMet: ${JSON.stringify(output)} } }
`;

async function said(kind: string, condition: string, options: LintPoliciesOptions = {}): Promise<readonly string[]> {
  const found = await lintPolicies(temporaryFolder({ "a.yaml": policy(kind, condition) }), options);
  return found
    .filter(({ code }) => code === "member_unknown")
    .map(({ line, attribute, message }) => `${line} ${attribute}: ${message.split("; ").at(-1)}`);
}

const CHAIN = "P.attr.delegation";

it("names a member of the delegation that is never there, wherever an expression reads it", async () => {
  expect(await said("thing", `size(${CHAIN}.agents) < 3`)).toEqual([
    `9 ${CHAIN}.agents: ${CHAIN} has kind, depth, user, delegator, chain`,
  ]);
  expect(await said("thing", `has(${CHAIN}.delegater)`)).toEqual([
    `9 ${CHAIN}.delegater: did you mean ${CHAIN}.delegator?`,
  ]);
  expect(await said("thing", `request.principal.attr["delegation"]["user"]["region"] == "EMEA"`)).toEqual([
    `9 ${CHAIN}.user.region: ${CHAIN}.user has id, issuer, roles, attr`,
  ]);
  expect(await said("thing", `${CHAIN}.delegator.kind.name == ""`)).toEqual([
    `9 ${CHAIN}.delegator.kind.name: ${CHAIN}.delegator.kind has no members`,
  ]);
  const derived = `apiVersion: api.cerbos.dev/v1
derivedRoles:
  name: set
  variables: { local: { limit: ${CHAIN}.user.attributes.limit } }
  definitions: [{ name: owner, parentRoles: [user] }]
`;
  const folder = temporaryFolder({
    "set.yaml": derived,
    "a.yaml": policy("thing", "true", `"none of " + ${CHAIN}.user.name`),
  });
  const found = (await lintPolicies(folder)).map(({ code, line, attribute }) => [code, line, attribute]);
  expect(found.sort()).toEqual([
    ["member_unknown", 10, `${CHAIN}.user.name`],
    ["member_unknown", 4, `${CHAIN}.user.attributes`],
  ]);
});

it("is content with all that Hopwise writes, and with what the host gives", async () => {
  const sound = [
    `${CHAIN}.depth < 3.0 && ${CHAIN}.kind == "agent" && ${CHAIN}.delegator.id == ""`,
    `${CHAIN}.user.attr.team.lead == ${CHAIN}.user.id && "a" in ${CHAIN}.user.roles && ${CHAIN}.user.issuer.startsWith("x")`,
    `${CHAIN}.chain.exists(h, h.kind == "user") && ${CHAIN}.chain[0].id == "x" && size(${CHAIN}) > 0`,
    `P.attr.anything.else == 1 && R.attr.delegation.agents == "${CHAIN}.agents"`,
  ];
  for (const condition of sound) expect([condition, await said("thing", condition)]).toEqual([condition, []]);
});

it("names what a handing over never has, in the policy about it and in no other", async () => {
  const slip =
    "R.attr.depht < 3.0 && R.attr.to != '' && !R.attr.everyTool && R.attr.handed.exists(t, t == '') && 'send' in R.attr.actions";
  const named = [
    "9 R.attr.depht: did you mean R.attr.depth?",
    expect.stringContaining("R.attr.handed: R.attr has to,"),
  ];
  expect(await said("delegation", slip)).toEqual(named);
  expect(await said("hand", slip, { delegation: { kind: "hand", action: "over" } })).toEqual(named);
  expect(await said("hand", slip)).toEqual([]);
  expect(await said("delegation", slip, { delegation: "grants-only" })).toEqual([]);
});

it("knows just what the core says that it writes", () => {
  const nobody = { name: "nobody", find: () => undefined };
  const delegation = { kind: "hand", action: "over" };
  const { user, schemas } = describeContext({ tools: {}, users: nobody, agents: nobody, delegation });
  const described = user.map(({ path }) => path).filter((path) => path.startsWith("P.attr.delegation"));
  expect([...WRITTEN_OF_HOP.keys()].sort()).toEqual(described.sort());
  const edge = Object.keys(schemas["hand.json"]?.["properties"] ?? {}).map((name) => `R.attr.${name}`);
  expect([...WRITTEN_OF_HANDING_OVER.keys()].sort()).toEqual(edge.sort());
});
