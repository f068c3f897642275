/** What the lint says of rules for listing actions that read what a list has not. */
import { cerbosFastmcpNaming } from "@hopwise/core/describe";
import { expect, it } from "vitest";
import { temporaryFolder } from "../testing/policies.ts";
import { type LintPoliciesOptions, lintPolicies } from "./lint-policies.ts";

type Tools = LintPoliciesOptions["tools"] & {};

const TOOLS: Tools = {
  pay: { kind: "payment", action: "pay", list: "show" },
  refund: { kind: "payment", action: "refund", list: "show" },
};

const HEAD = `apiVersion: api.cerbos.dev/v1
derivedRoles:
  name: clerks
  definitions:
    - { name: owner, parentRoles: ["*"], condition: { match: { expr: R.attr.owner == P.id } } }
---
apiVersion: api.cerbos.dev/v1
resourcePolicy:
  resource: payment
  version: default
  importDerivedRoles: [clerks]
  variables: { local: { amount: R.attr.args.amount } }
  rules:
`;
const when = (expr: string): string => `condition: { match: { expr: '${expr}' } }`;
const rule = (actions: string, more: string, of = 'roles: ["*"]'): string =>
  `    - { name: it, actions: [${actions}], effect: EFFECT_ALLOW, ${of}, ${more} }\n`;

async function said(rules: string, tools = TOOLS): Promise<readonly (string | undefined)[]> {
  const folder = temporaryFolder({ "a.yaml": HEAD + rules });
  const found = await lintPolicies(folder, { tools, delegation: "grants-only" });
  return found
    .filter(({ code }) => code === "listing_reads_attributes")
    .map(({ line, attribute }) => `${line} ${attribute}`);
}

const ALLOWS = rule("show, pay, refund", "");

it("names the attribute, once for all tools of the listing action", async () => {
  expect(await said(rule('"*"', when("R.attr.args.amount < 5")))).toEqual(["14 R.attr.args.amount"]);
  expect(await said(rule("show, pay", when("V.amount < 5")))).toEqual(["14 R.attr.args.amount"]);
  expect(await said(rule("show", "", "derivedRoles: [owner]"))).toEqual(["14 R.attr.owner"]);
});

it("knows that asking for a member of what is not there fails, too", async () => {
  expect(await said(rule('"*"', when("has(R.attr.args.bcc)")))).toEqual(["14 R.attr.args.bcc"]);
  expect(await said(rule('"*"', when("has(R.attr.args) && R.attr.args.amount < 5")))).toEqual([]);
});

it("says nothing of rules for calls, of what the hop has, of what a list has, and of tools that are planned", async () => {
  expect(await said(ALLOWS + rule("pay", when("R.attr.args.amount < 5")))).toEqual([]);
  expect(await said(rule("show", when('P.attr.team == "x" && R.id == "*"')))).toEqual([]);
  const planned: Tools = { pay: { kind: "payment", action: "pay" } };
  expect(await said(rule('"*"', when("R.attr.args.amount < 5")), planned)).toEqual([]);
  const naming = cerbosFastmcpNaming({ kind: "payment" } as never) as Tools;
  const named = rule('"tools/list::*"', when('R.attr.tool_name == "pay" && R.attr.source == "a"'));
  expect(await said(named, naming)).toEqual([]);
});
