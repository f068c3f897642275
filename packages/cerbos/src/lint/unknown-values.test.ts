/** What the lint says of comparisons with what Hopwise never writes. */
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../testing/policies.ts";
import { type LintPoliciesOptions, lintPolicies } from "./lint-policies.ts";

async function named(expression: string, options: LintPoliciesOptions = {}, kind = "delegation"): Promise<string> {
  const folder = temporaryFolder({
    "a.yaml": `apiVersion: api.cerbos.dev/v1
resourcePolicy:
  resource: ${kind}
  version: default
  rules:
    - actions: [delegate]
      effect: EFFECT_ALLOW
      roles: ["*"]
      condition: { match: { expr: ${JSON.stringify(expression)} } }
`,
  });
  const found = await lintPolicies(folder, options);
  return found.flatMap(({ code, line, message }) => (code === "value_unknown" ? [`${line} ${message}`] : [])).join();
}

describe("a value that Hopwise never writes", () => {
  it.each([
    ['R.attr.to == "planner"', "R.attr.to", '"planner"'],
    ['"planner" != request.resource.attr.to', "R.attr.to", '"planner"'],
    ['R.attr["to"] in ["agent:planner", "researcher"]', "R.attr.to", '"researcher"'],
    ['R.attr.toKind == "person" || R.attr.everyTool', "R.attr.toKind", '"person"'],
    ['R.attr.everyTool == "true"', "R.attr.everyTool", '"true"'],
    ['R.attr.depth == "1"', "R.attr.depth", '"1"'],
    ['R.attr.actions == "pay"', "R.attr.actions", '"pay"'],
    ['P.attr.delegation.user.roles == "contractor"', "P.attr.delegation.user.roles", '"contractor"'],
    ['P.attr.delegation.user.roles in ["contractor"]', "P.attr.delegation.user.roles", '"contractor"'],
    ['!(P.attr.delegation.kind == "service")', "P.attr.delegation.kind", '"service"'],
    ['request.principal.attr.delegation.delegator.kind == "human"', "P.attr.delegation.delegator.kind", '"human"'],
  ])("is named in %s", async (expression, path, value) => {
    expect(await named(expression)).toMatch(`9 the expression compares ${path} with ${value}, and Hopwise writes `);
  });

  it.each([
    'R.attr.to == "agent:planner" && R.attr.toKind == "agent" && R.attr.depth == 1 && R.attr.everyTool == false',
    'R.attr.actions == ["pay"] || P.roles != ["contractor"] || "contractor" in P.roles',
    'R.attr.to == P.id || R.attr.to.startsWith("agent:")',
    'P.attr.delegation.kind == "user" && "pay" in R.attr.actions',
    'P.attr.delegation.delegator.id == "alice" && P.attr.delegation.depth > 0.0',
  ])("is none in %s", async (expression) => {
    expect(await named(expression)).toBe("");
  });

  it("is looked for in the resource of a handing over alone, by whatever kind that is", async () => {
    const expression = 'R.attr.to == "planner"';
    expect(await named(expression, {}, "payment")).toBe("");
    expect(await named(expression, { delegation: { kind: "hand", action: "delegate" } }, "hand")).not.toBe("");
    expect(await named(expression, { delegation: "grants-only" })).toBe("");
    expect(await named('P.attr.delegation.kind == "person"', {}, "payment")).not.toBe("");
  });

  it("is a name of no tool among those that are handed over, where the tools are known", async () => {
    const tools = { send_payment: { kind: "payment", action: "send" } };
    const expression = '"send" in R.attr.actions && R.attr.everyTool';
    expect(await named(expression, { tools })).toMatch(/"send" in R\.attr\.actions, which has names of tools/);
    expect(await named('"send_paymnt" in R.attr.actions', { tools })).toMatch(/did you mean "send_payment"\?$/);
    expect(await named(expression)).toBe("");
    expect(await named('"send_payment" in R.attr.actions', { tools })).toBe("");
    expect(await named('"https://crm.example/mcp#send" in R.attr.actions', { tools })).toBe("");
    expect(await named(expression, { tools: { ...tools, "*": { kind: "x", action: "y" } } })).toBe("");
  });
});
