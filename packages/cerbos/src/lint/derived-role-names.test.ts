/** What the lint says of derived roles that are looked for where they never are, and what Cerbos does there. */
import { describe, expect, it, onTestFinished } from "vitest";
import { startPdp } from "../serve/start-pdp.ts";
import { temporaryFolder } from "../testing/policies.ts";
import { lintPolicies } from "./lint-policies.ts";

const OWNER = `apiVersion: api.cerbos.dev/v1
derivedRoles:
  name: common
  definitions:
    - { name: owner, parentRoles: ["*"], condition: { match: { expr: R.attr.owner == P.id } } }
`;
const policy = (rule: string, head = "  importDerivedRoles: [common]\n"): string => `apiVersion: api.cerbos.dev/v1
resourcePolicy:
  resource: doc
  version: default
${head}  rules:
    - { actions: ["*"], effect: EFFECT_ALLOW, roles: ["*"] }
    - ${rule}
`;
const forbids = (rest: string): string => `{ actions: [send], effect: EFFECT_DENY, ${rest} }`;
const effective = forbids(`roles: ["*"], condition: { match: { expr: '"owner" in runtime.effectiveDerivedRoles' } }`);
const SHOWS = "    - { actions: [show], effect: EFFECT_ALLOW, derivedRoles: [owner] }\n";
const principal = `apiVersion: api.cerbos.dev/v1
principalPolicy:
  principal: ann
  version: default
  rules:
    - resource: doc
      actions:
        - { action: send, effect: EFFECT_DENY, condition: { match: { expr: "'owner' in runtime.effectiveDerivedRoles" } } }
`;

type Files = { readonly [name: string]: string };

async function named(files: Files): Promise<readonly string[]> {
  const found = await lintPolicies(temporaryFolder({ "common.yaml": OWNER, ...files }));
  return found
    .filter(({ code }) => code === "derived_role_unfit")
    .map(({ file, line }) => `${file.split("/").at(-1)}:${line}`);
}

async function isStopped(files: Files): Promise<boolean> {
  const pdp = await startPdp({ policies: temporaryFolder({ "common.yaml": OWNER, ...files }) });
  onTestFinished(() => pdp.close());
  const resource = { kind: "doc", id: "1", attr: { owner: "ann" } };
  return !(await pdp.client.isAllowed({ principal: { id: "ann", roles: ["user"] }, resource, action: "send" }));
}

describe("the name of a derived role", () => {
  it.each<readonly [string, Files, readonly string[]]>([
    ["under roles", { "doc.yaml": policy(forbids("roles: [owner]")) }, ["doc.yaml:8"]],
    [
      "under parentRoles of another one",
      {
        "common.yaml": `${OWNER}    - { name: late, parentRoles: [owner] }\n`,
        "doc.yaml": policy(forbids("derivedRoles: [late]")),
      },
      ["common.yaml:6"],
    ],
    ["in the roles in effect, where no rule names it", { "doc.yaml": policy(effective) }, ["doc.yaml:8"]],
    ["in those of a policy that does not import it", { "doc.yaml": policy(effective, "") }, ["doc.yaml:7"]],
    [
      "in those of a principal policy",
      { "doc.yaml": policy(forbids("roles: [nobody]")) + SHOWS, "ann.yaml": principal },
      ["ann.yaml:8"],
    ],
  ])("%s stops nobody, and is named", async (_, files, places) => {
    expect(await isStopped(files)).toBe(false);
    expect(await named(files)).toEqual(places);
  });

  it.each<readonly [string, Files]>([
    ["under derivedRoles", { "doc.yaml": policy(forbids("derivedRoles: [owner]")) }],
    ["in the roles in effect, where a rule names it", { "doc.yaml": policy(effective) + SHOWS }],
  ])("%s stops who has it", async (_, files) => {
    expect(await isStopped(files)).toBe(true);
    expect(await named(files)).toEqual([]);
  });

  it("is named as the role of a role policy, and is a role's own name where the set is not imported, or where it is its own parent", async () => {
    const role = "apiVersion: api.cerbos.dev/v1\nrolePolicy:\n  role: owner\n  parentRoles: [user]\n  rules: []\n";
    expect(await named({ "doc.yaml": policy(forbids("roles: [user]")), "owner.yaml": role })).toEqual(["owner.yaml:3"]);
    expect(await named({ "doc.yaml": policy(forbids("roles: [owner]"), "") })).toEqual([]);
    const own = OWNER.replace('parentRoles: ["*"]', "parentRoles: [owner]");
    expect(await named({ "common.yaml": own, "doc.yaml": policy(forbids("roles: [owner]")) })).toEqual([]);
  });
});
