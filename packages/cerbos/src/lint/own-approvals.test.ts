/** What the lint says of rules by which people approve what is done in their own name. */
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../testing/policies.ts";
import { lintPolicies } from "./lint-policies.ts";

const rule = (actions: string, more = "", effect = "ALLOW", roles = "[manager]"): string =>
  `    - { actions: ${actions}, effect: EFFECT_${effect}, roles: ${roles}${more} }\n`;
const policy = (rules: readonly string[], head = "  resource: approval\n  version: default\n"): string =>
  `apiVersion: api.cerbos.dev/v1\nresourcePolicy:\n${head}  rules:\n${rules.join("")}`;

async function said(files: { readonly [name: string]: string }): Promise<readonly string[]> {
  const found = await lintPolicies(temporaryFolder(files));
  const own = found.filter(({ code }) => code === "own_approval_allowed");
  return own.map(({ code, file, line, message }) => `${code} ${file.split("/").at(-1)}:${line} ${message}`);
}

const ofRules = (...rules: readonly string[]): Promise<readonly string[]> => said({ "a.yaml": policy(rules) });
const reading = (expr: string): string => `, condition: { match: { expr: ${JSON.stringify(expr)} } }`;

describe("a rule on who approves", () => {
  it.each(['["*"]', '["approve*"]', '[approve, "approve_*"]'])(
    "is named where the pattern %s fits approving one's own call, too",
    async (actions) => {
      expect(await ofRules(rule(actions))).toEqual([
        expect.stringMatching(/^own_approval_allowed a.yaml:6 rule "rule 1" allows "[a-z_*]+" on the kind "approval"/),
      ]);
      expect(await ofRules(rule(actions, reading('R.attr.tool == "pay"')))).toHaveLength(1);
    },
  );

  it("is none that writes the actions out, or reads whose call it is", async () => {
    expect(await ofRules(rule("[approve]"))).toEqual([]);
    expect(await ofRules(rule("[approve, approve_own]"))).toEqual([]);
    expect(await ofRules(rule('["*", approve_own]'))).toEqual([]);
    expect(await ofRules(rule('["*"]', reading("R.attr.user != P.id")))).toEqual([]);
    expect(await ofRules(rule('["*"]', reading("has(R.attr.user)"))), "which every call has").toHaveLength(1);
    expect(await ofRules(rule('["approve:*"]'))).toEqual([]);
  });

  it("is none beside a DENY for all roles in a policy of its scope and version; one for named roles leaves others", async () => {
    const [all, denies] = [rule('["*"]'), rule("[approve_own]", "", "DENY", '["*"]')];
    expect(await ofRules(all, denies)).toEqual([]);
    expect(await ofRules(all, rule("[approve]", "", "DENY", '["*"]'))).toHaveLength(1);
    const deny = (expr: string) => rule("[approve_own]", reading(expr), "DENY", '["*"]');
    expect(await ofRules(all, deny("R.attr.user == P.id"))).toEqual([]);
    expect(await ofRules(all, deny('R.attr.tool == "pay"')), "of some calls alone").toHaveLength(1);
    expect((await ofRules(all, rule("[approve_own]", "", "DENY", "[clerk]"))).join()).toContain("own_approval_allowed");
    for (const place of ["version: default\n  scope: acme", "version: next"]) {
      const elsewhere = policy([denies], `  resource: approval\n  ${place}\n`);
      expect(await said({ "a.yaml": policy([all]), "b.yaml": elsewhere })).toHaveLength(1);
    }
  });

  it.each(["approval", '"*"'])(
    "is named in the policy of one person, for %s, which no DENY for all roles stops",
    async (kind) => {
      const head = "apiVersion: api.cerbos.dev/v1\nprincipalPolicy:\n  principal: dana\n  version: default\n  rules:\n";
      const ofDana = (action: string): string =>
        `${head}    - resource: ${kind}\n      actions: [{ action: ${action}, effect: EFFECT_ALLOW }]\n`;
      const others = policy([rule("[approve]"), rule("[approve_own]", "", "DENY", '["*"]')]);
      expect((await said({ "a.yaml": others, "dana.yaml": ofDana('"*"') })).join()).toMatch(
        /^own_approval_allowed dana.yaml:\d+ rule "[^"]*" allows "\*"/,
      );
      expect(await said({ "a.yaml": others, "dana.yaml": ofDana("approve") })).toEqual([]);
    },
  );

  it("is none of another kind, nor a DENY", async () => {
    expect(await said({ "a.yaml": policy([rule('["*"]')], "  resource: payment\n  version: default\n") })).toEqual([]);
    expect(await ofRules(rule('["*"]', "", "DENY", '["*"]'))).toEqual([]);
  });
});
