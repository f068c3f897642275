/** What the lint says of roles, of auxData, and of what the tool map asks about. */
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../testing/policies.ts";
import { type LintPoliciesOptions, lintPolicies } from "./lint-policies.ts";

const policy = (rules: readonly string[], head = ""): string =>
  `apiVersion: api.cerbos.dev/v1\nresourcePolicy:\n  resource: thing\n  version: default\n${head}  rules:\n${rules.map((it) => `    - ${it}\n`).join("")}`;
const rule = (effect: string, roles: string, actions = "[read]", more = ""): string =>
  `{ actions: ${actions}, effect: EFFECT_${effect}, roles: ${roles}${more} }`;

async function lint(
  rules: readonly string[],
  options: LintPoliciesOptions = {},
  head = "",
): Promise<readonly (readonly [string, number | undefined])[]> {
  const others = `apiVersion: api.cerbos.dev/v1
derivedRoles: { name: set, definitions: [{ name: owner, parentRoles: [user], condition: { match: { expr: R.id == P.id } } }] }
`;
  const folder = temporaryFolder({ "thing.yaml": policy(rules, head), "set.yaml": others });
  return (await lintPolicies(folder, options)).map(({ code, line }) => [code, line] as const);
}

describe("a DENY for named roles", () => {
  it("is named where another role is allowed the same: one that is allowed is enough", async () => {
    const named = [["deny_for_named_roles", 7]];
    expect(await lint([rule("ALLOW", '["*"]', '["*"]'), rule("DENY", "[contractor]")])).toEqual(named);
    expect(await lint([rule("ALLOW", "[employee]"), rule("DENY", "[contractor, guest]", '["re*"]')])).toEqual(named);
    const owner = "{ actions: [read], effect: EFFECT_DENY, derivedRoles: [owner] }";
    expect(await lint([rule("ALLOW", '["*"]'), owner], {}, "  importDerivedRoles: [set]\n")).toEqual([
      ["deny_for_named_roles", 8],
    ]);
  });

  it("is named where effects are written as numbers", async () => {
    const numbered = [rule("1", '["*"]'), rule("2", "[contractor]")].map((it) => it.replace("EFFECT_", ""));
    expect(await lint(numbered)).toEqual([["deny_for_named_roles", 7]]);
  });

  it("is named across scopes where one version is written as a number, and the other as a text", async () => {
    const folder = temporaryFolder({
      "thing.yaml": policy([rule("ALLOW", "[employee]")]).replace("version: default", "version: 1"),
      "acme.yaml": policy([rule("DENY", "[contractor]")], "  scope: acme\n").replace(
        "version: default",
        'version: "1"',
      ),
    });
    expect((await lintPolicies(folder)).map(({ code }) => code)).toEqual(["deny_for_named_roles"]);
  });

  it("is none where all who are allowed are denied, where nobody else is allowed, or for all roles", async () => {
    expect(await lint([rule("ALLOW", "[user]"), rule("DENY", "[user, guest]")])).toEqual([]);
    expect(await lint([rule("ALLOW", "[team:a]"), rule("DENY", '["team:*"]')])).toEqual([]);
    expect(await lint([rule("ALLOW", '["*"]', "[write]"), rule("DENY", "[guest]")])).toEqual([]);
    expect(await lint([rule("ALLOW", '["*"]'), rule("DENY", '["*"]')])).toEqual([]);
  });
});

describe("a name with something hidden in it", () => {
  const found = async (text: string) =>
    (await lintPolicies(temporaryFolder({ "a.yaml": `apiVersion: api.cerbos.dev/v1\n${text}` })))
      .filter(({ code }) => code === "name_hidden")
      .map(({ line, message }) => [line, message.slice(0, message.indexOf(" looks"))]);

  it("is named wherever a policy names what is asked about: no call ever has that name", async () => {
    expect(
      await found(`resourcePolicy:
  resource: "thing "
  version: "1 "
  scope: "acme\\u200b"
  rules:
    - { actions: ["read ", write], effect: EFFECT_DENY, roles: [user, " contractor"] }
`),
    ).toEqual([
      [3, 'resource: "thing\\u0020"'],
      [4, 'version: "1\\u0020"'],
      [5, 'scope: "acme\\u200b"'],
      [7, 'actions: "read\\u0020"'],
      [7, 'roles: "\\u0020contractor"'],
    ]);
    expect(
      await found(`principalPolicy:
  principal: "ann "
  version: default
  rules: [{ resource: "thing ", actions: [{ action: "read ", effect: EFFECT_DENY }] }]
`),
    ).toHaveLength(3);
    expect(
      await found(`rolePolicy:
  role: "contractor "
  parent_roles: ["user "]
  rules: [{ resource: thing, allowActions: ["read "] }]
`),
    ).toHaveLength(3);
    expect(
      await found(`derivedRoles: { name: set, definitions: [{ name: owner, parentRoles: ["user "] }] }
`),
    ).toHaveLength(1);
  });

  it("is none of a text that is no name, such as an expression or a description", async () => {
    const more = 'condition: { match: { expr: "R.id == P.id " } }, output: { when: { ruleActivated: \'"read "\' } }';
    expect(
      await found(`metadata: { annotations: { role: "contractor " } }
description: "of things "
${policy([`{ actions: [read], effect: EFFECT_DENY, roles: [user], ${more} }`]).replace(/^.*\n/, "")}`),
    ).toEqual([]);
  });
});

describe("request.auxData", () => {
  const reads = (text: string): string =>
    rule("ALLOW", "[user]", "[read]", `, condition: { match: { any: { of: [{ expr: ${JSON.stringify(text)} }] } } }`);

  it("is named wherever an expression reads it, unless the host supplies it", async () => {
    const rules = [reads("request.auxData.jwt.sub == P.id")];
    expect(await lint(rules)).toEqual([["aux_data_absent", 6]]);
    expect(await lint(rules, { auxData: true })).toEqual([]);
    const variables = '  variables: { local: { sub: "request.auxData.jwt.sub" } }\n';
    expect(await lint([rule("ALLOW", "[user]")], {}, variables)).toEqual([["aux_data_absent", 5]]);
  });

  it("is not seen in a text", async () => {
    expect(await lint([reads('R.id == "request.auxData.jwt"')])).toEqual([]);
  });
});

describe("a rule about the handing over", () => {
  const when = (expr: string): string =>
    rule("ALLOW", "[user]", "[hand]", `, condition: { match: { expr: ${JSON.stringify(expr)} } }`);
  const delegation = { kind: "thing", action: "hand" };
  const few = "size(R.attr.actions) < 3";

  it("is named where it reads which tools are handed over, and not whether it is every tool", async () => {
    expect(await lint([when(few)], { delegation })).toEqual([["every_tool_unread", 6]]);
    expect(await lint([when("V.few")], { delegation }, `  variables: { local: { few: "${few}" } }\n`)).toEqual([
      ["every_tool_unread", 7],
    ]);
    expect(await lint([when(`${few} && !R.attr.everyTool`)], { delegation })).toEqual([]);
    expect(await lint([when(`${few} && has(R.attr.everyTool)`)], { delegation })).toEqual([]);
    expect(await lint([when("R.attr.depth < 3")], { delegation })).toEqual([]);
  });

  it("is none of another kind, or where policies are not asked about the handing over", async () => {
    expect(await lint([when(few)])).toEqual([]);
    expect(await lint([when(few)], { delegation: "grants-only" })).toEqual([]);
  });

  it("is also one of a principal policy that is for all kinds", async () => {
    const folder = temporaryFolder({
      "ann.yaml": `apiVersion: api.cerbos.dev/v1
principalPolicy:
  principal: ann
  version: default
  rules:
    - { resource: "*", actions: [{ action: delegate, effect: EFFECT_ALLOW, condition: { match: { expr: ${JSON.stringify(few)} } } }] }
`,
    });
    const found = await lintPolicies(folder);
    expect(found.map(({ code, attribute }) => [code, attribute])).toEqual([["every_tool_unread", "R.attr.actions"]]);
  });
});

describe("a question of the tool map", () => {
  const rules = [rule("ALLOW", "[user]", '[read, "list:*"]')];
  const asked = (
    tools: LintPoliciesOptions["tools"] & {},
    delegation: LintPoliciesOptions["delegation"] = "grants-only",
  ) => lint(rules, { tools, delegation }).then((all) => all.map(([code]) => code));

  it("is named where no policy is for its kind, and no rule for its action, by wildcards too", async () => {
    expect(await asked({ a: { kind: "thing", action: "read", list: "list:a" } })).toEqual([]);
    expect(await asked({ a: { kind: "thing", action: "write" } })).toEqual(["action_unnamed"]);
    expect(await asked({ a: { kind: "thing", action: "read", list: "show" } })).toEqual(["action_unnamed"]);
    expect(await asked({ a: { kind: "other", action: "read" } })).toEqual(["kind_unnamed"]);
  });

  it("follows from the tool's name where it is a function, and not where the name is open", async () => {
    const action = (tool: string): string => `list:${tool}`;
    expect(await asked({ a: { kind: "thing", action } })).toEqual([]);
    expect(await asked({ a: { kind: "thing", action: (tool) => `do:${tool}` } })).toEqual(["action_unnamed"]);
    expect(await asked({ "*": { kind: "thing", action: (tool) => `do:${tool}` } })).toEqual([]);
  });

  it("is looked for in the version and the scope that are written down, as Cerbos does", async () => {
    const other = policy([rule("ALLOW", "[user]")]).replace("version: default", "version: v2");
    const scoped = policy([rule("ALLOW", "[user]", "[write]")], "  scope: acme\n");
    const folder = temporaryFolder({
      "v2.yaml": other,
      "acme.yaml": scoped,
      "root.yaml": policy([rule("ALLOW", "[user]")]),
    });
    const said = async (entry: object): Promise<readonly string[]> => {
      const tools = { pay: { kind: "thing", action: "read", ...entry } };
      return (await lintPolicies(folder, { tools, delegation: "grants-only" })).map(
        ({ code, message }) => `${code}: ${message}`,
      );
    };
    const sound = [{}, { policyVersion: "v2" }, { scope: "acme" }, { scope: "acme", action: "write" }];
    const told = [{ policyVersion: () => "v9" }, { scope: () => "elsewhere" }];
    for (const entry of [...sound, ...told]) expect([entry, await said(entry)]).toEqual([entry, []]);
    expect(await said({ policyVersion: "v9" })).toEqual([
      expect.stringMatching(/^kind_unnamed: .*"thing" of the version "v9", and/),
    ]);
    expect(await said({ scope: "elsewhere" })).toEqual([
      expect.stringMatching(/^kind_unnamed: .*"thing" in the scope "elsewhere", and/),
    ]);
    expect(await said({ scope: "acme.eu" })).toEqual([expect.stringMatching(/^kind_unnamed/)]);
    expect(await said({ action: "write" })).toEqual([expect.stringMatching(/^action_unnamed/)]);
  });

  it("is also that of the handing over", async () => {
    const tools = { a: { kind: "thing", action: "read" } };
    expect(await lint(rules, { tools })).toEqual([["kind_unnamed", undefined]]);
    expect(await asked(tools, { kind: "thing", action: "delegate" })).toEqual(["action_unnamed"]);
    for (const delegation of [undefined, { kind: "thing", action: "delegate" }]) {
      const [told] = await lintPolicies(temporaryFolder({ "a.yaml": policy(rules) }), {
        tools,
        ...(delegation && { delegation }),
      });
      expect(told?.message).toMatch(/, or say delegation: "grants-only" where the authorizer says so$/);
    }
  });
});
